// The file of the token secret, followed while the stack runs.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { follower, SecretsInUse } from "../../dispatch/ops/stack/secret-watch.ts";
import { SupervisedService } from "../../dispatch/ops/stack/supervised-service.ts";

async function secretFile(t: TestContext, text: string): Promise<{ path: string; write(text: string): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-secret-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "secret");
  await writeFile(path, text);
  return { path, write: (changed) => writeFile(path, changed) };
}

test("a secret is taken up once it stands, and one that cannot be used is not", async (t) => {
  const { path, write } = await secretFile(t, "first-secret\n");
  const told: (string | null)[] = [];
  const taken: string[] = [];
  const look = follower({
    path,
    leastLength: 8,
    takeUp: async (secret) => void taken.push(secret),
    unusable: (why) => void told.push(why),
    failed: assert.fail,
  });
  await look();
  assert.deepEqual(taken, [], "it may still be written");
  await look();
  assert.deepEqual(taken.splice(0), ["first-secret"]);
  await write("");
  await look();
  await look();
  await write("short");
  await look();
  assert.deepEqual([taken, told], [[], ["it is empty", "it has fewer than 8 characters"]]);
  await write("second-secret");
  await look();
  assert.deepEqual(taken, [], "it may still be written");
  await look();
  assert.deepEqual([taken, told.at(-1)], [["second-secret"], null]);
});

test("a secret that could not be taken up is told, ends nothing, and is tried again", async (t) => {
  const { path } = await secretFile(t, "first-secret");
  const told: string[] = [];
  let tries = 0;
  const look = follower({
    path,
    leastLength: 8,
    takeUp: async () => {
      if (++tries === 1) throw new Error("kill EPERM");
    },
    unusable: (why) => assert.fail(why ?? "usable"),
    failed: (why) => void told.push(why),
  });
  await look();
  await look();
  await look();
  assert.deepEqual([tries, told], [2, ["kill EPERM"]]);
});

test("a part that was starting while the secret changed is started again once it runs", async () => {
  let onDisk = "first";
  const secrets = new SecretsInUse(async () => onDisk);
  const ready = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let starts = 0;
  const plan = secrets.remembered({
    name: "gateway",
    url: null,
    log: "gateway.log",
    start: async () => {
      await ready[starts++]?.promise;
      const ended = Promise.withResolvers<string>();
      return { pid: process.pid, ended: ended.promise, stop: async () => ended.resolve("SIGTERM") };
    },
  });
  const gateway = new SupervisedService(plan, { changed: () => undefined, say: () => undefined, hangSeconds: 0 });
  const started = gateway.start();
  onDisk = "second";
  assert.deepEqual(secrets.behind([gateway], "second"), [], "there is nothing to end yet");
  ready[0]?.resolve();
  await started;
  assert.deepEqual(secrets.behind([gateway], "second"), [gateway]);
  const restarted = gateway.restart("was started again for a changed token secret");
  ready[1]?.resolve();
  await restarted;
  assert.deepEqual([starts, gateway.record().state], [2, "running"]);
  assert.deepEqual(secrets.behind([gateway], "second"), []);
  await gateway.stop();
  const ends = gateway.record().ends.map(({ why }) => why);
  assert.deepEqual(ends, ["was started again for a changed token secret"], "what is stopped is not started again");
});
