// Webhooks that an admin adds through the API: who may, what is sent and how it is signed, how often it is tried, and where it may not go.

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { test } from "node:test";
import { post } from "../../dispatch/webhooks/post.ts";
import { objectsIn, startTestApi, type Reply, type TestApi } from "../support/api.ts";
import type { Received } from "../support/webhook-receiver.ts";
import { assertSilentAbout, hookedDesk, wakeUntil } from "./webhook-desk.ts";

const webhooks = "/api/v1/webhooks";
const secret = "a-secret-of-the-receiver's-own";
const within = { DISPATCH_WEBHOOK_PRIVATE_ADDRESSES: "true" };

const as = (role: string, more: object = {}) => ({
  "x-agent-id": "root",
  "x-actor-id": "root",
  "x-actor-role": role,
  "content-type": "application/json",
  ...more,
});
const asAdmin = (api: TestApi, method: string, path: string, body?: object): Promise<Reply> =>
  api.send(method, path, as("admin"), body && JSON.stringify(body));

async function added(api: TestApi, body: object): Promise<string> {
  const { status, text } = await asAdmin(api, "POST", webhooks, body);
  assert.equal(status, 201, text);
  assert.ok(!text.includes(secret));
  return String(JSON.parse(text).id);
}

/** By the contract's words alone: hex of HMAC-SHA256 over the time, a dot and the body. */
const isSigned = ({ headers, text }: Received): boolean =>
  headers["x-dispatch-signature"] ===
  `v1=${createHmac("sha256", secret)
    .update(`${String(headers["x-dispatch-timestamp"])}.${text}`)
    .digest("hex")}`;

const failures = (worker: { told(message: string): unknown[] }) =>
  worker.told("worker.webhook_failed").length + worker.told("worker.webhook_dead").length;

test("an admin's endpoint gets the events it names, in the envelope, signed over time and body", async (t) => {
  const { api, happen, receiver, worker: start, deliveries } = await hookedDesk(t, ["none"], within);
  await added(api, { url: receiver.url, subjects: ["swarm.task.>", "field.*.door.step_2"], secret });
  await happen(2, "field.ticket.door");
  await happen(1, "swarm.task.quote");
  await happen(1, "swarm.tasks.quote");
  const worker = await start({ env: within });
  await wakeUntil([worker], "both arrived", async () => receiver.received.length === 2 && !(await deliveries())[0]);
  const bySubject = receiver.received.toSorted((one, other) => (one.subject < other.subject ? -1 : 1));
  assert.deepEqual(
    bySubject.map(({ subject }) => subject),
    ["field.ticket.door.step_2", "swarm.task.quote.step_1"],
  );
  const ids = await api.owner.query<{ event_id: string }>(
    "SELECT event_id FROM outbox WHERE subject IN ('field.ticket.door.step_2', 'swarm.task.quote.step_1') ORDER BY subject",
  );
  bySubject.forEach((one, at) => {
    const { headers, body, subject } = one;
    const id = ids.rows[at]?.event_id;
    assert.equal(headers["x-dispatch-event-id"], id);
    assert.equal(headers["x-dispatch-timestamp"], String(Math.floor(api.clock.now().getTime() / 1_000)));
    const told = { id, subject, time: api.clock.iso, actor: null, correlation_id: null };
    assert.partialDeepStrictEqual(body, told);
    assert.deepEqual(Object.keys(body), [...Object.keys(told), "data"]);
    assert.ok(isSigned(one) && headers["webhook-signature"] === undefined);
  });
  const { text } = await asAdmin(api, "GET", webhooks);
  assert.ok(!text.includes(secret));
  const [listed, ...others] = objectsIn(JSON.parse(text));
  assert.partialDeepStrictEqual(listed, { url: receiver.url, delivered: 2, pending: 0, dead_letters: 0 });
  assert.deepEqual(others, [], "the operator's own is not shown");
  assertSilentAbout(worker, [secret]);
});

test("what is not taken is tried six times, 5 s and then twice as long apart, is dead, and arrives by a replay", async (t) => {
  const { api, happen, receiver, worker: start, deliveries } = await hookedDesk(t, ["none"], within);
  const id = await added(api, { url: receiver.url, secret });
  const worker = await start({ env: within });
  // Gone would pause an endpoint of the operator's.
  receiver.answer = () => 410;
  await happen(12);
  await wakeUntil([worker], "all were tried", () => failures(worker) === 12);
  for (const [at, seconds] of [5, 10, 20, 40, 80].entries()) {
    api.clock.advanceMs(seconds * 1_000 - 1);
    await worker.wake();
    assert.equal(failures(worker), 12 * (at + 1), `not before ${seconds} s`);
    api.clock.advanceMs(1);
    await wakeUntil([worker], "all were tried again", () => failures(worker) === 12 * (at + 2));
  }
  api.clock.advance(60);
  await worker.wake();
  assert.deepEqual([worker.told("worker.webhook_dead").length, receiver.received.length], [12, 72]);
  assert.equal(new Set(receiver.received.map(({ headers }) => headers["x-dispatch-event-id"])).size, 12);

  receiver.answer = () => 200;
  const { status, text } = await asAdmin(api, "POST", `${webhooks}/${id}/replay`);
  assert.deepEqual([status, JSON.parse(text)], [200, { replayed: 12 }]);
  await wakeUntil([worker], "all arrived", async () => (await deliveries()).length === 0);
  const arrived = receiver.received.slice(72);
  assert.deepEqual(
    arrived.map(({ subject }) => subject.split(".").at(-1)),
    Array.from({ length: 12 }, (_, at) => `step_${at + 1}`),
  );
  assert.ok(arrived.every(isSigned));
});

test("an endpoint that is removed gets nothing more, not even of what is being sent", async (t) => {
  const { api, happen, receiver, worker: start, deliveries } = await hookedDesk(t, ["none"], within);
  const id = await added(api, { url: receiver.url, secret });
  receiver.answer = async () => {
    const { status, text } = await asAdmin(api, "DELETE", `${webhooks}/${id.toUpperCase()}`);
    assert.deepEqual([status, JSON.parse(text)], [200, { id, undelivered: 3 }]);
    return 204;
  };
  await happen(3);
  const worker = await start({ env: within });
  await wakeUntil([worker], "the first arrived", () => receiver.received.length > 0);
  await happen(1);
  await worker.wake();
  assert.equal(receiver.received.length, 1);
  assert.deepEqual(await deliveries(), []);
  assert.equal((await asAdmin(api, "DELETE", `${webhooks}/${id}`)).status, 404);
});

for (const [what, answer, error] of [
  ["a redirect, which is not followed", 302, /redirects are not followed/],
  ["silence", "hang", /^no answer within 200 ms$/],
] as const) {
  test(`${what}, is no delivery`, async (t) => {
    const { api, happen, receiver, worker: start, deliveries } = await hookedDesk(t, ["none"], within);
    await added(api, { url: receiver.url, secret });
    receiver.answer = () => answer;
    await happen(1);
    const impatient = { ...within, DISPATCH_WEBHOOK_TIMEOUT_MS: "200" };
    const worker = await start({ env: answer === "hang" ? impatient : within });
    await wakeUntil([worker], "it failed", () => failures(worker) === 1);
    assert.match((await deliveries())[0]?.error ?? "", error);
    assert.equal(receiver.received.length, 1);
  });
}

test("nothing is sent into this network unless that is allowed, whatever a name leads to", async (t) => {
  const { api, happen, receiver, worker: start, deliveries } = await hookedDesk(t, ["none"], within);
  await added(api, { url: receiver.url, secret });
  await happen(1);
  const worker = await start();
  await wakeUntil([worker], "it failed", () => failures(worker) === 1);
  assert.equal((await deliveries())[0]?.error, "the URL leads to a private address");
  const url = `http://localhost:${new URL(receiver.url).port}/`;
  const options = { headers: {}, signal: new AbortController().signal };
  await assert.rejects(post(url, "{}", { ...options, mayBePrivate: false }), /leads to a private address/);
  assert.equal(receiver.received.length, 0);

  const careful = await startTestApi({ t });
  for (const host of [
    "127.0.0.1",
    "localhost",
    "10.1.2.3",
    "0x7f.1",
    "[::1]",
    "[::ffff:192.168.0.1]",
    "169.254.169.254",
  ]) {
    const refused = await asAdmin(careful, "POST", webhooks, { url: `https://${host}/hook`, secret });
    assert.partialDeepStrictEqual(JSON.parse(refused.text).error, { code: "INVALID_REQUEST", field: "url" }, host);
  }
});

test("only an admin adds, sees, removes or replays, what is asked must make sense, and a repetition makes no second", async (t) => {
  const { api, endpoint } = await hookedDesk(t, ["none"], within);
  const url = "https://hooks.example/dispatch";
  const calls = [
    ["POST", webhooks],
    ["GET", webhooks],
    ["DELETE", `${webhooks}/${endpoint.id}`],
    ["POST", `${webhooks}/${endpoint.id}/replay`],
  ] as const;
  for (const [method, path] of calls)
    for (const role of ["agent", "dispatcher"]) {
      const { status, text } = await api.send(method, path, as(role), method === "GET" ? undefined : "{}");
      assert.deepEqual([status, JSON.parse(text).error.code], [403, "FORBIDDEN"]);
    }
  // The operator's endpoint is not an admin's to touch.
  for (const [method, path] of calls.slice(2)) assert.equal((await asAdmin(api, method, path)).status, 404);

  const bad: readonly (readonly [object, string])[] = [
    [{ secret }, "url"],
    [{ url: "ftp://hooks.example/" }, "url"],
    [{ url, secret: "too short" }, "secret"],
    [{ url, subjects: [] }, "subjects"],
    [{ url, subjects: ["swarm.>.task"] }, "subjects"],
    [{ url, events: ["all"] }, "events"],
  ];
  for (const [body, field] of bad) {
    const { status, text } = await asAdmin(api, "POST", webhooks, body);
    assert.equal(status, 400);
    assert.partialDeepStrictEqual(JSON.parse(text).error, { code: "INVALID_REQUEST", field });
  }

  const key = { "idempotency-key": randomUUID() };
  const repeated = async (body: object) => {
    const { status, text } = await api.send("POST", webhooks, as("admin", key), JSON.stringify(body));
    return { status, ...JSON.parse(text) };
  };
  const first = await repeated({ url });
  assert.match(first.secret, /^whsec_/, "made here, and shown once");
  const { secret: _shown, ...told } = first;
  assert.deepEqual(await repeated({ url }), told);
  assert.equal((await repeated({ url: `${url}/2` })).error.code, "IDEMPOTENCY_PAYLOAD_MISMATCH");
  assert.equal(JSON.parse((await asAdmin(api, "GET", webhooks)).text).length, 1);
});
