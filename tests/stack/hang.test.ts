// A part of the stack that is there and answers nothing: it is told, and mended by the supervisor, and nothing else is touched.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, describe, test } from "node:test";
import { secretLines } from "../../dispatch/ops/alerts/stack-secret.ts";
import { jwtSecretFile } from "../../dispatch/ops/stack/secret-file.ts";
import { startStack, type Stack } from "../../dispatch/ops/stack/stack.ts";
import { stoppedOf } from "../../dispatch/ops/stack/stopped-processes.ts";
import { leastStackHangSeconds } from "../../dispatch/process/settings/server-settings.ts";
import { eventually } from "../support/eventually.ts";
import { placeReadyCluster } from "../support/ready-cluster.ts";
import { StackCommands } from "./stack-commands.ts";

describe(
  "a stack",
  { skip: process.platform === "linux" ? false : "stopped processes are found by /proc" },
  async () => {
    const hangs = leastStackHangSeconds;
    const ends = Promise.withResolvers<Stack>();
    // Hooks run in the order they are made: what ends a stack's supervisor would end this process.
    after(async () => (await ends.promise).stop());
    const stack = await StackCommands.make({ after }, { DISPATCH_STACK_HANG_SECONDS: String(hangs) });
    await placeReadyCluster(stack.dataDir);
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
      await eventually("it is continued", async () => (await stoppedOf(server)).length === 0);
      await eventually("it is told", () =>
        said.some((line) => line.startsWith(`postgres: did not answer for ${hangs} s, and was continued`)),
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
        assert.equal(service(one.name).lastEnd, `did not answer for ${hangs} s, and was killed`);
      }
      await eventually("all is well", async () => (await stack.status()).state === "up");
      const alerts = await (await fetch(`${running.url}/ops/alerts`)).text();
      const told = String.raw`once, last at \S+Z: did not answer for ${hangs} s, and was killed`;
      assert.match(
        alerts,
        new RegExp(`"PART_RESTARTED","severity":"warning","count":2,.*"api ${told}; worker-1 ${told}"`),
      );
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
      const told = async () => (await secretLines(stack.settings)).join();
      await eventually("the API goes by it", async () =>
        /auth-jwt-secret was changed at .*; api goes by it$/.test(await told()),
      );
      assert.ok(said.some((line) => line.includes(`${path} was changed; starting again with it: api.`)));

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
