// The worker's first duty: scheduled tickets find their technician, the worst first, and what cannot be assigned waits
// with its reason and is looked at again when that may have changed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isObject } from "../../dispatch/kernel/json.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { addSite, addTechnician, ana, ben } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { freeWindow, ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

const stateOf = async (api: TestApi, ticket: string) => {
  const { state, assigned_tech_id } = await api.read("ticket.get", { ticket });
  return { state, assigned_tech_id };
};

type Aside = { assign_after: string | null; assign_attempts: number; assign_reason: string | null };

async function aside(api: TestApi, ticket: string): Promise<Aside> {
  const { rows } = await api.owner.query<Aside>(
    `SELECT to_char(assign_after, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS assign_after, assign_attempts, ` +
      "assign_reason FROM tickets WHERE id = $1",
    [ticket],
  );
  return rows[0] ?? assert.fail(`no ticket ${ticket}`);
}

describe("a scheduled ticket", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);

  test("that is due soon is dispatched by the worker, with a snapshot, a booking and a history that tells all of it", async () => {
    const window = { start: api.clock.in(600), end: api.clock.in(660) };
    const { id } = await ticketIn(api, "SCHEDULED", { window });
    await worker.wake();
    assert.deepEqual(await stateOf(api, id), { state: "DISPATCHED", assigned_tech_id: ana });
    const { events } = await api.read("ticket.timeline", { ticket: id });
    const [recommended, dispatched] = events.slice(-2);
    assert.deepEqual([recommended?.tool_name, dispatched?.tool_name], ["assignment.recommend", "assignment.dispatch"]);
    assert.deepEqual(
      [dispatched?.actor_id, dispatched?.actor_type, dispatched?.actor_role],
      ["dispatch-worker", "SERVICE", "dispatcher"],
    );
    assert.equal(dispatched?.correlation_id, recommended?.correlation_id);
    const [choice, sent] = [recommended?.payload, dispatched?.payload];
    assert.ok(isObject(choice) && isObject(sent));
    const { dispatch_mode, recommendation_snapshot_id, tech_id } = sent;
    assert.deepEqual([dispatch_mode, recommendation_snapshot_id, tech_id], ["WORKER_AUTO", choice["snapshot_id"], ana]);
    const { rows } = await api.owner.query("SELECT state, technician_id FROM bookings WHERE ticket_id = $1", [id]);
    assert.deepEqual(rows, [{ state: "firm", technician_id: ana }]);
    const line = worker.told("worker.dispatch_success").find((one) => one["ticket_id"] === id);
    assert.equal(line?.["receipt_id"], dispatched?.id);
  });

  test("comes before another whose deadline is later, and two at the same time get two technicians", async () => {
    const window = freeWindow(api);
    const later = await ticketIn(api, "READY_TO_SCHEDULE", { priority: "ROUTINE" });
    const sooner = await ticketIn(api, "READY_TO_SCHEDULE", { priority: "EMERGENCY" });
    // A pause keeps the worker from either until both are there.
    await api.run("ops.autonomy.pause", { body: {} });
    for (const { id } of [later, sooner]) {
      await api.run("schedule.propose", { ticket: id, body: { options: [window] } });
      await api.run("schedule.confirm", { ticket: id, body: window });
    }
    for (const { id } of [later, sooner]) {
      await worker.wake();
      await worker.until("it waits for the pause to end", async () => (await aside(api, id)).assign_attempts === 1);
    }
    await api.run("ops.autonomy.rollback", { body: {} });
    await worker.wake();
    await worker.until("both have somebody", async () => (await stateOf(api, later.id)).assigned_tech_id !== null);
    const sent = [await stateOf(api, sooner.id), await stateOf(api, later.id)].map((one) => one.assigned_tech_id);
    assert.deepEqual(sent.toSorted(), [ana, ben]);
    assert.deepEqual(
      worker
        .told("worker.reserve_success")
        .map((line) => line["ticket_id"])
        .slice(-2),
      [sooner.id, later.id],
    );
  });

  test("that nobody on the roster can do waits an hour with its reason, or until the roster changes", async () => {
    const site = await addSite(api.owner, { region: "NV" });
    const { id } = await ticketIn(api, "SCHEDULED", { siteId: site });
    await worker.until("it is put aside", async () => (await aside(api, id)).assign_attempts === 1);
    // It is told of once the row says so.
    await worker.wake();
    assert.deepEqual(await aside(api, id), {
      assign_after: api.clock.in(60),
      assign_attempts: 1,
      assign_reason: "ZONE_MISMATCH",
    });
    assert.ok(
      worker
        .told("worker.no_recommendation")
        .some((line) => line["ticket_id"] === id && line["reason"] === "ZONE_MISMATCH"),
    );

    // Somebody who works there joins: no waiting for the hour to pass.
    const vera = await addTechnician(api.owner, { zone: "NV" });
    await worker.until("she has it", async () => {
      return (await stateOf(api, id)).assigned_tech_id === vera;
    });
  });

  test("that waits because everybody is booked waits twice as long each time, and has somebody as soon as one becomes free", async () => {
    const window = freeWindow(api);
    // A pause keeps the worker from being quicker than who is to take them.
    await api.run("ops.autonomy.pause", { body: {} });
    const taken = await Promise.all([ana, ben].map((techId) => ticketIn(api, "DISPATCHED", { window, techId })));
    await api.run("ops.autonomy.rollback", { body: {} });
    const { id } = await ticketIn(api, "SCHEDULED", { window });
    await worker.wake();
    assert.deepEqual(await aside(api, id), {
      assign_after: api.clock.in(0.5),
      assign_attempts: 1,
      assign_reason: "NOBODY_AVAILABLE",
    });
    await worker.wake();
    assert.equal((await aside(api, id)).assign_attempts, 1, "not before its time");
    api.clock.advance(0.5);
    await worker.wake();
    assert.deepEqual(await aside(api, id), {
      assign_after: api.clock.in(1),
      assign_attempts: 2,
      assign_reason: "NOBODY_AVAILABLE",
    });
    await api.run("ticket.cancel", { ticket: taken[1]?.id ?? "", body: { reason: "the customer mended it" } });
    await worker.wake();
    await worker.until("it is booked", async () => (await stateOf(api, id)).assigned_tech_id === ben);
    const { rows } = await api.owner.query("SELECT count(*)::int AS left FROM availability_changes");
    assert.deepEqual(rows, [{ left: 0 }]);
  });

  test("that was sent past scheduling and taken back is for now: nobody is sent who is away at this hour", async () => {
    const zone = "UT";
    const [better, other] = [
      await addTechnician(api.owner, { zone, quality: 90 }),
      await addTechnician(api.owner, { zone, quality: 10 }),
    ];
    const { id } = await ticketIn(api, "TRIAGED", {
      priority: "EMERGENCY",
      siteId: await addSite(api.owner, { region: zone }),
    });
    const bypass = {
      dispatch_mode: "EMERGENCY_BYPASS",
      dispatch_rationale: "the shop front is open",
      dispatch_confirmation: true,
    };
    await api.run("assignment.dispatch", { ticket: id, body: { tech_id: better, ...bypass } });
    await api.run("roster.time_off", {
      technician: better,
      body: { add: [{ start: api.clock.iso, end: api.clock.in(60) }] },
    });
    await api.run("assignment.unassign", {
      ticket: id,
      body: { reason_code: "capacity", note: "she had to see a doctor" },
    });
    await worker.wake();
    assert.deepEqual(await stateOf(api, id), { state: "SCHEDULED", assigned_tech_id: null }, "hands off for a while");
    api.clock.advance(11);
    await worker.wake();
    assert.deepEqual(await stateOf(api, id), { state: "DISPATCHED", assigned_tech_id: other });
  });

  test("is left alone while its scope is paused, also when the pause comes between choosing and sending", async () => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    await api.run("ops.autonomy.pause", {
      body: { scope_type: "TICKET", ticket_id: id, reason: "the customer wants to talk first" },
    });
    const window = freeWindow(api);
    await api.run("schedule.propose", { ticket: id, body: { options: [window] } });
    await api.run("schedule.confirm", { ticket: id, body: window });
    await worker.wake();
    assert.equal((await stateOf(api, id)).state, "SCHEDULED");
    assert.equal((await aside(api, id)).assign_reason, "AUTONOMY_DISABLED");
    const { events } = await api.read("ticket.timeline", { ticket: id });
    assert.ok(!events.some(({ actor_type }) => actor_type === "SERVICE"), "nothing was done to it");
    // What the worker would do after having chosen: the last check is in the command itself.
    const { recommendations, snapshot_id } = await api.run("assignment.recommend", {
      ticket: id,
      body: { service_type: "DEFAULT" },
    });
    const body = {
      tech_id: recommendations[0]?.tech_id,
      recommendation_snapshot_id: snapshot_id,
      dispatch_mode: "WORKER_AUTO",
    };
    assert.equal((await api.refuse("assignment.dispatch", { ticket: id, body })).error.code, "AUTONOMY_DISABLED");
    await api.run("ops.autonomy.rollback", { body: { scope_type: "TICKET", ticket_id: id } });
    await worker.wake();
    await worker.until("it is booked after the pause", async () => (await stateOf(api, id)).assigned_tech_id !== null);
  });

  test("that another command holds is passed over and taken up a moment later", async () => {
    const other = await api.owner.connect();
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const window = freeWindow(api);
    await api.run("schedule.propose", { ticket: id, body: { options: [window] } });
    await api.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: id } });
    await api.run("schedule.confirm", { ticket: id, body: window });
    await worker.wake();
    try {
      await other.query("BEGIN");
      await other.query("SELECT FROM tickets WHERE id = $1 FOR UPDATE", [id]);
      await api.run("ops.autonomy.rollback", { body: { scope_type: "TICKET", ticket_id: id } });
      await worker.wake();
      assert.equal((await stateOf(api, id)).assigned_tech_id, null);
      await other.query("ROLLBACK");
    } finally {
      other.release();
    }
    api.clock.advance(1);
    await worker.wake();
    assert.notEqual((await stateOf(api, id)).assigned_tech_id, null);
  });
});

test("a ticket that is put aside and then given another time is tried anew at once", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  await api.owner.query("UPDATE technicians SET drained_at = now()");
  const { id } = await ticketIn(api, "SCHEDULED");
  await worker.until("it is put aside", async () => {
    const { assign_reason, assign_attempts } = await aside(api, id);
    return assign_reason === "NOBODY_AVAILABLE" && assign_attempts > 0;
  });
  await api.run("schedule.reopen", { ticket: id, body: { reason: "another day" } });
  assert.deepEqual(await aside(api, id), { assign_after: null, assign_attempts: 0, assign_reason: null });
});

test("news of a commit wakes the worker; without it the tick does", async () => {
  const api = await startTestApi();
  await startTestWorker(api);
  const first = await ticketIn(api, "SCHEDULED");
  await eventually("woken by news", async () => (await stateOf(api, first.id)).assigned_tech_id !== null);
});

test("with listening cut off the tick finds the ticket", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api, { env: { DISPATCH_WORKER_LOOP_MS: "100" } });
  const stopListening = setInterval(() => {
    void api.owner.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dispatch-worker " +
        "listen' AND datname = current_database()",
    );
  }, 20);
  try {
    await eventually("the listener is gone", () => worker.told("worker.waiting").length > 0);
    const { id } = await ticketIn(api, "SCHEDULED");
    await eventually("found by the tick", async () => (await stateOf(api, id)).assigned_tech_id !== null);
  } finally {
    clearInterval(stopListening);
  }
  const [lost, back] = [worker.told("worker.waiting").length, worker.told("worker.recovered").length];
  assert.ok(lost - back <= 1, `told ${lost} times that it was lost and ${back} times that it was back`);
});

test("the next ticket is found by index, however many were put aside", async () => {
  const api = await startTestApi();
  const { id } = await ticketIn(api, "SCHEDULED");
  await api.owner.query(
    `INSERT INTO tickets (id, account_id, site_id, state, summary, scheduled_start, scheduled_end, sla_target_minutes, sla_deadline_at,
                          created_at, updated_at, last_transition_at, audit_seq, audit_hash, assign_after)
     SELECT gen_random_uuid(), account_id, site_id, 'SCHEDULED', 'stuck', scheduled_start, scheduled_end, 60, '2020-01-01',
            created_at, updated_at, last_transition_at, 0, '', now() + interval '1 year'
     FROM tickets, generate_series(1, 5000) WHERE id = $1`,
    [id],
  );
  await api.owner.query("ANALYZE tickets");
  const plans: [string, string][] = [
    ["tickets_awaiting", "awaiting_technician AND assign_after IS NULL ORDER BY assign_after, sla_deadline_at"],
    ["tickets_awaiting", "awaiting_technician AND assign_after <= now() ORDER BY assign_after, sla_deadline_at"],
  ];
  for (const [index, condition] of plans) {
    const { rows } = await api.owner.query<{ "QUERY PLAN": string }>(
      `EXPLAIN (ANALYZE, BUFFERS OFF) SELECT id FROM tickets WHERE ${condition} LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`,
    );
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    assert.match(plan, new RegExp(`Index Scan using ${index} `), plan);
    assert.doesNotMatch(plan, /Rows Removed by Filter/, plan);
  }
});
