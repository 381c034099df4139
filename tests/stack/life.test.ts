// A stack's life as an engineer on call meets it: up, a process killed, the supervisor killed, up again, down.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, afterEach, describe, test } from "node:test";
import { promisify } from "node:util";
import { secretLines } from "../../dispatch/ops/alerts/stack-secret.ts";
import { startStack, type Stack } from "../../dispatch/ops/stack/stack.ts";
import { apiNodeOptions } from "../../dispatch/process/node-options.ts";
import type { StackStatus } from "../../dispatch/ops/stack/status.ts";
import { createTestDatabase } from "../support/database.ts";
import { eventually, isRunning } from "../support/eventually.ts";
import { placeReadyCluster } from "../support/ready-cluster.ts";
import { processesOf, StackCommands } from "./stack-commands.ts";

describe(
  "stack commands",
  { skip: process.platform === "linux" ? false : "processes are found by /proc" },
  async () => {
    const stack = await StackCommands.make({ after });
    await placeReadyCluster(stack.dataDir);
    afterEach(async () => {
      await stack.run("stack-down.ts");
      assert.deepEqual(await processesOf(stack.dataDir), []);
    });

    test("up, a killed API, a killed Postgres, a killed supervisor", async () => {
      const said = await stack.does("stack-up.ts", "--no-gateway", "--workers", "2");
      assert.match(said, /postgres is ready after .*\n(.*\n)*api is ready after .* at http:\/\/127\.0\.0\.1:\d+\n/);
      assert.match(said, /The stack is up, supervisor \d+\.\n {2}http:\/\/127\.0\.0\.1:\d+\/docs/);

      const url = /at (http:\/\/127\.0\.0\.1:\d+)\n/.exec(said)?.[1] ?? assert.fail(said);
      const asks = async (headers: Record<string, string>) => (await fetch(`${url}/roster`, { headers })).status;
      assert.equal(await asks({ "x-actor-id": "me", "x-actor-role": "dispatcher" }), 401, "it runs on tokens");
      const [, authorization = ""] = /^Authorization: (.+)\n$/.exec(await stack.does("token.ts", "--header")) ?? [];
      assert.equal(await asks({ authorization }), 200);

      const before: StackStatus = JSON.parse(await stack.does("stack-status.ts", "--json"));
      assert.equal(before.state, "up");
      assert.deepEqual(await secretLines(stack.settings), [], "a secret that was made at the start was not changed");
      assert.deepEqual(
        before.services.map(({ name, state, restarts, health }) => ({ name, state, restarts, health })),
        ["postgres", "api", "worker-1", "worker-2"].map((name) => ({
          name,
          state: "running",
          restarts: 0,
          health: "ok",
        })),
      );

      const api = await stack.pidOf("api");
      assert.equal(Number(await readFile(join(stack.dataDir, "stack/api.pid"), "utf8")), api);
      const { stdout: started } = await promisify(execFile)("ps", ["-o", "args=", "-p", String(api)]);
      assert.ok(started.includes(` ${apiNodeOptions.join(" ")} `), started);
      process.kill(api, "SIGKILL");
      await eventually("the API is started again", async () => {
        const { state, services } = await stack.status();
        const one = services.find(({ name }) => name === "api");
        return state === "up" && one?.pid !== api && one?.restarts === 1 && one.last_end === "ended with SIGKILL";
      });
      const again = await stack.status();
      assert.equal(
        again.services.find(({ name }) => name === "api")?.url,
        before.services.find(({ name }) => name === "api")?.url,
      );
      assert.match(await stack.does("stack-logs.ts", "supervisor"), /api: ended with SIGKILL\. Starting it again in/);
      assert.match(await stack.does("stack-logs.ts", "-n", "1000"), /^worker-2 +\| \{.*worker\.started/m);

      process.kill(await stack.pidOf("postgres"), "SIGKILL");
      await eventually("all is well again", async () => {
        const { state, services } = await stack.status();
        return state === "up" && services.find(({ name }) => name === "postgres")?.restarts === 1;
      });
      const restarts = (await stack.status()).services.map((service) => service.restarts);
      assert.deepEqual(restarts, [1, 1, 0, 0], "API and workers find Postgres again without a restart");

      await killSupervisor(stack);
      await eventually("nothing of the stack is left", async () => (await processesOf(stack.dataDir)).length === 0);
      const lost = await stack.run("stack-status.ts");
      assert.equal(lost.code, 1);
      assert.match(lost.stdout, /^The supervisor was killed;/);
    });

    test("down works after the supervisor was killed, and while a process hangs that nobody can ask any more", async () => {
      const said = await stack.does("stack-up.ts", "--no-gateway", "--dev");
      const url = /at (http:\/\/127\.0\.0\.1:\d+)\n/.exec(said)?.[1] ?? assert.fail(said);
      const headers = { "x-actor-id": "me", "x-actor-role": "dispatcher" };
      assert.equal((await fetch(`${url}/roster`, { headers })).status, 200, "--dev keeps development headers");
      process.kill(await stack.pidOf("worker-1"), "SIGSTOP");
      await killSupervisor(stack);
      assert.match(await stack.does("stack-down.ts"), /waiting for what it left: .*worker-1/);
      await eventually("nothing of the stack is left", async () => (await processesOf(stack.dataDir)).length === 0);
    });

    test("of two ups at once one starts and the other says that a stack runs already; down", async () => {
      const both = await Promise.all([
        stack.run("stack-up.ts", "--no-gateway"),
        stack.run("stack-up.ts", "--no-gateway"),
      ]);
      assert.deepEqual(both.map(({ code }) => code).toSorted(), [0, 1]);
      assert.match(
        both.find(({ code }) => code === 1)?.stderr ?? "",
        /^A stack already runs from .*pnpm dispatch:stack:status/,
      );
      assert.match(await stack.does("stack-status.ts"), /^Stack up, supervisor \d+/);
      const { supervisor_pid: supervisor } = await stack.status();
      assert.ok(supervisor);
      process.kill(supervisor, "SIGSTOP");
      const unwatched = await stack.run("stack-status.ts");
      process.kill(supervisor, "SIGCONT");
      assert.equal(unwatched.code, 1, "a stack that nobody watches is not well");
      assert.match(unwatched.stdout, /^Stack degraded, /);
      assert.match(
        unwatched.stdout,
        new RegExp(`^next, supervisor: kill -CONT ${supervisor}; a signal stopped it`, "m"),
      );
      assert.match(await stack.does("stack-down.ts"), /^Stopping worker-1, api, postgres…\nThe stack is down after/);
      assert.deepEqual(await processesOf(stack.dataDir), []);
      assert.equal((await stack.run("stack-status.ts")).code, 1);
      assert.equal(await stack.does("stack-down.ts"), "No stack runs.\n");
    });

    test("a port that is taken is named with its setting, and nothing is left running", async (t) => {
      const taken = createServer();
      await once(taken.listen(0, "127.0.0.1"), "listening");
      t.after(() => new Promise((closed) => taken.close(closed)));
      const address = taken.address();
      assert.ok(typeof address === "object" && address !== null);
      const { code, stderr } = await stack
        .with({ DISPATCH_API_PORT: String(address.port) })
        .run("stack-up.ts", "--no-gateway");
      assert.equal(code, 1);
      assert.equal(
        stderr,
        `Port ${address.port} on 127.0.0.1 is in use: stop the process that has it, or set DISPATCH_API_PORT to another port.\n`,
      );
      assert.deepEqual(await processesOf(stack.dataDir), []);
    });

    test("a gateway that cannot start leaves the desk up, is told, and is tried again", async () => {
      // Its folder cannot be made where a file has the name.
      await writeFile(join(stack.dataDir, "openclaw"), "");
      const { code, stdout } = await stack.with({ DISPATCH_GATEWAY_PORT: "0" }).run("stack-up.ts");
      assert.equal(code, 1);
      assert.match(stdout, /^The stack is up, supervisor \d+, without the gateway: .* The gateway did not start: \S/m);
      await eventually("the gateway is tried again", async () => {
        const { state, services } = await stack.status();
        const [restarts, others] = [services.at(-1)?.restarts ?? 0, services.slice(0, -1)];
        return restarts > 0 && state === "degraded" && others.every(({ health }) => health === "ok");
      });
      await stack.does("stack-down.ts");
      await rm(join(stack.dataDir, "openclaw"));
    });

    test("a part that cannot start says why in its own words, and what was started before it is stopped", async () => {
      const { code, stderr } = await stack
        .with({ DISPATCH_AUTH_JWKS: "/there/is/no/such/file" })
        .run("stack-up.ts", "--no-gateway");
      assert.equal(code, 1);
      const [said = "", why] = stderr.split("\n  ");
      assert.match(said, /^api ended with exit code 2 before it was ready\. Its last lines, from .*:$/);
      assert.match(why ?? "", /^dispatch-api cannot start: CONFIG_INVALID: DISPATCH_AUTH_JWKS .* must name a file/);
      assert.deepEqual(await processesOf(stack.dataDir), []);
      assert.equal((await stack.status()).state, "down");
    });

    test("in the foreground it stays until Ctrl-C, and takes everything down then", async () => {
      const up = spawn(
        process.execPath,
        [join(import.meta.dirname, "../../scripts/stack-up.ts"), "--no-gateway", "--foreground"],
        { env: stack.environment, stdio: ["ignore", "pipe", "inherit"] },
      );
      const ended = once(up, "exit");
      const lines: string[] = [];
      for await (const line of createInterface({ input: up.stdout })) {
        if (lines.push(line) > 0 && line.startsWith("Ctrl-C")) up.kill("SIGINT");
      }
      assert.deepEqual(await ended, [0, null]);
      assert.ok(lines.includes("The stack is up."));
      assert.deepEqual(await processesOf(stack.dataDir), []);
    });

    test("an up that is given up with Ctrl-C leaves nothing", async () => {
      const up = spawn(process.execPath, [join(import.meta.dirname, "../../scripts/stack-up.ts"), "--no-gateway"], {
        env: stack.environment,
        stdio: ["ignore", "pipe", "ignore"],
      });
      const ended = once(up, "exit");
      for await (const line of createInterface({ input: up.stdout }))
        if (line.startsWith("postgres is ready")) up.kill("SIGINT");
      assert.deepEqual(await ended, [1, null]);
      assert.deepEqual(await processesOf(stack.dataDir), []);
      assert.equal((await stack.status()).state, "down");
    });
  },
);

describe("a program", async () => {
  let running: Stack;
  // Hooks run in the order they are made: what ends a stack's supervisor would end this process.
  after(() => running.stop());
  const database = await createTestDatabase({ after });
  const stack = await StackCommands.make(
    { after },
    { DISPATCH_DATABASE_URL: database.url, DISPATCH_WORKER_HEARTBEAT_MS: "100", DISPATCH_STACK_HANG_SECONDS: "0" },
  );

  test("starts a stack on a server of its own, and pauses and kills parts of it", async () => {
    const said: string[] = [];
    running = await startStack({
      settings: stack.settings,
      environment: stack.environment,
      workers: 1,
      withGateway: false,
      say: (line) => void said.push(line),
    });
    assert.deepEqual(
      running.services().map(({ name, state }) => [name, state]),
      [
        ["api", "running"],
        ["worker-1", "running"],
      ],
    );
    const worker = running.pidOf("worker-1") ?? assert.fail("there is a worker");
    process.kill(worker, "SIGSTOP");
    const paused = (await stack.status()).services.find(({ name }) => name === "worker-1");
    assert.deepEqual([paused?.health, paused?.stopped_pids], ["stopped by a signal", [worker]]);
    const { code, stdout } = await stack.run("stack-status.ts");
    assert.equal(code, 1);
    assert.match(stdout, /^worker-1 +running +.*stopped by a signal/m);
    assert.match(stdout, new RegExp(`^next, worker-1: kill -CONT ${worker}$`, "m"));
    process.kill(worker, "SIGKILL");
    await eventually(
      "another one works in its place",
      async () => (await stack.status()).state === "up" && running.pidOf("worker-1") !== worker,
    );
    assert.ok(said.some((line) => line.startsWith("worker-1: ended with SIGKILL")));
  });

  test("sees an API that cannot come back as a crash loop, and well again when it can", async () => {
    const squatter = createServer((socket) => socket.destroy());
    process.kill(running.pidOf("api") ?? assert.fail("there is an API"), "SIGKILL");
    await eventually("its port is taken by somebody else", () => takes(squatter, Number(new URL(running.url).port)));
    await eventually("status shows the crash loop", async () => {
      const { state, services } = await stack.status();
      const api = services.find(({ name }) => name === "api");
      const why = api?.last_end?.startsWith("did not start: api ended with exit code 1") ?? false;
      return state === "degraded" && api?.state === "crash-loop" && why;
    });
    const { stdout } = await stack.run("stack-status.ts");
    assert.match(stdout, /^api +crash-loop +/m);
    assert.match(
      stdout,
      /^api last did not start: .*: dispatch-api cannot start: Port \d+ on 127\.0\.0\.1 is in use: /m,
    );
    await new Promise((closed) => squatter.close(closed));
    await eventually("all is well", async () => (await stack.status()).state === "up");
  });

  test("stops it", async () => {
    const pids = ["api", "worker-1"].map((name) => running.pidOf(name) ?? assert.fail(name));
    await running.stop();
    for (const pid of pids) assert.equal(await isRunning(pid), false);
  });
});

async function takes(server: Server, port: number): Promise<boolean> {
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
    return true;
  } catch {
    return false;
  }
}

async function killSupervisor(stack: StackCommands): Promise<void> {
  const pid = (await stack.status()).supervisor_pid;
  assert.ok(pid);
  process.kill(pid, "SIGKILL");
}
