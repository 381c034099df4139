// Two workers and API clients fight over the same tickets and technicians while workers are killed at random moments, drawn
// by a seeded generator. Afterwards nobody is booked twice, no ticket is lost, and every assignment has its receipt.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chance } from "../../lab/bench/chance.ts";
import { reportOn } from "../resilience/audit-report.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { addTechnician, ana, ben } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { startWorkerProcess, type WorkerProcess } from "../support/worker-process.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const seed = 4_2026;
const tickets = 40;
const clients = 3;
const kills = 4;
const technicians = 4;
/** Tickets share these hours, so that technicians run out: at most four of the five at an hour can be served. */
const perHour = 5;

const count = async (api: TestApi, sql: string): Promise<number> =>
  Number((await api.owner.query(`SELECT count(*) AS n FROM ${sql}`)).rows[0]?.n);

/** A dispatcher who sends technicians too, and now and then takes one back. */
async function meddle(
  api: TestApi,
  ids: readonly string[],
  next: () => number,
  techIds: readonly string[],
): Promise<void> {
  for (const id of ids) {
    const choice = next();
    const techId = techIds[Math.floor(next() * techIds.length)] ?? ana;
    if (choice < 0.5) await api.call("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
    else if (choice < 0.7)
      await api.call("assignment.unassign", {
        ticket: id,
        body: { reason_code: "capacity", note: "Another job takes longer" },
      });
    else await api.call("assignment.recommend", { ticket: id, body: { service_type: "DEFAULT" } });
  }
}

test("nobody is booked twice and nothing is lost while workers die", { timeout: 300_000 }, async (t) => {
  const api = await startTestApi({ t });
  // The workers are processes of their own and go by the machine's clock.
  api.clock.set(new Date().toISOString());
  const next = chance(seed);
  const techIds = [ana, ben];
  while (techIds.length < technicians) techIds.push(await addTechnician(api.owner, {}));
  const start = (name: string): Promise<WorkerProcess> =>
    startWorkerProcess(t, { ...api, settings: { DISPATCH_WORKER_IDENTITY: name, DISPATCH_POLICY_PROFILE: "pilot" } });
  const workers = await Promise.all([start("worker-a"), start("worker-b")]);

  const ids: string[] = [];
  const killing = (async () => {
    for (let n = 1; n <= kills; n++) {
      await eventually(`enough work before the kill ${n}`, () => ids.length >= (n * tickets) / (kills + 1), 120_000);
      const at = Math.floor(next() * workers.length);
      await workers[at]?.kill();
      workers[at] = await start(at === 0 ? "worker-a" : "worker-b");
    }
  })();
  const hours = Array.from({ length: tickets }, (_, n) => Math.floor(n / perHour));
  for (const hour of hours) {
    const window = { start: api.clock.in(1_440 + hour * 120), end: api.clock.in(1_440 + hour * 120 + 60) };
    ids.push((await ticketIn(api, "READY_TO_SCHEDULE", { window })).id);
    const id = ids.at(-1) ?? "";
    await api.run("schedule.propose", { ticket: id, body: { options: [window] } });
    await api.run("schedule.confirm", { ticket: id, body: window });
    if (ids.length % 10 === 0)
      await Promise.all(Array.from({ length: clients }, () => meddle(api, ids.slice(-8), next, techIds)));
  }
  await killing;
  // Claims of the dead lapse by the clock; here they are made to, and what was taken back may go to anybody again.
  await api.owner.query("UPDATE tickets SET assign_after = now(), not_technicians = '[]' WHERE awaiting_technician");
  const served = technicians * (tickets / perHour);
  await eventually(
    "all that can be served is",
    async () => (await count(api, "bookings WHERE state = 'firm'")) === served,
    60_000,
  );

  const overlaps = await count(
    api,
    `bookings a JOIN bookings b ON a.technician_id = b.technician_id AND a.id < b.id AND a.span && b.span
    WHERE a.state IN ('tentative', 'firm') AND b.state IN ('tentative', 'firm')`,
  );
  assert.equal(overlaps, 0);
  assert.equal(await count(api, "tickets WHERE state NOT IN ('SCHEDULED', 'DISPATCHED')"), 0, "none is lost");
  assert.equal(
    await count(
      api,
      `tickets t WHERE (assigned_tech_id IS NOT NULL) <> EXISTS (
    SELECT FROM bookings b WHERE b.ticket_id = t.id AND b.technician_id = t.assigned_tech_id AND b.state = 'firm')`,
    ),
    0,
    "none is half assigned",
  );
  assert.equal(
    await count(
      api,
      `bookings b WHERE state = 'firm' AND NOT EXISTS (
    SELECT FROM audit_events e WHERE e.ticket_id = b.ticket_id AND e.payload->>'booking_id' = b.id::text)`,
    ),
    0,
    "every booking has its receipt",
  );
  assert.equal(
    await count(
      api,
      `audit_events e WHERE actor_type = 'SERVICE' AND tool_name = 'assignment.reserve' AND NOT EXISTS (
    SELECT FROM recommendation_snapshots s WHERE s.id::text = e.payload->>'recommendation_snapshot_id'
      AND s.recommended_tech_id::text = e.payload->>'tech_id')`,
    ),
    0,
  );
  assert.deepEqual((await reportOn(api.databaseUrl)).faults, []);
  const byWorkers = await count(api, "audit_events WHERE actor_type = 'SERVICE' AND tool_name = 'assignment.reserve'");
  assert.ok(byWorkers > 0);
  t.diagnostic(
    `${tickets} tickets, ${served} served, ${byWorkers} technicians booked by workers, ${kills} workers killed, seed ${seed}`,
  );
});
