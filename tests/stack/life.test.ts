// A stack's life as an engineer on call meets it: up, a process killed, the supervisor killed, up again, down.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { startStack } from "../../scripts/stack/stack.ts";
import { createTestDatabase } from "../support/database.ts";
import { eventually, isRunning } from "../support/eventually.ts";
import { processesOf, StackCommands } from "./stack-commands.ts";

const linuxOnly = process.platform === "linux" ? false : "processes are found by /proc";

describe("stack commands", () => {
  test("up, a killed API, a killed supervisor, up again, down", { skip: linuxOnly }, async (t) => {
    const stack = await StackCommands.make(t);
    const said = await stack.does("stack-up.ts", "--no-gateway", "--workers", "2");
    assert.match(said, /postgres is ready after .*\n(.*\n)*api is ready after .* at http:\/\/127\.0\.0\.1:\d+\n/);
    assert.match(said, /The stack is up, supervisor \d+\.\n {2}http:\/\/127\.0\.0\.1:\d+\/docs/);

    const before = await stack.status();
    assert.equal(before.state, "up");
    assert.deepEqual(before.services.map(({ name, state, restarts, health }) => ({ name, state, restarts, health })),
      ["postgres", "api", "worker-1", "worker-2"].map((name) => ({ name, state: "running", restarts: 0, health: "ok" })));

    const api = await stack.pidOf("api");
    assert.equal(Number(await readFile(join(stack.dataDir, "stack/api.pid"), "utf8")), api);
    process.kill(api, "SIGKILL");
    await eventually("the API is started again", async () => {
      const one = (await stack.status()).services.find(({ name }) => name === "api");
      return one?.health === "ok" && one.pid !== api && one.restarts === 1 && one.last_end === "ended with SIGKILL";
    });
    const after = await stack.status();
    assert.equal(after.state, "up");
    assert.equal(after.services.find(({ name }) => name === "api")?.url, before.services.find(({ name }) => name === "api")?.url);
    assert.match(await stack.does("stack-logs.ts", "supervisor"), /api: ended with SIGKILL\. Starting it again in/);
    assert.match(await stack.does("stack-logs.ts", "-n", "1000"), /^worker-2 +\| \{.*worker\.started/m);

    await killSupervisor(stack);
    await eventually("nothing of the stack is left", async () => (await processesOf(stack.dataDir)).length === 0);
    const lost = await stack.run("stack-status.ts");
    assert.equal(lost.code, 1);
    assert.match(lost.stdout, /^The supervisor was killed;/);

    await stack.does("stack-up.ts", "--no-gateway");
    assert.match(await stack.does("stack-status.ts"), /^Stack up, supervisor \d+/);
    assert.match(await stack.does("stack-down.ts"), /^Stopping worker-1, api, postgres…\nThe stack is down after/);
    assert.deepEqual(await processesOf(stack.dataDir), []);
    assert.equal((await stack.run("stack-status.ts")).code, 1);
    assert.equal(await stack.does("stack-down.ts"), "No stack runs.\n");
  });

  test("a killed Postgres is started again, and API and workers find it again without a restart", async (t) => {
    const stack = await StackCommands.make(t);
    await stack.does("stack-up.ts", "--no-gateway");
    process.kill(await stack.pidOf("postgres"), "SIGKILL");
    await eventually("all is well again", async () => {
      const { state, services } = await stack.status();
      return state === "up" && services.find(({ name }) => name === "postgres")?.restarts === 1;
    });
    assert.deepEqual((await stack.status()).services.map(({ restarts }) => restarts), [1, 0, 0]);
  });

  test("down works after the supervisor was killed, and while a process hangs that nobody can ask any more", { skip: linuxOnly }, async (t) => {
    const stack = await StackCommands.make(t);
    await stack.does("stack-up.ts", "--no-gateway");
    process.kill(await stack.pidOf("worker-1"), "SIGSTOP");
    await killSupervisor(stack);
    assert.match(await stack.does("stack-down.ts"), /waiting for what it left: .*worker-1/);
    await eventually("nothing of the stack is left", async () => (await processesOf(stack.dataDir)).length === 0);
  });

  test("of two at once one starts and the other says that a stack runs already", async (t) => {
    const stack = await StackCommands.make(t);
    const both = await Promise.all([stack.run("stack-up.ts", "--no-gateway"), stack.run("stack-up.ts", "--no-gateway")]);
    assert.deepEqual(both.map(({ code }) => code).toSorted(), [0, 1]);
    assert.match(both.find(({ code }) => code === 1)?.stderr ?? "", /^A stack already runs from .*pnpm dispatch:stack:status/);
    assert.equal((await stack.status()).state, "up");
  });

  test("a port that is taken is named with its setting, and nothing is left running", { skip: linuxOnly }, async (t) => {
    const taken = createServer();
    await once(taken.listen(0, "127.0.0.1"), "listening");
    t.after(() => new Promise((closed) => taken.close(closed)));
    const address = taken.address();
    assert.ok(typeof address === "object" && address !== null);
    const stack = await StackCommands.make(t, { DISPATCH_API_PORT: String(address.port) });
    const { code, stderr } = await stack.run("stack-up.ts", "--no-gateway");
    assert.equal(code, 1);
    assert.equal(stderr, `Port ${address.port} on 127.0.0.1 is in use: stop the process that has it, or set DISPATCH_API_PORT to another port.\n`);
    assert.deepEqual(await processesOf(stack.dataDir), []);
  });

  test("a part that cannot start says why in its own words, and what was started before it is stopped", { skip: linuxOnly }, async (t) => {
    const stack = await StackCommands.make(t, { DISPATCH_AUTH_JWKS: "/there/is/no/such/file" });
    const { code, stderr } = await stack.run("stack-up.ts", "--no-gateway");
    assert.equal(code, 1);
    assert.match(stderr, /^api ended with exit code 2 before it was ready\. Its last lines, from .*:\n {2}dispatch-api cannot start: DISPATCH_AUTH_JWKS must name a file/);
    assert.deepEqual(await processesOf(stack.dataDir), []);
    assert.equal((await stack.status()).state, "down");
  });

  test("in the foreground it stays until Ctrl-C, and takes everything down then", { skip: linuxOnly }, async (t) => {
    const stack = await StackCommands.make(t);
    const up = spawn(process.execPath, [join(import.meta.dirname, "../../scripts/stack-up.ts"), "--no-gateway", "--foreground"], { env: stack.environment, stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(up, "exit");
    const lines: string[] = [];
    for await (const line of createInterface({ input: up.stdout })) {
      if (lines.push(line) > 0 && line.startsWith("Ctrl-C")) up.kill("SIGINT");
    }
    assert.deepEqual(await ended, [0, null]);
    assert.ok(lines.includes("The stack is up."));
    assert.deepEqual(await processesOf(stack.dataDir), []);
  });

  test("an up that is given up with Ctrl-C leaves nothing", { skip: linuxOnly }, async (t) => {
    const stack = await StackCommands.make(t);
    const up = spawn(process.execPath, [join(import.meta.dirname, "../../scripts/stack-up.ts"), "--no-gateway"], { env: stack.environment, stdio: ["ignore", "pipe", "ignore"] });
    const ended = once(up, "exit");
    for await (const line of createInterface({ input: up.stdout })) if (line.startsWith("postgres is ready")) up.kill("SIGINT");
    assert.deepEqual(await ended, [1, null]);
    assert.deepEqual(await processesOf(stack.dataDir), []);
    assert.equal((await stack.status()).state, "down");
  });

  test("demo:stack has the demo's rows in it, their evidence where it was asked for, and the secret for its owner alone", async (t) => {
    const stack = await StackCommands.make(t);
    const path = join(stack.dataDir, "evidence/bootstrap.json");
    await stack.with({ DISPATCH_BOOTSTRAP_EVIDENCE_PATH: path }).does("demo-stack.ts", "--no-gateway");
    const evidence = JSON.parse(await readFile(path, "utf8"));
    assert.equal(evidence.ready_check.status, "ok");
    assert.equal(evidence.fixtures.site.name, "Demo Site North");
    const url = (await stack.status()).services.find(({ name }) => name === "api")?.url ?? "";
    const story = await stack.does("demo-smoke.ts", "--quiet", "--url", url);
    assert.equal(JSON.parse(story).state, "INVOICED");
    assert.equal((await stat(join(stack.dataDir, "secrets/auth-jwt-secret"))).mode & 0o777, 0o600);
  });
});

test("a program starts a stack on a server of its own, pauses and kills parts of it, and stops it", async (t) => {
  const database = await createTestDatabase();
  const stack = await StackCommands.make(t, { DISPATCH_DATABASE_URL: database.url, DISPATCH_WORKER_HEARTBEAT_MS: "100" });
  const said: string[] = [];
  const running = await startStack({ settings: stack.settings, environment: stack.environment, workers: 1, withGateway: false, say: (line) => void said.push(line) });
  t.after(() => running.stop());
  assert.deepEqual(running.services().map(({ name, state }) => [name, state]), [["api", "running"], ["worker-1", "running"]]);

  const worker = running.pidOf("worker-1") ?? assert.fail("there is a worker");
  process.kill(worker, "SIGSTOP");
  await eventually("a paused worker's heartbeat is late", async () => (await stack.status()).services.some(({ name, health }) => name === "worker-1" && health === "heartbeat late"));
  assert.equal((await stack.run("stack-status.ts")).code, 1);
  process.kill(worker, "SIGKILL");
  await eventually("another one works in its place", async () => (await stack.status()).state === "up" && running.pidOf("worker-1") !== worker);

  const pids = ["api", "worker-1"].map((name) => running.pidOf(name) ?? assert.fail(name));
  await running.stop();
  for (const pid of pids) assert.equal(await isRunning(pid), false);
  assert.ok(said.some((line) => line.startsWith("worker-1: ended with SIGKILL")));
});

async function killSupervisor(stack: StackCommands): Promise<void> {
  const pid = (await stack.status()).supervisor_pid;
  assert.ok(pid);
  process.kill(pid, "SIGKILL");
}
