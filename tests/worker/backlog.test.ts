// A long line of tickets nobody can do must not keep the worker from those it can help, nor may one ticket that brings
// about a defect.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { acme, addSite, addTechnician } from "../support/directory.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

const line = 200;

/** Tickets in a zone where nobody works, never tried, each more urgent than anything a test makes; their lateness is told of. */
async function addLine(api: TestApi, siteId: string): Promise<void> {
  await api.owner.query(
    `INSERT INTO tickets (id, account_id, site_id, state, priority, incident_type, summary, scheduled_start, scheduled_end,
                          sla_target_minutes, sla_deadline_at, created_at, updated_at, last_transition_at, audit_seq, audit_hash, sla_level)
     SELECT gen_random_uuid(), $1, $2, 'SCHEDULED', 'EMERGENCY', 'DOOR_WONT_LATCH', 'Waiting', at + n * interval '1 minute',
            at + n * interval '1 minute' + interval '1 hour', 60, at - interval '1 day', at, at, at, 0, '', 2
     FROM (SELECT $3::timestamptz AS at) AS now, generate_series(1, $4::int) AS n`,
    [acme.id, siteId, api.clock.iso, line],
  );
}

const untried = async (api: TestApi): Promise<number> =>
  Number(
    (await api.owner.query("SELECT count(*) AS n FROM tickets WHERE awaiting_technician AND assign_attempts = 0"))
      .rows[0]?.n,
  );

test("what nobody is able to do is put aside together, and comes back when the roster changes", async (t) => {
  const api = await startTestApi({ t });
  const nevada = await addSite(api.owner, { region: "nv " });
  await addLine(api, nevada);
  const worker = await startTestWorker(api, { t });
  const { id } = await ticketIn(api, "SCHEDULED");
  await worker.wake();
  assert.notEqual((await api.read("ticket.get", { ticket: id })).assigned_tech_id, null);
  assert.equal(await untried(api), 0);
  const tries = worker.told("worker.no_recommendation").length;
  assert.ok(tries <= 5, `${tries} were tried one by one`);

  await addTechnician(api.owner, { zone: "NV" });
  await worker.wake();
  const { rows } = await api.owner.query(
    "SELECT count(*)::int AS unable FROM tickets WHERE awaiting_technician AND assign_unable",
  );
  assert.deepEqual(rows, [{ unable: 0 }]);
  assert.ok(worker.told("worker.dispatch_success").length > 0, "somebody goes to Nevada");
});

test("a booking given back while another holds a waiting ticket is not forgotten", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  await worker.wake();
  const window = { start: api.clock.in(600), end: api.clock.in(660) };
  await api.owner.query("UPDATE technicians SET drained_at = now() WHERE name LIKE 'Ben%'");
  const { id: taken } = await ticketIn(api, "DISPATCHED", { window });
  const { id } = await ticketIn(api, "SCHEDULED", { window });
  await worker.wake();
  const holder = await api.owner.connect();
  try {
    await holder.query("BEGIN");
    await holder.query("SELECT FROM tickets WHERE id = $1 FOR UPDATE", [id]);
    await api.run("ticket.cancel", { ticket: taken, body: { reason: "mended by itself" } });
    await worker.wake();
    assert.equal((await api.read("ticket.get", { ticket: id })).state, "SCHEDULED");
    await holder.query("ROLLBACK");
  } finally {
    holder.release();
  }
  await worker.until("somebody is sent", async () => {
    return (await api.read("ticket.get", { ticket: id })).state === "DISPATCHED";
  });
});

test("a ticket that brings about a defect is put aside, and the others are served", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  await api.run("ops.autonomy.pause", { body: {} });
  const [poison, well] = [
    await ticketIn(api, "SCHEDULED", { priority: "EMERGENCY" }),
    await ticketIn(api, "SCHEDULED"),
  ];
  await worker.wake();
  await api.owner.query(`
    CREATE FUNCTION break_one() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.ticket_id = '${poison.id}' THEN RAISE EXCEPTION 'broken'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER break_one BEFORE INSERT ON recommendation_snapshots FOR EACH ROW EXECUTE FUNCTION break_one()`);
  await api.run("ops.autonomy.rollback", { body: {} });
  await worker.wake();
  assert.notEqual((await api.read("ticket.get", { ticket: well.id })).assigned_tech_id, null);
  assert.equal((await api.read("ticket.get", { ticket: poison.id })).assigned_tech_id, null);
  const { rows } = await api.owner.query("SELECT assign_reason FROM tickets WHERE id = $1", [poison.id]);
  assert.deepEqual(rows, [{ assign_reason: "DEFECT" }]);
  assert.equal(worker.told("worker.recommend_error").length, 1);
});
