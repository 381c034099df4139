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

const derivedOf = (state: TicketState, tech: string | null) => ({
  is_open: !isIn(state, ...finalStates),
  in_queue: !isIn(state, "VERIFIED", "INVOICED", ...finalStates),
  sla_watched: !isIn(state, "COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED", ...finalStates),
  in_scheduling: isIn(state, "READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED", "PENDING_CUSTOMER_CONFIRMATION"),
  in_work: (state === "SCHEDULED" && tech !== null) || isIn(state, "DISPATCHED", "ON_SITE", "IN_PROGRESS", "ON_HOLD"),
  awaiting_technician: state === "SCHEDULED" && tech === null,
  reserved: state === "SCHEDULED" && tech !== null,
  proposal_ends: state === "SCHEDULE_PROPOSED" ? "2026-03-03T10:00:00.000Z" : null,
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
      `INSERT INTO tickets (id, account_id, site_id, state, assigned_tech_id, proposed_windows, summary, sla_target_minutes,
                            sla_deadline_at, created_at, updated_at, last_transition_at, audit_seq, audit_hash)
       VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, 'derived', 60, now(), now(), now(), now(), 0, '') RETURNING id`,
      [account, site, state, tech, offered],
    );
    return rows[0]?.id ?? assert.fail();
  };
  const read = async (id: string) =>
    (await client.query(`SELECT ${names.join(", ")} FROM tickets WHERE id = $1`, [id])).rows[0];

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
