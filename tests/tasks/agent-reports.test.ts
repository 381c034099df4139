// What becomes of a task whose agent cannot say at once, or not so, what came of it; and of one that comes back to its agent.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { runAgent } from "../../dispatch/agent/agent.ts";
import { DeskClient } from "../../dispatch/agent/desk-client.ts";
import { newId } from "../../dispatch/kernel/clock.ts";
import { startTestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { startTestWorker } from "../support/worker.ts";
import { addAgent, addTask } from "./agents.ts";

/** Prints what the task's context says; the first time there, where that names a file to remember it by, it waits for its end. */
const clerk = `
  const { context } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const { prints, long = 0, once } = context;
  const isFirst = once !== undefined && !require("node:fs").existsSync(once);
  if (isFirst) {
    require("node:fs").writeFileSync(once, "");
    setInterval(() => undefined, 1000);
  } else console.log(prints ?? JSON.stringify({ result: { made: "x".repeat(long) } }));
`;

describe("an agent", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  await addAgent(api, "clerk");

  const clientOf = () => new DeskClient({ url: api.url, slug: "clerk", token: null, run: newId() });
  const begin = async (t: TestContext, client = clientOf()) => {
    const stopping = new AbortController();
    const lines: string[] = [];
    const running = runAgent({
      client,
      command: [process.execPath, "-e", clerk],
      environment: { PATH: process.env["PATH"] ?? "" },
      idleMs: null,
      draining: new AbortController().signal,
      stopping: stopping.signal,
      say: (line) => lines.push(line),
    });
    t.after(async () => {
      stopping.abort();
      await running;
    });
    await eventually("the agent has started", async () => lines.some((line) => line.startsWith("started")));
  };
  const check = (task: string) => api.read("task.check", { task });
  const becomes = (task: string, status: string) =>
    eventually(`the task is ${status}`, async () => (await check(task)).status === status);

  test("whose result the desk cannot take says so, and keeps nobody waiting until the time is over", async (t) => {
    await begin(t);
    const unfit: [object, RegExp][] = [
      [{ prints: String.raw`{"result":{"a":"\u0007"}}` }, /refused.*result\/a control characters are not allowed/],
      [{ long: 300_000 }, /refused.*256 KiB/],
    ];
    for (const [context, why] of unfit) {
      const { id } = await addTask(api, { max_retries: 0, context });
      await worker.wake();
      await becomes(id, "failed");
      assert.match((await check(id)).error ?? "", why);
    }
  });

  test("works on a task as it stands once it has begun", async (t) => {
    const client = clientOf();
    const { begin: beginIt } = client;
    client.begin = async (task, until) => {
      await api.run("task.update", { task, body: { context: { prints: '{"result":{"read":"behind its begin"}}' } } });
      return await beginIt(task, until);
    };
    await begin(t, client);
    const { id } = await addTask(api, { context: { prints: '{"result":{"read":"before"}}' } });
    await worker.wake();
    await becomes(id, "completed");
    assert.deepEqual((await check(id)).result, { read: "behind its begin" });
  });

  test("begins anew what is no longer blocked, and what a reviewer sends back", async (t) => {
    await begin(t);
    const wasHere = `${api.dataDir}/was-here`;
    const { id } = await addTask(api, { review_required: true, context: { once: wasHere } });
    await worker.wake();
    await eventually("its command runs", async () => existsSync(wasHere));
    const move = (status: string) =>
      api.run("task.update", { task: id, body: { status, reason: "The customer has to say which" } });
    await move("blocked");
    await move("in_progress");
    await becomes(id, "awaiting_review");
    await move("in_review");
    await move("in_progress");
    await becomes(id, "awaiting_review");
    const steps = (await api.read("task.events", { task: id })).filter(({ tool }) => tool === "task.complete");
    assert.equal(steps.length, 2);
  });
});

test("an agent's report is said again, by one key, until the desk has heard it", async (t) => {
  const keys: unknown[] = [];
  const answers = [503, 429, 200];
  const desk = createServer((request, response) => {
    keys.push(request.headers["idempotency-key"]);
    const status = answers[keys.length - 1] ?? 500;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(status === 200 ? "{}" : JSON.stringify({ error: { code: "ANY", message: "Not now." } }));
  });
  await once(desk.listen(0, "127.0.0.1"), "listening");
  t.after(() => desk.close());
  const address = desk.address();
  assert.ok(address !== null && typeof address === "object");
  const url = `http://127.0.0.1:${address.port}`;
  const client = new DeskClient({ url, slug: "clerk", token: null, run: newId() });
  await client.complete("any", { result: {} }, new AbortController().signal);
  assert.equal(keys.length, 3);
  assert.ok(typeof keys[0] === "string" && new Set(keys).size === 1);
  const over = AbortSignal.abort();
  await assert.rejects(client.fail("any", { error: "no" }, over), { code: "ANY" });
});
