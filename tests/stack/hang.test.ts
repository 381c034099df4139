// A part of the stack that is there and answers nothing: it is told, and mended by the supervisor, and nothing else is touched.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { UnansweredLooks } from "../../dispatch/ops/stack/hang-watch.ts";
import { nextCommands } from "../../dispatch/ops/stack/next-commands.ts";
import { jwtSecretFile } from "../../dispatch/ops/stack/secret-file.ts";
import { follower } from "../../dispatch/ops/stack/secret-watch.ts";
import { startStack, type Stack } from "../../dispatch/ops/stack/stack.ts";
import { stoppedOf } from "../../dispatch/ops/stack/stopped-processes.ts";
import { eventually } from "../support/eventually.ts";
import { StackCommands } from "./stack-commands.ts";

describe("looks that go unanswered", () => {
  const hangsAfter = (...these: readonly [answered: boolean, tookMs: number][]): boolean[] => {
    const looks = new UnansweredLooks(20_000);
    return these.map(([answered, tookMs]) => looks.looked(answered, tookMs));
  };
  const not = [false, 5_001] as const;

  test("are a hang when four come in a row, and no answer between them", () => {
    assert.deepEqual(hangsAfter([...not], [...not], [...not], [...not]), [false, false, false, true]);
    assert.deepEqual(hangsAfter([...not], [...not], [...not], [true, 5_000], [...not]).at(-1), false);
  });

  test("are none where whoever asks stood still itself: a laptop that slept, a machine without a moment to spare", () => {
    assert.deepEqual(
      hangsAfter([...not], [...not], [...not], [false, 3_600_000], [...not], [...not], [...not]).at(-1),
      false,
    );
    assert.deepEqual(
      hangsAfter(...Array.from({ length: 9 }, () => [false, 6_500] as [boolean, number])).includes(true),
      false,
    );
  });
});

test("the next command names the process, and leaves a server that is only slow alone", () => {
  const well = {
    restarts: 0,
    uptime_seconds: 1,
    url: null,
    last_end: null,
    log: "x",
    stopped_pids: [],
    state: "running",
  } as const;
  const api = { ...well, name: "api", pid: 7, health: "no answer" };
  const worker = { ...well, name: "worker-1", pid: 8, health: "stopped by a signal", stopped_pids: [8] };
  const postgres = { ...well, name: "postgres", pid: 9, health: "cannot ask Postgres" };
  assert.deepEqual(nextCommands([api, worker, postgres, { ...api, health: "ok" }], 20), [
    "api: kill -9 7, and the supervisor starts it again; the supervisor does so after 20 s",
    "worker-1: kill -CONT 8; the supervisor kills it and starts it again after 20 s",
    "postgres: pnpm dispatch:stack:logs postgres",
  ]);
  assert.deepEqual(nextCommands([api], 0), ["api: kill -9 7, and the supervisor starts it again"]);
});

test("a changed secret is taken up once it stands, and one that cannot be used is not", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-secret-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "secret");
  const told: (string | null)[] = [];
  let taken = 0;
  await writeFile(path, "first-secret\n");
  const look = follower({
    path,
    inForce: "first-secret",
    leastLength: 8,
    takeUp: async () => void taken++,
    unusable: (why) => void told.push(why),
  });
  await look();
  await look();
  assert.equal(taken, 0);
  await writeFile(path, "");
  await look();
  await look();
  await writeFile(path, "short");
  await look();
  assert.deepEqual([taken, told], [0, ["it is empty", "it has fewer than 8 characters"]]);
  await writeFile(path, "second-secret");
  await look();
  assert.equal(taken, 0, "it may still be written");
  await look();
  await look();
  assert.deepEqual([taken, told.at(-1)], [1, null]);
});

describe(
  "a stack",
  { skip: process.platform === "linux" ? false : "stopped processes are found by /proc", timeout: 600_000 },
  async () => {
    const hangs = 8;
    const ends = Promise.withResolvers<Stack>();
    // Hooks run in the order they are made: what ends a stack's supervisor would end this process.
    after(async () => (await ends.promise).stop());
    const stack = await StackCommands.make({ after }, { DISPATCH_STACK_HANG_SECONDS: String(hangs) });
    const said: string[] = [];
    const running = await startStack({
      settings: stack.settings,
      environment: { ...stack.environment, DISPATCH_AUTH_ALLOW_DEV_HEADERS: "false" },
      workers: 1,
      withGateway: false,
      say: (line) => void said.push(line),
    });
    ends.resolve(running);
    const pid = (name: string): number => running.pidOf(name) ?? assert.fail(`there is no ${name}`);
    const service = (name: string) => running.services().find((one) => one.name === name) ?? assert.fail(name);

    test("has its Postgres go on that a signal stopped, kills none of it, and touches neither API nor worker", async () => {
      const [server, api, worker] = [pid("postgres"), pid("api"), pid("worker-1")];
      process.kill(server, "SIGSTOP");
      const { stdout } = await stack.run("stack-status.ts");
      assert.match(stdout, /^postgres +running +.*stopped by a signal/m);
      assert.match(
        stdout,
        new RegExp(`^next, postgres: kill -CONT ${server}; the supervisor does so after ${hangs} s$`, "m"),
      );
      await eventually("it is continued", async () => (await stoppedOf(server)).length === 0);
      await eventually("it is told", () =>
        said.some((line) => line.startsWith("postgres: did not answer for 8 s, and was continued")),
      );
      await eventually("all is well", async () => (await stack.status()).state === "up");
      assert.deepEqual([pid("postgres"), pid("api"), pid("worker-1")], [server, api, worker]);
    });

    test("kills an API and a worker that hang, and starts them again", async () => {
      const frozen = ["api", "worker-1"].map((name) => ({ name, pid: pid(name) }));
      for (const one of frozen) process.kill(one.pid, "SIGSTOP");
      for (const one of frozen) {
        await eventually(
          `another ${one.name}`,
          () => service(one.name).state === "running" && pid(one.name) !== one.pid,
        );
        assert.equal(service(one.name).lastEnd, "did not answer for 8 s, and was killed");
      }
      await eventually("all is well", async () => (await stack.status()).state === "up");
    });

    test("takes up a token secret that was changed on disk, and goes on with the one it has where that cannot be used", async () => {
      const asks = async (authorization: string) =>
        (await fetch(`${running.url}/roster`, { headers: { authorization } })).status;
      const token = async () => (await stack.does("token.ts", "--header")).trim().replace("Authorization: ", "");
      const before = await token();
      assert.equal(await asks(before), 200);
      const path = jwtSecretFile(stack.dataDir);
      await writeFile(path, (await readFile(path, "utf8")).trim().split("").toReversed().join(""));
      const changed = await token();
      await eventually("the new one opens", async () => (await asks(changed).catch(() => 0)) === 200);
      assert.equal(await asks(before), 401, "the one before does not");
      assert.equal(service("api").lastEnd, "was started again for a changed token secret");
      assert.ok(said.some((line) => line.includes(`${path} was changed: API and gateway take it up`)));

      await writeFile(path, "");
      await eventually("it is told", async () => (await stack.status()).secret_unusable === "it is empty");
      assert.equal(await asks(changed), 200);
      assert.match(
        (await stack.run("stack-status.ts")).stdout,
        /^The token secret on disk is not the one the parts use: it is empty\./m,
      );
    });
  },
);
