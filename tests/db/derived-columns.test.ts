// The columns of a ticket that follow from its state, who has it and what was offered: a trigger writes them, whoever writes the
// ticket, and nothing about them is left to be worked out by Postgres for each statement.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import pg from "pg";
import { finalStates, ticketStates, type TicketState } from "../../dispatch/contract/states.ts";
import { createTestDatabase } from "../support/database.ts";

const account = "aaaaaaaa-0000-4000-8000-000000000001";
const site = "bbbbbbbb-0000-4000-8000-000000000001";
const technician = "dddddddd-0000-4000-8000-000000000001";
const offered = JSON.stringify([{ end: "2026-03-03T10:00:00.000Z" }, { end: "2026-03-02T10:00:00.000Z" }]);

const isIn = (state: TicketState, ...states: readonly TicketState[]): boolean => states.includes(state);

const start = "2026-03-02T09:00:00.000Z";
const deadline = "2026-03-02T10:00:00.000Z";
/** Where a ticket whose clock does not stand for a customer is in the queue: behind all that is live once it is done. */
const placeOf = (state: TicketState): string => {
  if (state === "COMPLETED_PENDING_VERIFICATION") return deadline.replace("2026", "12026");
  return isIn(state, "VERIFIED", "INVOICED", ...finalStates) ? deadline.replace("2026", "22026") : deadline;
};

const derivedOf = (state: TicketState, tech: string | null) => ({
  is_open: !isIn(state, ...finalStates),
  in_queue: !isIn(state, "VERIFIED", "INVOICED", ...finalStates),
  sla_watched: !isIn(state, "COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED", ...finalStates),
  in_scheduling: isIn(state, "READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED", "PENDING_CUSTOMER_CONFIRMATION"),
  in_work: (state === "SCHEDULED" && tech !== null) || isIn(state, "DISPATCHED", "ON_SITE", "IN_PROGRESS", "ON_HOLD"),
  awaiting_technician: state === "SCHEDULED" && tech === null,
  reserved: state === "SCHEDULED" && tech !== null,
  arrival_due: isIn(state, "SCHEDULED", "DISPATCHED"),
  proposal_ends: state === "SCHEDULE_PROPOSED" ? "2026-03-03T10:00:00.000Z" : null,
  queue_at: placeOf(state),
});
const names = Object.keys(derivedOf("NEW", null));

describe("what is derived of a ticket", async () => {
  const client = new pg.Client({ connectionString: (await createTestDatabase()).url });
  // The database may be dropped before.
  client.on("error", () => undefined);
  await client.connect();
  after(() => client.end());
  await client.query("INSERT INTO accounts (id, name) VALUES ($1, 'Account')", [account]);
  await client.query("INSERT INTO sites (id, account_id, name) VALUES ($1, $2, 'Site')", [site, account]);
  await client.query("INSERT INTO technicians (id, name) VALUES ($1, 'Technician')", [technician]);

  const insert = async (state: TicketState, tech: string | null): Promise<string> => {
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO tickets (id, account_id, site_id, state, assigned_tech_id, proposed_windows, summary, scheduled_start,
                            sla_target_minutes, sla_deadline_at, created_at, updated_at, last_transition_at, audit_seq, audit_hash)
       VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, 'derived', $6, 60, $7, now(), now(), now(), 0, '') RETURNING id`,
      [account, site, state, tech, offered, start, deadline],
    );
    return rows[0]?.id ?? assert.fail();
  };
  // As text, since no Date of JavaScript has a year of five digits without a sign.
  const utc = (name: string) => `to_char(${name} AT TIME ZONE 'UTC', 'FMYYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ${name}`;
  const columns = names.map((name) => (name === "queue_at" ? utc(name) : name)).join(", ");
  const read = async (id: string) => (await client.query(`SELECT ${columns} FROM tickets WHERE id = $1`, [id])).rows[0];

  for (const state of ticketStates)
    test(`is right in ${state}, from the beginning and when it comes there`, async () => {
      for (const tech of [null, technician]) {
        assert.deepEqual(await read(await insert(state, tech)), derivedOf(state, tech));
        for (const from of ticketStates) {
          const id = await insert(from, null);
          await client.query("UPDATE tickets SET state = $2 WHERE id = $1", [id, state]);
          await client.query("UPDATE tickets SET assigned_tech_id = $2 WHERE id = $1", [id, tech]);
          assert.deepEqual(await read(id), derivedOf(state, tech), `from ${from}`);
        }
      }
    });

  test("follows what is offered", async () => {
    const id = await insert("SCHEDULE_PROPOSED", null);
    await client.query(`UPDATE tickets SET proposed_windows = '[{"end": "2026-04-01T10:00:00.000Z"}]' WHERE id = $1`, [
      id,
    ]);
    assert.equal((await read(id)).proposal_ends, "2026-04-01T10:00:00.000Z");
  });

  test("a clock that stands holds the time it had left, and a visit put off has all of it before its start", async () => {
    const id = await insert("PENDING_CUSTOMER_CONFIRMATION", null);
    for (const [stopped, left] of [
      ["2026-03-02T09:20:00.000Z", "500-01-01T00:40:00.000Z"],
      ["2026-03-02T10:20:00.000Z", "499-12-31T23:40:00.000Z"],
      ["2026-03-02T08:00:00.000Z", "500-01-01T01:00:00.000Z"],
    ]) {
      await client.query("UPDATE tickets SET sla_stopped_at = $2 WHERE id = $1", [id, stopped]);
      const { sla_watched, queue_at } = await read(id);
      assert.deepEqual([sla_watched, queue_at], [false, left]);
    }
    await client.query("UPDATE tickets SET sla_stopped_at = NULL WHERE id = $1", [id]);
    assert.deepEqual(await read(id), derivedOf("PENDING_CUSTOMER_CONFIRMATION", null));
  });

  for (const [name, value] of Object.entries(derivedOf("SCHEDULED", null)))
    test(`is not what a statement says of ${name}`, async () => {
      const id = await insert("SCHEDULED", null);
      const other = typeof value === "boolean" ? !value : "2030-01-01T00:00:00.000Z";
      await client.query(`UPDATE tickets SET ${name} = $2 WHERE id = $1`, [id, other]);
      assert.deepEqual(await read(id), derivedOf("SCHEDULED", null));
    });

  test("is nothing that Postgres generates, which would cost every write of a ticket 4 us a column", async () => {
    const { rows } = await client.query(
      "SELECT attname FROM pg_attribute WHERE attrelid = 'tickets'::regclass AND attgenerated <> '' AND NOT attisdropped",
    );
    assert.deepEqual(rows, []);
  });
});
