// Agents that sleep until there is work: woken over a service that starts them, given up on where they do not come, and in nobody's way.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { describe, test, type TestContext } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { startTestWorker } from "../support/worker.ts";
import { addAgent, addTask, heard, heardOf, startAgent, tell, type AgentOptions } from "./agents.ts";

const token = "a-token-of-the-service";
type Asked = { readonly method: string; readonly path: string; readonly response: ServerResponse };

/** A service that starts agents: asked to wake one it has that agent report for work, unless the test says what it does. */
async function startLifecycle(
  t: TestContext,
  api: TestApi,
  behave: Readonly<Record<string, (response: ServerResponse) => void>> = {},
) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    asked.push({ method, path: url, response });
    const [, slug = ""] = /^\/base\/admin\/agents\/([^/]+)(?:\/wake)?$/.exec(url) ?? [];
    if (headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
    const own = behave[slug];
    if (own) return own(response);
    if (method === "GET") return void response.end("{}");
    void tell(api, slug, `swarm.agent.${slug}.started`).then(() => response.writeHead(202).end());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const env = { DISPATCH_LIFECYCLE_URL: `http://127.0.0.1:${address.port}/base/`, DISPATCH_LIFECYCLE_TOKEN: token };
  return { asked, worker: await startTestWorker(api, { t, env }) };
}

const addSleeper = (api: TestApi, slug: string, options: AgentOptions = {}) =>
  addAgent(api, slug, { policy: "on_demand", capabilities: [slug], ...options });
const assigneeOf = async (api: TestApi, task: string) => (await api.read("task.check", { task })).assignee;

describe("an agent that sleeps", async () => {
  const api = await startTestApi();

  test("is woken by the service that starts agents, reports for work and gets the task", async (t) => {
    const { asked } = await startLifecycle(t, api);
    await addSleeper(api, "napper");
    const { id } = await addTask(api, { scope: "napper" });
    await eventually("the task is given out", async () => (await assigneeOf(api, id)) === "napper");
    assert.deepEqual(
      asked.map(({ method, path }) => `${method} ${path}`),
      ["GET /base/admin/agents/napper", "POST /base/admin/agents/napper/wake"],
    );
    assert.deepEqual(await heard(api, id), ["created", "assigned"]);
    assert.deepEqual((await heardOf(api, "napper")).slice(-2), ["wake_requested", "started"]);
  });

  test("is woken where the service wants a user and a password, which its address has", async (t) => {
    const asked: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      asked.push(headers.authorization);
      response.end("{}");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    t.after(() => server.close());
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    const env = { DISPATCH_LIFECYCLE_URL: `http://desk:p%40ss@127.0.0.1:${address.port}/base/` };
    await startTestWorker(api, { t, env });
    await addSleeper(api, "guarded");
    await addTask(api, { scope: "guarded" });
    await eventually("the service is asked", () => asked.length === 2);
    const basic = `Basic ${Buffer.from("desk:p@ss").toString("base64")}`;
    assert.deepEqual(asked, [basic, basic]);
  });

  test("delays no other, whether the service hangs over it or fails", async (t) => {
    const { asked } = await startLifecycle(t, api, {
      hangs: () => undefined,
      fails: (response) => void response.writeHead(500).end(),
    });
    for (const slug of ["hangs", "fails", "comes"]) await addSleeper(api, slug);
    const hanging = await addTask(api, { scope: "hangs" });
    await eventually("the service hangs", () => asked.length === 1);
    const failing = await addTask(api, { scope: "fails" });
    await eventually("the service has failed", () => asked.length > 1);
    const { id } = await addTask(api, { scope: "comes" });
    await eventually("the third is given out", async () => (await assigneeOf(api, id)) === "comes");
    const [first] = asked;
    assert.ok(first && !first.response.closed, "the service was given up before the others had their turn");
    assert.deepEqual([await assigneeOf(api, hanging.id), await assigneeOf(api, failing.id)], [null, null]);
    for (const task of [hanging.id, failing.id]) await api.run("task.update", { task, body: { status: "cancelled" } });
  });

  test("has 30 seconds; then the next is woken, and the first left alone for a minute", async (t) => {
    const worker = await startTestWorker(api, { t });
    for (const slug of ["deep-a", "deep-b"]) await addSleeper(api, slug, { capabilities: ["deep"] });
    const { id } = await addTask(api, { scope: "deep" });
    const wakes = async () => ({
      a: (await heardOf(api, "deep-a")).slice(1),
      b: (await heardOf(api, "deep-b")).slice(1),
    });
    await worker.wake();
    assert.deepEqual(await wakes(), { a: ["wake_requested"], b: [] });
    api.clock.advanceMs(29_999);
    await worker.wake();
    assert.deepEqual(await wakes(), { a: ["wake_requested"], b: [] });
    api.clock.advanceMs(1);
    await worker.wake();
    await worker.wake();
    assert.deepEqual(await wakes(), { a: ["wake_requested", "wake_failed"], b: ["wake_requested"] });
    api.clock.advanceMs(30_000);
    await worker.wake();
    await worker.wake();
    assert.deepEqual((await wakes()).b, ["wake_requested", "wake_failed"]);
    assert.equal((await api.read("task.check", { task: id })).unmatched_reason, "wake_failed");
    api.clock.advanceMs(29_999);
    await worker.wake();
    assert.deepEqual((await wakes()).a, ["wake_requested", "wake_failed"]);
    api.clock.advanceMs(1);
    await worker.wake();
    assert.deepEqual((await wakes()).a, ["wake_requested", "wake_failed", "wake_requested"]);
    await tell(api, "deep-a", "swarm.agent.deep-a.started");
    await worker.wake();
    assert.equal(await assigneeOf(api, id), "deep-a");
  });

  test("is woken once, however many brokers want it", async (t) => {
    const brokers = await Promise.all([1, 2, 3].map(() => startTestWorker(api, { t })));
    const slugs = Array.from({ length: 10 }, (_, n) => `wanted-${n}`);
    for (const slug of slugs) await addSleeper(api, slug);
    await Promise.all(slugs.map((scope) => addTask(api, { scope })));
    await Promise.all(brokers.map((broker) => broker.wake()));
    for (const slug of slugs) assert.deepEqual((await heardOf(api, slug)).slice(1), ["wake_requested"]);
  });

  test("never keeps work from one who is awake, not even ten of them", async (t) => {
    const worker = await startTestWorker(api, { t });
    for (let n = 0; n < 10; n++) await addSleeper(api, `dozer-${n}`, { capabilities: ["dozing"] });
    const waiting = await Promise.all(Array.from({ length: 10 }, () => addTask(api, { scope: "dozing" })));
    await worker.wake();
    for (let n = 0; n < 10; n++) assert.deepEqual((await heardOf(api, `dozer-${n}`)).slice(1), ["wake_requested"]);
    await startAgent(api, "awake", { capabilities: ["dozing"], max_concurrent: 20 });
    await worker.wake();
    const later = await Promise.all(Array.from({ length: 10 }, () => addTask(api, { scope: "dozing", priority: 5 })));
    await worker.wake();
    for (const { id } of [...waiting, ...later]) assert.equal(await assigneeOf(api, id), "awake");
  });
});
