// Webhooks in bad weather: receivers that fail in every way, workers that are killed, events that grow old. Whatever
// happens, an event arrives, or is a dead letter that somebody can see.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { maxAttempts } from "../../dispatch/webhooks/back-off.ts";
import { deadLetters, replayDeadLetters } from "../../dispatch/webhooks/dead-letters.ts";
import { pauseEndpoint, resumeEndpoint } from "../../dispatch/webhooks/endpoints.ts";
import { pruneDuties } from "../../dispatch/worker/prune.ts";
import { eventually } from "../support/eventually.ts";
import { metricsWith } from "../support/metrics.ts";
import { isSignedBy, startReceiver, type Answer } from "../support/webhook-receiver.ts";
import { startWorkerProcess } from "../support/worker-process.ts";
import { assertSilentAbout, hookedDesk, wakeUntil, type HookedDesk } from "./webhook-desk.ts";

const all = { ids: null, endpointId: null, since: null, until: null };
/** Half of every bound. */
const half = () => 0.5;
/** No waiting at all. */
const none = () => 0;
/** For an answer that never comes; any other has the usual ten seconds, or a slow machine would miss it. */
const impatient = { DISPATCH_WEBHOOK_TIMEOUT_MS: "200" };

const troubles: readonly [string, Answer, number | null, RegExp][] = [
  ["an error", 500, 500, /^answered 500$/],
  ["a refusal", 400, 400, /^answered 400$/],
  ["a redirect, which is not followed", 302, 302, /redirects are not followed/],
  ["silence", "hang", null, /^no answer within 200 ms$/],
  ["a closed connection", "hang up", null, /^no answer: /],
  ["garbage", "garbage", null, /^no answer: /],
];

for (const [name, answer, status, error] of troubles) {
  test(`an event met by ${name} is sent again later, as the same event signed anew`, async (t) => {
    const { api, endpoint, happen, receiver, worker: start, deliveries } = await hookedDesk(t);
    const worker = await start({ random: half, ...(answer === "hang" && { env: impatient }) });
    receiver.answer = () => answer;
    await happen(1);
    await wakeUntil([worker], "it failed", () => worker.told("worker.webhook_failed").length === 1);
    const [waiting] = await deliveries();
    assert.ok(waiting);
    assert.deepEqual([waiting.attempts, waiting.status], [1, status]);
    assert.match(waiting.error ?? "", error);
    assert.deepEqual(waiting.due, new Date(api.clock.now().getTime() + 5_000), "half of the first ten seconds");
    await worker.wake();
    assert.equal(receiver.received.length, 1, "not before its time");

    receiver.answer = () => 204;
    await worker.stop();
    const next = await start({ random: half });
    api.clock.advance(1);
    await wakeUntil([next], "it arrived", async () => (await deliveries()).length === 0);
    const [first, second] = receiver.received;
    assert.ok(first && second);
    assert.equal(receiver.received.length, 2);
    assert.deepEqual([second.id, second.text], [first.id, first.text]);
    assert.equal(second.timestamp, first.timestamp + 60);
    assert.ok(isSignedBy(endpoint.secret, second) && second.signatures[0] !== first.signatures[0]);
    for (const one of [worker, next]) assertSilentAbout(one, [endpoint.secret]);
  });
}

test("a receiver whose answer never ends has taken the event", async (t) => {
  const { happen, receiver, worker: start, deliveries } = await hookedDesk(t);
  receiver.answer = () => "endless body";
  const worker = await start();
  await happen(2);
  await wakeUntil(
    [worker],
    "both are delivered",
    async () => receiver.received.length === 2 && (await deliveries()).length === 0,
  );
});

test("an endpoint nobody listens at is probed now and then, and gets everything in order when it is back", async (t) => {
  const { api, happen, receiver, worker: start, deliveries, state } = await hookedDesk(t);
  const worker = await start({ random: half });
  const port = Number(new URL(receiver.url).port);
  await receiver.close();
  await happen(100);
  await wakeUntil([worker], "the outage shows", () => worker.told("worker.webhook_failed").length > 0);
  await worker.wake();
  const before = worker.told("worker.webhook_failed").length;
  assert.equal(before, 8, "some tries, then a rest");
  assert.match(String(worker.told("worker.webhook_failed")[0]?.["error"]), /ECONNREFUSED/);
  for (let hour = 0; hour < 24; hour++) {
    api.clock.advance(60);
    await worker.wake();
  }
  const probes = worker.told("worker.webhook_failed").length - before;
  assert.ok(probes >= 12 && probes <= 48, `${probes} probes in as many looks as hours`);
  assert.equal((await state()).pending, 100);
  assert.equal((await state()).lag_seconds, 24 * 3_600);

  const back = await startReceiver(t, port);
  api.clock.advance(24 * 60);
  await wakeUntil([worker], "all arrived", async () => (await deliveries()).length === 0);
  assert.deepEqual(
    back.received.map(({ body }) => body["event"]),
    Array.from({ length: 100 }, (_, at) => `step_${at + 1}`),
  );
});

async function deadLetter(
  t: Parameters<typeof hookedDesk>[0],
): Promise<HookedDesk & { worker1: Awaited<ReturnType<HookedDesk["worker"]>>; poison: string }> {
  const desk = await hookedDesk(t);
  const poison = await desk.happen(1);
  desk.receiver.answer = ({ subject }) => (subject.startsWith(poison) ? 422 : 200);
  const worker1 = await desk.worker({ random: none });
  await wakeUntil([worker1], "it is given up", () => worker1.told("worker.webhook_dead").length === 1);
  return { ...desk, worker1, poison };
}

test("an event no try delivers becomes a dead letter, holds nothing back, and arrives by a replay", async (t) => {
  const { api, db, happen, receiver, worker1, poison, state } = await deadLetter(t);
  assert.equal(receiver.received.length, maxAttempts);
  assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 1);
  const [dead] = worker1.told("worker.webhook_dead");
  assert.deepEqual([dead?.["subject"], dead?.["status"], dead?.["attempt"]], [`${poison}.step_1`, 422, maxAttempts]);
  const [letter] = await deadLetters(db, all, 10);
  assert.ok(letter && letter.last_error === "answered 422" && letter.dead_at === api.clock.iso);
  assert.deepEqual(await state(), {
    pending: 0,
    pending_paused: 0,
    lag_seconds: 0,
    lag_paused_seconds: 0,
    dead_letters: 1,
  });

  await happen(3);
  await wakeUntil([worker1], "others pass", () => receiver.received.length === maxAttempts + 3);

  receiver.answer = () => 200;
  assert.equal(
    await replayDeadLetters(db, { ...all, until: letter.event_at }, api.clock.now()),
    0,
    "its time is not before itself",
  );
  assert.equal(await replayDeadLetters(db, { ...all, since: letter.event_at, ids: [letter.id] }, api.clock.now()), 1);
  await wakeUntil(
    [worker1],
    "it arrived",
    async () => receiver.received.length === maxAttempts + 4 && (await state()).pending === 0,
  );
  assert.equal(receiver.received.at(-1)?.id, letter.id, "under the same id");
  assert.equal((await state()).dead_letters, 0);
});

test("an event that fails does not hold back those behind it", async (t) => {
  const { happen, receiver, worker: start, deliveries } = await hookedDesk(t);
  const worker = await start({ random: half });
  receiver.answer = ({ subject }) => (subject.endsWith("step_1") ? 500 : 200);
  await happen(4);
  await wakeUntil([worker], "the others arrived", async () => (await deliveries()).length === 1);
  assert.deepEqual(
    receiver.received.map(({ body }) => body["event"]),
    ["step_1", "step_2", "step_3", "step_4"],
  );
});

test("410 Gone pauses the endpoint and loses nothing", async (t) => {
  const { api, db, endpoint, happen, receiver, worker: start, state } = await hookedDesk(t);
  const worker = await start({ random: none });
  receiver.answer = () => 410;
  await happen(3);
  await wakeUntil([worker], "it is paused", () => worker.told("worker.webhook_endpoint_gone").length === 1);
  assert.equal(receiver.received.length, 1);
  api.clock.advance(600);
  await worker.wake();
  assert.equal(receiver.received.length, 1);
  assert.equal((await state()).pending_paused, 3);
  receiver.answer = () => 200;
  assert.ok(await resumeEndpoint(db, endpoint.id, api.clock.now()));
  await wakeUntil([worker], "all arrived", () => receiver.received.length === 4);
});

test("what a killed worker had in hand is delivered again when its claim has lapsed, and not before", async (t) => {
  const { api, add, happen, receiver, worker: start, deliveries } = await hookedDesk(t, ["none"]);
  // The process lives by the machine's clock.
  api.clock.set(new Date().toISOString());
  await add(receiver.url);
  receiver.answer = () => "hang";
  const killed = await startWorkerProcess(t, api);
  await happen(1);
  await eventually("it is on its way", () => receiver.received.length === 1);
  await killed.kill();
  receiver.answer = () => 200;
  const next = await start();
  await next.wake();
  await next.wake();
  assert.equal(receiver.received.length, 1, "the claim holds");
  api.clock.set(new Date().toISOString());
  api.clock.advance(2);
  await wakeUntil([next], "it arrived", async () => (await deliveries()).length === 0);
  const [first, second] = receiver.received;
  assert.ok(first && second);
  assert.equal(receiver.received.length, 2);
  assert.deepEqual([second.id, second.text], [first.id, first.text]);
});

test("SIGTERM lets the request in hand be answered, and sends no more", async (t) => {
  const { api, add, happen, receiver, deliveries } = await hookedDesk(t, ["none"]);
  api.clock.set(new Date().toISOString());
  await add(receiver.url);
  const answer = Promise.withResolvers<Answer>();
  receiver.answer = () => answer.promise;
  const worker = await startWorkerProcess(t, api);
  await happen(2);
  await eventually("the first is on its way", () => receiver.received.length === 1);
  worker.signal("SIGTERM");
  await eventually("it was heard", () => worker.told("worker.shutdown_requested").length === 1);
  answer.resolve(200);
  assert.equal(await worker.ended, 0);
  assert.deepEqual([receiver.received.length, (await deliveries()).length], [1, 1]);
});

test("no event is pruned before the queues have it, and what waits outlives the outbox", async (t) => {
  const { api, db, endpoint, happen, receiver, worker: start, state } = await hookedDesk(t);
  await happen(3);
  api.clock.advance(31 * 24 * 60);
  const prune = async () => {
    const run = () => Promise.reject(new Error("pruning gives no command"));
    const duties = pruneDuties({
      desk: api.desk,
      log: pino({ level: "silent" }),
      run,
      random: none,
      totals: { cycles: 0, dispatches: 0, errors: 0 },
    });
    for (const duty of duties) await duty.round(() => false);
  };
  const inOutbox = async () => Number((await api.owner.query("SELECT count(*) AS n FROM outbox")).rows[0]?.n);
  await prune();
  assert.equal(await inOutbox(), 3, "no worker has read them");
  assert.equal((await state()).lag_seconds, 31 * 24 * 3_600);

  await pauseEndpoint(db, endpoint.id, "a long weekend", api.clock.now());
  const worker = await start();
  await wakeUntil([worker], "they are queued and gone from the outbox", async () => (await inOutbox()) === 0);
  api.clock.advance(60 * 24 * 60);
  await prune();
  assert.equal((await state()).pending_paused, 3, "a queue is never pruned");
  await resumeEndpoint(db, endpoint.id, api.clock.now());
  await wakeUntil([worker], "all arrived", () => receiver.received.length === 3);
});

test("a dead letter is kept for thirty days", async (t) => {
  const { api, worker1, state } = await deadLetter(t);
  api.clock.advance(30 * 24 * 60 - 1);
  await worker1.wake();
  assert.equal((await state()).dead_letters, 1);
  api.clock.advance(2);
  await worker1.wake();
  assert.equal((await state()).dead_letters, 0);
});

test("metrics tell how much waits, for how long, and what was given up", async (t) => {
  const { api, endpoint, db, happen, receiver, worker1 } = await deadLetter(t);
  await pauseEndpoint(db, endpoint.id, "an audit", api.clock.now());
  await happen(2);
  await wakeUntil(
    [worker1],
    "they are queued",
    async () => (await api.owner.query("SELECT FROM webhook_deliveries WHERE due_at IS NOT NULL")).rowCount === 2,
  );
  api.clock.advance(5);
  await metricsWith(
    api,
    /^dispatch_webhook_pending\{endpoint="active"\} 0$/m,
    /^dispatch_webhook_pending\{endpoint="paused"\} 2$/m,
    /^dispatch_webhook_lag_seconds\{endpoint="active"\} 0$/m,
    /^dispatch_webhook_lag_seconds\{endpoint="paused"\} 300$/m,
    /^dispatch_webhook_dead_letters 1$/m,
  );
  assert.equal(receiver.received.length, maxAttempts);
});
