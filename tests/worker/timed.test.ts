// What the worker does because a time came: holds and offers end, deadlines are told of once, and what is no longer needed
// goes. The test holds the clock.

import { isObject } from "../../dispatch/kernel/json.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { openEvents } from "../api/event-client.ts";
import { eventually } from "../support/eventually.ts";
import { metricsWith } from "../support/metrics.ts";
import { freeWindow, ticketIn } from "../support/ticket-builder.ts";
import { upload as send } from "../support/upload-client.ts";
import { startTestWorker } from "../support/worker.ts";

/** The worker sends nobody, so that tickets stay where the test put them. */
const keepStill = (api: TestApi) => api.run("ops.autonomy.pause", { body: {} });

const toolsOf = async (api: TestApi, ticket: string) =>
  (await api.read("ticket.timeline", { ticket })).events.map(
    ({ tool_name, actor_type }) => `${actor_type} ${tool_name}`,
  );

for (const heldIn of ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED"] as const) {
  test(`a hold taken in ${heldIn} ends by itself when its window is over, and not a moment before`, async () => {
    const api = await startTestApi();
    const worker = await startTestWorker(api);
    await keepStill(api);
    const { id } = await ticketIn(api, "PENDING_CUSTOMER_CONFIRMATION", { heldIn });
    api.clock.advance(240);
    await worker.wake();
    assert.equal((await api.read("ticket.get", { ticket: id })).state, "PENDING_CUSTOMER_CONFIRMATION");
    const { version } = await api.read("ticket.get", { ticket: id });

    api.clock.advance(1);
    await worker.wake();
    const after = await api.read("ticket.get", { ticket: id });
    assert.deepEqual(
      [after.state, after.scheduled_start, after.scheduled_end, after.version],
      ["READY_TO_SCHEDULE", null, null, version + 1],
    );
    assert.equal((await toolsOf(api, id)).at(-1), "SERVICE schedule.expire_hold");
    const { rows } = await api.owner.query("SELECT hold_state FROM schedule_holds WHERE ticket_id = $1", [id]);
    assert.deepEqual(rows, [{ hold_state: "EXPIRED" }]);
    const { rows: moves } = await api.owner.query(
      "SELECT from_state, to_state FROM ticket_state_transitions WHERE ticket_id = $1 ORDER BY created_at DESC LIMIT 1",
      [id],
    );
    assert.deepEqual(moves, [{ from_state: "PENDING_CUSTOMER_CONFIRMATION", to_state: "READY_TO_SCHEDULE" }]);
    await api.run("schedule.propose", { ticket: id, body: { options: [freeWindow(api)] } });
  });
}

test("an offer ends when its last window is over, whichever that is", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
  const options = [60, 180, 120].map((minutes) => ({ start: api.clock.in(minutes), end: api.clock.in(minutes + 30) }));
  await api.run("schedule.propose", { ticket: id, body: { options } });
  api.clock.advance(210);
  await worker.wake();
  assert.equal((await api.read("ticket.get", { ticket: id })).state, "SCHEDULE_PROPOSED");
  api.clock.advance(1);
  await worker.wake();
  const after = await api.read("ticket.get", { ticket: id });
  assert.deepEqual([after.state, after.scheduled_start], ["READY_TO_SCHEDULE", null]);
  assert.equal((await toolsOf(api, id)).at(-1), "SERVICE schedule.expire_proposal");
});

test("a deadline is told of once when it is near and once when it is over, and a new deadline anew", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  await keepStill(api);
  const window = freeWindow(api);
  const { id } = await ticketIn(api, "SCHEDULED", { priority: "URGENT", window });
  const deadline = Date.parse(window.start) + 240 * 60_000;
  const told = async () => (await toolsOf(api, id)).filter((line) => line.includes("sla."));
  // A ticket that another duty holds at this moment is told of at the next tick.
  const tellsUntil = (count: number) =>
    eventually(`${count} are told of`, async () => {
      await worker.wake();
      return (await told()).length >= count;
    });
  const at = async (minutesBefore: number, expected: readonly string[]) => {
    api.clock.set(new Date(deadline - minutesBefore * 60_000).toISOString());
    await tellsUntil(expected.length);
    assert.deepEqual(await told(), expected);
  };
  await at(46, []);
  await at(45, ["SERVICE sla.warning"]);
  await at(10, ["SERVICE sla.warning"]);
  await at(0, ["SERVICE sla.warning"]);
  await at(-1, ["SERVICE sla.warning", "SERVICE sla.breach"]);
  await at(-60, ["SERVICE sla.warning", "SERVICE sla.breach"]);
  const { rows } = await api.owner.query(
    "SELECT subject FROM outbox WHERE aggregate_id = $1 AND event LIKE 'sla%' ORDER BY id",
    [id],
  );
  assert.deepEqual(
    rows.map(({ subject }) => subject),
    [`field.ticket.${id}.sla_warning`, `field.ticket.${id}.sla_breach`],
  );

  await api.run("schedule.reopen", { ticket: id, body: { reason: "another day" } });
  const next = { start: api.clock.in(60), end: api.clock.in(120) };
  await api.run("schedule.propose", { ticket: id, body: { options: [next] } });
  await api.run("schedule.confirm", { ticket: id, body: next });
  const before = (await told()).length;
  api.clock.advance(60 + 240 - 30);
  await tellsUntil(before + 1);
  assert.equal((await told()).at(-1), "SERVICE sla.warning");
  assert.equal((await told()).length, before + 1);
});

test("a breach is heard at /events as it happens, with its receipt, and its ticket stands first in the cockpit", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  await keepStill(api);
  const start = freeWindow(api);
  const { id } = await ticketIn(api, "SCHEDULED", { priority: "URGENT", window: start });
  const later = new Date(Date.parse(start.end) + 86_400_000).toISOString();
  const window = { start: later, end: new Date(Date.parse(later) + 3_600_000).toISOString() };
  const before = await ticketIn(api, "SCHEDULED", { priority: "ROUTINE", window });
  const events = await openEvents(api);
  api.clock.set(new Date(Date.parse(start.start) + 241 * 60_000).toISOString());
  await worker.wake();

  let { data } = await events.next();
  // What needs attention is another duty's to tell, before or after.
  while (String(data["subject"]).endsWith(".attention_begin")) ({ data } = await events.next());
  const payload = Object(data["payload"]);
  assert.equal(data["subject"], `field.ticket.${id}.sla_breach`);
  const receipt = await api.read("receipt.get", { receipt: String(payload["receipt_id"]) });
  assert.equal(receipt.tool_name, "sla.breach");
  const { events: told } = await api.read("ticket.timeline", { ticket: id });
  const facts = Object(told.find((one) => one.id === receipt.receipt_id)?.payload);
  assert.deepEqual(
    [facts["level"], facts["priority"], facts["sla_timer_remaining_minutes"], facts["assigned_tech_id"]],
    ["breach", "URGENT", -1, null],
  );
  events.close();
  const { queue } = await api.read("dispatcher.cockpit");
  assert.deepEqual(
    queue.map((row) => [row.ticket_id, row.sla_status]),
    [
      [id, "breach"],
      [before.id, "healthy"],
    ],
  );
});

test("two workers tell of a deadline once", async () => {
  const api = await startTestApi();
  const workers = await Promise.all([startTestWorker(api), startTestWorker(api)]);
  await keepStill(api);
  const tickets = await Promise.all([1, 2, 3, 4].map(() => ticketIn(api, "TRIAGED", { priority: "EMERGENCY" })));
  api.clock.advance(61);
  await Promise.all(workers.map((worker) => worker.wake()));
  for (const { id } of tickets)
    assert.deepEqual(
      (await toolsOf(api, id)).filter((line) => line.includes("sla.")),
      ["SERVICE sla.breach"],
    );
});

test("work that is completed is past being warned of", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "VERIFIED");
  const worker = await startTestWorker(api);
  api.clock.advance(60 * 24 * 60);
  await worker.wake();
  assert.deepEqual(
    (await toolsOf(api, id)).filter((line) => line.includes("sla.")),
    [],
  );
});

test("old answers, events, refusals and unused uploads go, and what is young or used stays", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const { id } = await ticketIn(api, "DISPATCHED");
  const upload = async () => {
    const body = {
      kind: "PHOTO",
      evidence_key: "photo_after_latched_alignment",
      content_type: "image/png",
      size_bytes: 4,
      sha256: "0".repeat(64),
    };
    const address = await api.run("closeout.request_upload", { ticket: id, body });
    assert.equal(await send(address, Buffer.from("1234")), 201);
    return address.upload_id;
  };
  const [unused, used] = [await upload(), await upload()];
  const leftAt = (uploadId: string) => api.desk.store.stat(`incoming/${uploadId}`);
  await api.desk.store.check();
  await api.owner.query("UPDATE uploads SET used_at = $2 WHERE id = $1", [used, api.clock.iso]);
  await api.refuse("ticket.close", { ticket: id, as: "tech", body: {} });
  const count = async (table: string) =>
    Number((await api.owner.query(`SELECT count(*) AS n FROM ${table}`)).rows[0]?.n);
  const [audit, answers] = [await count("audit_events"), await count("idempotency_keys")];
  assert.ok(answers > 0);
  await worker.wake();
  assert.equal(await count("idempotency_keys"), answers, "all are young");

  api.clock.advance(8 * 24 * 60);
  const young = await upload();
  await worker.wake();
  const { rows } = await api.owner.query("SELECT id FROM uploads ORDER BY id");
  assert.deepEqual(
    rows.map((row) => row.id),
    [used, young].toSorted(),
    `${unused} went`,
  );
  assert.deepEqual(
    [await leftAt(unused), await leftAt(used)],
    [null, null],
    "what came to an address goes, used or not",
  );
  assert.notEqual(await leftAt(young), null);
  const { rows: kept } = await api.owner.query(
    "SELECT min(created_at) > $1::timestamptz - interval '7 days' AS young FROM idempotency_keys",
    [api.clock.iso],
  );
  assert.deepEqual(kept, [{ young: true }]);
  const eventsOlderThan = async (days: number): Promise<number> => {
    const { rows: events } = await api.owner.query<{ n: number }>(
      "SELECT count(*)::integer AS n FROM outbox WHERE created_at < $1::timestamptz - $2 * interval '1 day'",
      [api.clock.iso, days],
    );
    return events[0]?.n ?? assert.fail();
  };
  assert.ok((await eventsOlderThan(7)) > 0, "events stay longer");
  api.clock.advance(23 * 24 * 60);
  await worker.wake();
  assert.equal(await eventsOlderThan(30), 0);
  assert.ok((await count("audit_events")) > audit, "history is never pruned");
});

test("health and metrics tell of workers alive, and of one that fell silent", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api, { env: { DISPATCH_WORKER_HEARTBEAT_MS: "20000" } });
  const workers = async (): Promise<unknown> => JSON.parse((await api.send("GET", "/health")).text).workers;
  await eventually("it shows itself", () => worker.told("worker.heartbeat").length === 1);
  await api.owner.query("UPDATE workers SET seen_at = clock_timestamp() - interval '30 seconds'");
  // The API's clock is wrong, and wrong by more: the database's alone counts.
  api.clock.advance(60);
  const seen = await workers();
  assert.partialDeepStrictEqual(seen, { alive: 1, stale: 0 });
  const age = isObject(seen) ? Number(seen["oldest_age_seconds"]) : NaN;
  assert.ok(age >= 30 && age < 60, `${age} s`);
  await api.owner.query(
    "INSERT INTO workers SELECT gen_random_uuid(), 'gone', host, pid, started_at, seen_at - interval '61 seconds', 20000 FROM workers",
  );
  await metricsWith(
    api,
    /dispatch_workers\{status="alive"\} 1/,
    /dispatch_workers\{status="stale"\} 1/,
    /dispatch_awaiting_technician\{when="due"\} 0/,
    /dispatch_outbox_lag_seconds 0/,
  );
});
