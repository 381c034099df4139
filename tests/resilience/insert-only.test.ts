// What the API's database role may not do to the past, whatever the code above it does; and that the database knows the
// same machine as the contract.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test, type TestContext } from "node:test";
import pg from "pg";
import { ticketEdges } from "../../dispatch/contract/states.ts";
import { startApiProcess } from "../support/api-process.ts";
import { createTestDatabase } from "../support/database.ts";
import { post } from "./callers.ts";
import { addEvidence, createTicket, layOutField, rowsOf } from "./field.ts";

const insertOnly = ["audit_events", "state_transitions", "evidence_items"] as const;
const columnOf = { audit_events: "actor_id", state_transitions: "from_state", evidence_items: "uri" } as const;

const database = await createTestDatabase();
const ticket = await writtenTicket();

/** A ticket with a row in each of the tables. */
async function writtenTicket(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-role-"));
  after(() => rm(dataDir, { recursive: true, force: true }));
  const api = await startApiProcess({ after }, { databaseUrl: database.url, dataDir });
  const { body } = await post(api, createTicket(await layOutField(database.url)), randomUUID());
  assert.ok(body.id);
  assert.equal((await post(api, addEvidence(body.id), randomUUID())).status, 201);
  await api.kill();
  return body.id;
}

/** A session that acts as the API does, inside a transaction that is never committed. */
async function asApp(t: TestContext, grant?: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  t.after(() => client.end());
  await client.query("BEGIN");
  if (grant !== undefined) await client.query(grant);
  await client.query("SET LOCAL ROLE dispatch_app");
  return client;
}

/** Fails with this SQLSTATE and text, and leaves the transaction as it was. */
async function refuses(
  client: pg.Client,
  statement: string,
  code: string,
  message: RegExp,
  values: readonly unknown[] = [],
): Promise<void> {
  await client.query("SAVEPOINT before");
  await assert.rejects(client.query(statement, [...values]), (error: unknown) => {
    assert.ok(error instanceof pg.DatabaseError, String(error));
    assert.equal(error.code, code, `${statement}: ${error.message}`);
    assert.match(error.message, message);
    return true;
  });
  await client.query("ROLLBACK TO before");
}

const waysToChange = (table: (typeof insertOnly)[number]): string[] => [
  `UPDATE ${table} SET ${columnOf[table]} = 'x'`,
  `UPDATE ${table} SET ${columnOf[table]} = 'x' WHERE false`,
  `DELETE FROM ${table}`,
  `TRUNCATE ${table} CASCADE`,
];

describe("the API's role and the tables that are only added to", () => {
  for (const table of insertOnly) {
    test(`may not change ${table}`, async (t) => {
      const client = await asApp(t);
      for (const statement of waysToChange(table))
        await refuses(client, statement, "42501", /permission denied for table/);
    });

    test(`may not change ${table} either when somebody grants it everything`, async (t) => {
      const client = await asApp(t, "GRANT ALL ON ALL TABLES IN SCHEMA public TO dispatch_app");
      for (const statement of waysToChange(table)) await refuses(client, statement, "42501", /is insert-only/);
    });
  }

  test("may not switch the guard off, nor teach the machine a new move", async (t) => {
    const client = await asApp(t);
    const statements = [
      ...insertOnly.flatMap((table) => [
        `ALTER TABLE ${table} DISABLE TRIGGER insert_only`,
        `DROP TRIGGER insert_only ON ${table}`,
        `DROP TABLE ${table} CASCADE`,
      ]),
      "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
      "INSERT INTO machine_edges VALUES ('ticket', 'NEW', 'CLOSED')",
      "UPDATE machine_edges SET to_state = 'CLOSED'",
      "DELETE FROM machine_edges",
      "SET session_replication_role = replica",
    ];
    for (const statement of statements) await refuses(client, statement, "42501", /permission denied|must be owner/);
  });
});

describe("the machine in the database", () => {
  test("has the contract's edges and no others", async () => {
    const rows = await rowsOf<{ from_state: string; to_state: string }>(
      database.url,
      "SELECT from_state, to_state FROM machine_edges WHERE aggregate = 'ticket'",
    );
    const contract = [...ticketEdges].flatMap(([from, to]) => to.map((state) => `${from} ${state}`));
    assert.deepEqual(
      rows.map(({ from_state, to_state }) => `${from_state} ${to_state}`).toSorted(),
      contract.toSorted(),
    );
  });

  test("refuses a transition that is none of its edges, whoever writes it", async (t) => {
    const insert = `INSERT INTO state_transitions (audit_event_id, step, aggregate, aggregate_id, from_state, to_state, created_at)
                    SELECT id, 9, $2, aggregate_id, $3, $4, created_at FROM audit_events WHERE ticket_id = $1 AND seq = 2`;
    const [app, owner] = [await asApp(t), await asApp(t)];
    await owner.query("RESET ROLE");
    for (const session of [app, owner]) {
      for (const [from, to] of [
        ["NEW", "CLOSED"],
        ["CLOSED", "NEW"],
        ["NEW", "NEW"],
        ["@new", "CLOSED"],
        ["NEW", "NOWHERE"],
      ]) {
        await refuses(session, insert, "23503", /is no edge of its machine/, [ticket, "ticket", from, to]);
      }
      await refuses(session, insert, "23503", /is no edge of its machine/, [ticket, "task", "NEW", "TRIAGED"]);
      await session.query("SAVEPOINT before");
      const { rowCount } = await session.query(insert, [ticket, "ticket", "NEW", "TRIAGED"]);
      assert.equal(rowCount, 1, "an edge of the machine is stored");
      await session.query("ROLLBACK TO before");
    }
  });
});
