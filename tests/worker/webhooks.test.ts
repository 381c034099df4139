// Webhooks in good weather: every event once, in order, signed, and only to whom it is for.

import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { pauseEndpoint, resumeEndpoint } from "../../dispatch/webhooks/endpoints.ts";
import { rotateSecret } from "../../dispatch/webhooks/rotate-secret.ts";
import { outboxChannel } from "../../dispatch/kernel/outbox.ts";
import { eventually } from "../support/eventually.ts";
import { isSignedBy, startReceiver } from "../support/webhook-receiver.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { assertSilentAbout, hookedDesk, wakeUntil, type Ending } from "./webhook-desk.ts";

const ticketOf = (subject: string): string => subject.split(".").slice(0, -1).join(".");

async function otherSession(t: Ending, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // The database is dropped before it says goodbye.
  client.on("error", () => undefined);
  await client.connect();
  t.after(() => client.end());
  return client;
}

test("what happens on the desk arrives by itself, signed, in order, as the event stream tells it", async (t) => {
  const {
    api,
    receiver,
    endpoint,
    worker: start,
    deliveries,
  } = await hookedDesk(t, ["field.ticket.*.ticket_create", "field.ticket.*.ticket_triage"]);
  const worker = await start();
  await worker.wake();
  // The tick never comes: news alone brings them. It is told again as by further commits, since a transaction of another
  // test's may hold events back for longer than the worker looks after one.
  const { id } = await ticketIn(api, "SCHEDULE_PROPOSED");
  await eventually("both arrived", async () => {
    await api.owner.query(`NOTIFY ${outboxChannel}`);
    return receiver.received.length === 2;
  });
  assert.deepEqual(
    receiver.received.map(({ subject }) => subject),
    ["ticket_create", "ticket_triage"].map((event) => `field.ticket.${id}.${event}`),
  );
  const [first] = receiver.received;
  assert.ok(first && isSignedBy(endpoint.secret, first));
  assert.equal(first.timestamp, Math.floor(api.clock.now().getTime() / 1_000));
  const { rows } = await api.owner.query(
    "SELECT subject, event, created_at, xact || '.' || id AS position, payload FROM outbox WHERE event = 'ticket_create'",
  );
  assert.deepEqual(first.body, { ...rows[0], created_at: rows[0].created_at.toISOString() });
  await eventually("nothing is left", async () => (await deliveries()).length === 0);
  assert.equal(worker.told("worker.webhook_delivered").length, 2);
  assertSilentAbout(worker, [endpoint.secret]);
});

test("an endpoint gets nothing that was there before it, though an older transaction runs", async (t) => {
  const { api, add, happen, receiver, worker: start } = await hookedDesk(t, ["none"]);
  const older = await otherSession(t, api.databaseUrl);
  await older.query("BEGIN");
  await older.query("SELECT pg_current_xact_id()");
  await happen(1, "field.before");
  await add(receiver.url);
  await happen(1, "field.after");
  await older.query("COMMIT");
  await wakeUntil([await start()], "it arrived", () => receiver.received.length > 0);
  assert.deepEqual(
    receiver.received.map(({ subject }) => subject),
    ["field.after.step_1"],
  );
});

test("an event that commits late is waited for and not passed over", async (t) => {
  const { api, happen, receiver, worker: start, state } = await hookedDesk(t);
  const worker = await start();
  const late = await otherSession(t, api.databaseUrl);
  await late.query("BEGIN");
  await late.query(
    "INSERT INTO outbox (subject, event, payload, created_at) VALUES ('desk.late', 'late', '{}', now())",
  );
  await happen(1, "field.early");
  await worker.wake();
  assert.equal(receiver.received.length, 0);
  api.clock.advance(2);
  assert.equal((await state()).lag_seconds, 120, "what no worker may read yet counts as behind");
  await late.query("COMMIT");
  await wakeUntil([worker], "both arrived", () => receiver.received.length === 2);
  assert.deepEqual(
    receiver.received.map(({ subject }) => subject),
    ["desk.late", "field.early.step_1"],
  );
  assert.equal((await state()).lag_seconds, 0);
});

test("three workers deliver each event once, a ticket's in order and one at a time", async (t) => {
  const { happen, receiver, worker: start, deliveries } = await hookedDesk(t);
  const workers = await Promise.all([start(), start(), start()]);
  const inHand = new Set<string>();
  const doubled: string[] = [];
  receiver.answer = async ({ subject }) => {
    if (inHand.has(ticketOf(subject))) doubled.push(subject);
    inHand.add(ticketOf(subject));
    // The answer takes a turn of the machine, in which another request could come in.
    await new Promise(setImmediate);
    inHand.delete(ticketOf(subject));
    return 200;
  };
  const tickets = await Promise.all(Array.from({ length: 30 }, () => happen(20)));
  await wakeUntil(
    workers,
    "all arrived",
    async () => receiver.received.length >= 600 && (await deliveries()).length === 0,
  );
  assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 600);
  assert.equal(receiver.received.length, 600, "none came twice");
  assert.deepEqual(doubled, []);
  for (const ticket of tickets) {
    const steps = receiver.received.filter(({ subject }) => ticketOf(subject) === ticket).map(({ subject }) => subject);
    assert.deepEqual(
      steps,
      Array.from({ length: 20 }, (_, at) => `${ticket}.step_${at + 1}`),
    );
  }
  assert.ok(receiver.busiest > 1 && receiver.busiest <= 8, `${receiver.busiest} at once`);
});

test("a receiver that is slow delays only its own events", async (t) => {
  const { add, happen, receiver, worker: start } = await hookedDesk(t);
  const slow = await startReceiver(t);
  slow.answer = () => "hang";
  await add(slow.url);
  const worker = await start();
  // Not awaited: a wake is over when nothing is left to do, and the slow one's sender is never through.
  const wakenUntil = (what: string, condition: () => boolean) =>
    eventually(what, () => {
      void worker.wake();
      return condition();
    });
  await happen(1, "field.first");
  await wakenUntil("the slow one has it", () => slow.received.length === 1);
  await happen(40, "field.second");
  await wakenUntil("the quick one has all", () => receiver.received.length === 41);
  await slow.close();
});

test("a paused endpoint is sent nothing, and everything once it is resumed", async (t) => {
  const { api, db, endpoint, happen, receiver, worker: start, state } = await hookedDesk(t);
  const worker = await start();
  assert.ok(await pauseEndpoint(db, endpoint.id, "a release", api.clock.now()));
  await happen(3);
  await wakeUntil([worker], "they wait", async () => (await state()).pending_paused === 3);
  api.clock.advance(10);
  await worker.wake();
  assert.equal(receiver.received.length, 0);
  assert.deepEqual(await state(), {
    pending: 0,
    pending_paused: 3,
    lag_seconds: 0,
    lag_paused_seconds: 600,
    dead_letters: 0,
  });
  assert.ok(await resumeEndpoint(db, endpoint.id, api.clock.now()));
  await wakeUntil([worker], "all arrived", () => receiver.received.length === 3);
});

test("a new secret signs beside the one before until the overlap is over", async (t) => {
  const { api, db, endpoint, happen, receiver, worker: start } = await hookedDesk(t);
  const worker = await start();
  const secret = await rotateSecret(db, endpoint.id, new Date(api.clock.now().getTime() + 3_600_000));
  assert.ok(secret !== null && secret !== endpoint.secret);
  const next = async () => {
    const before = receiver.received.length;
    await happen(1);
    await wakeUntil([worker], "it arrived", () => receiver.received.length > before);
    const one = receiver.received.at(-1);
    assert.ok(one);
    return [isSignedBy(secret, one), isSignedBy(endpoint.secret, one), one.signatures.length];
  };
  assert.deepEqual(await next(), [true, true, 2]);
  api.clock.advance(61);
  assert.deepEqual(await next(), [true, false, 1]);
  assertSilentAbout(worker, [secret, endpoint.secret]);
});

test("neither the API nor a worker may say where events go, or by what they are signed", async (t) => {
  const { api } = await hookedDesk(t);
  for (const text of [
    "INSERT INTO webhook_endpoints SELECT * FROM webhook_endpoints",
    "UPDATE webhook_endpoints SET url = 'https://evil.example/'",
    "UPDATE webhook_endpoints SET secret = 'whsec_AAAA'",
    "UPDATE webhook_endpoints SET subjects = NULL",
    "DELETE FROM webhook_endpoints",
    "UPDATE webhook_deliveries SET payload = '{}'",
    "UPDATE webhook_cursors SET since = '1:1:'",
  ]) {
    await assert.rejects(api.desk.db.rows({ name: text, text }), { code: "42501" }, text);
  }
});
