// Two workers and API clients fight over the same tickets and technicians while workers are killed at random moments, drawn
// by a seeded generator: visits are sent, taken back, moved, handed over, and done by crews. Afterwards nobody is booked twice, no
// ticket is lost, no crew is in pieces, and every assignment has its receipt.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chance } from "../../lab/bench/chance.ts";
import { bookingRules, findBroken, storyOf } from "../../lab/bench/worker-proof.ts";
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

/** A dispatcher who sends technicians too, alone or with others, and now and then takes one back, moves a visit or hands it over. */
async function meddle(
  api: TestApi,
  ids: readonly string[],
  next: () => number,
  techIds: readonly string[],
): Promise<void> {
  const note = "Another job takes longer";
  for (const id of ids) {
    const choice = next();
    const techId = techIds[Math.floor(next() * techIds.length)] ?? ana;
    if (choice < 0.35) await api.call("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
    else if (choice < 0.5)
      await api.call("assignment.unassign", { ticket: id, body: { reason_code: "capacity", note } });
    else if (choice < 0.65)
      await api.call("schedule.move", { ticket: id, body: { ...windowOf(api, next() * hours.length), reason: note } });
    else if (choice < 0.8) await api.call("assignment.crew", { ticket: id, body: { add: [techId] } });
    else if (choice < 0.9) {
      await api.call("tech.check_in", { ticket: id, body: { timestamp: api.clock.iso } });
      await api.call("assignment.transfer", { ticket: id, body: { tech_id: techId, reason: note } });
    } else await api.call("assignment.recommend", { ticket: id, body: { service_type: "DEFAULT" } });
  }
}

const hours = Array.from({ length: tickets }, (_, n) => Math.floor(n / perHour));
const windowOf = ({ clock }: TestApi, hour: number) => ({
  start: clock.in(1_440 + Math.floor(hour / perHour) * 120),
  end: clock.in(1_440 + Math.floor(hour / perHour) * 120 + 60),
});

/** Tickets without anybody for which as many as they take are free; of those who wait, not more are told than that. */
const servable = `tickets t
  WHERE t.state = 'SCHEDULED' AND t.assigned_tech_id IS NULL AND (
    SELECT count(*) FROM technicians r WHERE NOT EXISTS (
      SELECT FROM bookings b WHERE b.technician_id = r.id AND b.state = 'firm' AND b.ticket_id <> t.id
        AND b.span && tstzrange(t.scheduled_start, t.scheduled_end))
  ) >= 1 + t.helpers_missing + (SELECT count(*) FROM bookings h WHERE h.ticket_id = t.id AND h.state = 'firm')`;

test("nobody is booked twice and nothing is lost while workers die", async (t) => {
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
  for (const hour of hours) {
    const window = windowOf(api, hour * perHour);
    ids.push((await ticketIn(api, "READY_TO_SCHEDULE", { window })).id);
    const id = ids.at(-1) ?? "";
    await api.run("schedule.propose", { ticket: id, body: { options: [window] } });
    await api.run("schedule.confirm", { ticket: id, body: window });
    if (ids.length % 10 === 0)
      await Promise.all(Array.from({ length: clients }, () => meddle(api, ids.slice(-8), next, techIds)));
  }
  await killing;
  // Claims of the dead lapse by the clock; here they are made to, and what was taken back may go to anybody again.
  assert.deepEqual((await reportOn(api.databaseUrl)).faults, []);
  const { rows: written } = await api.owner.query<{ id: string }>(
    `WITH barred AS (SELECT id FROM tickets WHERE awaiting_technician AND not_technicians <> '[]'), freed AS (
       UPDATE tickets SET assign_after = now(), not_technicians = '[]' WHERE awaiting_technician)
     SELECT id FROM barred`,
  );
  // That was past the desk, and the audit trail says so.
  const ours = new Set(written.map(({ id }) => id));
  await eventually("all that can be served is", async () => (await count(api, servable)) === 0, 60_000);
  const served = await count(api, "tickets WHERE assigned_tech_id IS NOT NULL");

  for (const { rule, tickets: broken } of await findBroken(api.owner, bookingRules)) {
    const story = broken[0] === undefined ? [] : await storyOf(api.owner, broken[0]);
    assert.deepEqual(broken, [], `${rule}\n${story.join("\n")}`);
  }
  const underWay = "tickets WHERE state NOT IN ('SCHEDULED', 'DISPATCHED', 'IN_PROGRESS')";
  assert.equal(await count(api, underWay), 0, "none is lost");
  assert.equal(
    await count(
      api,
      `audit_events e WHERE actor_type = 'SERVICE' AND tool_name = 'assignment.reserve' AND NOT EXISTS (
    SELECT FROM recommendation_snapshots s WHERE s.id::text = e.payload->>'recommendation_snapshot_id'
      AND s.recommended_tech_id::text = e.payload->>'tech_id')`,
    ),
    0,
  );
  const faults = (await reportOn(api.databaseUrl)).faults.filter(({ chain }) => chain === null || !ours.has(chain));
  assert.deepEqual(faults, []);
  const byWorkers = await count(api, "audit_events WHERE actor_type = 'SERVICE' AND tool_name = 'assignment.reserve'");
  assert.ok(byWorkers > 0);
  t.diagnostic(
    `${tickets} tickets, ${served} served, ${byWorkers} technicians booked by workers, ${kills} workers killed, seed ${seed}`,
  );
});
