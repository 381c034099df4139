// Rows that somebody wrote past the pipeline, with the login of the API or as the owner of the database: what the history does not
// say of them is found, and nobody decides on it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { aggregates } from "../../dispatch/aggregates.ts";
import { auditHash, type AuditEvent } from "../../dispatch/kernel/audit.ts";
import { verifyAudit, verifyChains } from "../../dispatch/kernel/verify-audit.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { testStatement } from "../support/statement.ts";
import { ticketIn } from "../support/ticket-builder.ts";

/** Of a ticket's columns those that no event vouches for: the worker's notes to itself, what was told, and what a trigger derives. */
const notVouchedFor = [
  "arrival_due",
  "arrive_by",
  "asking",
  "assign_after",
  "assign_attempts",
  "assign_reason",
  "assign_tried_at",
  "assign_unable",
  "attention_code",
  "attention_since",
  "awaiting_technician",
  "in_queue",
  "in_scheduling",
  "in_work",
  "is_open",
  "last_transition_at",
  "proposal_ends",
  "queue_at",
  "reserved",
  "sla_level",
  "sla_watched",
];
/** Columns whose change is found as another fault, or which name the row. */
const foundOtherwise = ["id", "state", "audit_seq", "audit_hash", "audit_at"];

/** Another value of a type. */
const otherValue: Readonly<Record<string, (column: string) => string>> = {
  text: (column) => `coalesce(${column}, '') || 'x'`,
  uuid: () => "gen_random_uuid()",
  integer: (column) => `coalesce(${column}, 0) + 1`,
  smallint: (column) => `coalesce(${column}, 0) + 1`,
  bigint: (column) => `coalesce(${column}, 0) + 1`,
  boolean: (column) => `NOT ${column}`,
  "double precision": (column) => `coalesce(${column}, 0) + 1`,
  jsonb: () => `'[{"x": 1}]'`,
  "timestamp with time zone": (column) => `coalesce(${column}, now()) + interval '1 minute'`,
  date: (column) => `coalesce(${column}, current_date) + 1`,
  tstzrange: (column) => `tstzrange(lower(${column}), upper(${column}) + interval '1 minute')`,
};

type Column = { readonly name: string; readonly type: string };

async function columnsOf({ owner }: TestApi, table: string): Promise<Column[]> {
  const { rows } = await owner.query<Column>(
    "SELECT column_name AS name, coalesce(nullif(data_type, 'USER-DEFINED'), udt_name) AS type FROM information_schema.columns " +
      "WHERE table_name = $1 AND table_schema = 'public' ORDER BY 1",
    [table],
  );
  return rows;
}

/** As the owner, and past every check of the database. */
async function write(api: TestApi, text: string, values: readonly unknown[] = []): Promise<void> {
  const client = await api.owner.connect();
  try {
    await client.query("BEGIN");
    await client.query("SET LOCAL session_replication_role = replica");
    await client.query(text, [...values]);
    await client.query("COMMIT");
  } finally {
    await client.query("ROLLBACK");
    client.release();
  }
}

/** With the rights that whoever has the API's login has. */
const asApp = async (api: TestApi, text: string, values: readonly unknown[] = []): Promise<void> =>
  void (await api.desk.db.row(testStatement(`past_${randomUUID()}`, text), values));

const report = (api: TestApi) => verifyAudit(api.desk.db, aggregates);

/** The id just below, behind which a verification begins with this chain. */
function below(id: string): string {
  const hex = (BigInt(`0x${id.replaceAll("-", "")}`) - 1n).toString(16).padStart(32, "0");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

async function faults(api: TestApi, ticket: string): Promise<string[]> {
  const [ofTickets] = aggregates;
  assert.ok(ofTickets);
  const { chains, faults: found } = await verifyChains(api.desk.db, ofTickets, below(ticket), 1);
  assert.equal(chains, 1);
  assert.ok(found.every(({ chain }) => chain === ticket));
  return found.map(({ kind, seq }) => `${kind} ${seq}`);
}

describe("a row that was written past the pipeline", async () => {
  const api = await startTestApi();
  before(async () => {
    // Values are made up by type: the database's own checks would refuse some of them.
    const { rows } = await api.owner.query<{ drop: string }>(
      `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) AS drop FROM pg_constraint
       WHERE contype IN ('c', 'x', 'u') AND connamespace = 'public'::regnamespace
       UNION ALL SELECT 'DROP INDEX bookings_live_ticket, bookings_live_member, schedule_holds_active'`,
    );
    for (const { drop } of rows) await api.owner.query(drop);
  });

  const tables: readonly { name: string; state: Parameters<typeof ticketIn>[1]; free: readonly string[] }[] = [
    { name: "bookings", state: "DISPATCHED", free: ["exclusive", "updated_at"] },
    { name: "approvals", state: "APPROVAL_REQUIRED", free: [] },
    { name: "schedule_holds", state: "PENDING_CUSTOMER_CONFIRMATION", free: [] },
    { name: "evidence_items", state: "COMPLETED_PENDING_VERIFICATION", free: [] },
    { name: "completions", state: "COMPLETED_PENDING_VERIFICATION", free: ["seq"] },
    { name: "invoices", state: "INVOICED", free: [] },
  ];
  for (const { name: table, state, free } of tables) {
    test(`is found in every column of ${table}, when it is gone and when nobody asked for it`, async () => {
      const { id } = await ticketIn(api, state);
      assert.deepEqual(await faults(api, id), []);
      const key = table === "completions" ? "audit_event_id" : "id";
      const kept = await api.owner.query<{ rows: Record<string, unknown>[] }>(
        `SELECT jsonb_agg(t ORDER BY ${key}) AS rows FROM ${table} t WHERE ticket_id = $1`,
        [id],
      );
      const rows = kept.rows[0]?.rows ?? [];
      const first = rows[0]?.[key];
      const insert = `INSERT INTO ${table} SELECT (jsonb_populate_recordset(NULL::${table}, $1)).*`;
      const restore = async () => {
        await write(api, `DELETE FROM ${table} WHERE ticket_id = $1`, [id]);
        await write(api, insert, [JSON.stringify(rows)]);
      };
      const missed: string[] = [];
      for (const { name, type } of await columnsOf(api, table)) {
        if (name === "ticket_id") continue;
        await write(api, `UPDATE ${table} SET ${name} = ${otherValue[type]?.(name)} WHERE ${key} = $1`, [first]);
        if ((await faults(api, id)).length === 0) missed.push(name);
        await restore();
      }
      assert.deepEqual(missed, free);
      assert.deepEqual(await faults(api, id), []);
      await write(api, insert, [JSON.stringify([{ ...rows[0], [key]: randomUUID(), seq: 99, number: "INV-1" }])]);
      assert.deepEqual(await faults(api, id), ["ROW_UNRECORDED 0"]);
      await write(api, `DELETE FROM ${table} WHERE ticket_id = $1`, [id]);
      assert.match((await faults(api, id)).join(), /^ROW_GONE \d+/);
    });
  }

  test("is found with the API's own login, and stays found when a command has come across it", async () => {
    const { id } = await ticketIn(api, "TRIAGED");
    const { rows } = await api.owner.query<{ seq: number }>("SELECT audit_seq AS seq FROM tickets WHERE id = $1", [id]);
    const seq = rows[0]?.seq ?? 0;
    await asApp(api, "UPDATE tickets SET nte_cents = 9900000, summary = 'free of charge' WHERE id = $1", [id]);
    assert.deepEqual(await faults(api, id), [`ROW_CHANGED ${seq}`]);
    await api.run("ticket.add_note", { ticket: id, body: { text: "looks odd" } });
    assert.deepEqual(await faults(api, id), [`ROW_CHANGED ${seq + 1}`]);
    await api.run("ticket.cancel", { ticket: id, body: { reason: "odd" } });
    assert.deepEqual(await faults(api, id), [`ROW_CHANGED ${seq + 1}`]);
  });

  test("is found when a booking is released with the API's login, also after the visit", async () => {
    const { id } = await ticketIn(api, "DISPATCHED");
    await asApp(api, "UPDATE bookings SET state = 'released' WHERE ticket_id = $1", [id]);
    assert.match((await faults(api, id)).join(), /^ROW_CHANGED \d+$/);
    await api.run("ticket.cancel", { ticket: id, body: { reason: "nobody came" } });
    // Cancelling releases it as well: the row is once more what its history says.
    assert.deepEqual(await faults(api, id), []);
  });

  test("of before there were hashes is told as not covered, until the next event", async () => {
    const { id } = await ticketIn(api, "NEW");
    const last = await api.desk.db.row<AuditEvent>(
      testStatement<AuditEvent>(
        "past_last_event",
        "SELECT * FROM audit_events WHERE ticket_id = $1 ORDER BY seq DESC LIMIT 1",
      ),
      [id],
    );
    assert.ok(last);
    const older = { ...last, hash_version: 2, row_before: null, row_hash: null, parts: null };
    const before = (await report(api)).uncovered;
    await write(
      api,
      "UPDATE audit_events SET hash_version = 2, row_before = NULL, row_hash = NULL, parts = NULL, hash = $2 WHERE id = $1",
      [last.id, auditHash(older)],
    );
    await write(api, "UPDATE tickets SET audit_hash = $2 WHERE id = $1", [id, auditHash(older)]);
    assert.deepEqual(await faults(api, id), []);
    assert.deepEqual((await report(api)).uncovered, { ...before, rows: before.rows + 1 });
    await api.run("ticket.add_note", { ticket: id, body: { text: "seen" } });
    assert.deepEqual((await report(api)).uncovered, before);
    await asApp(api, "UPDATE tickets SET customer_phone = '+15550100' WHERE id = $1", [id]);
    assert.deepEqual(await faults(api, id), ["ROW_CHANGED 2"]);
  });

  test("is found in every column of a ticket that means something", async () => {
    const columns = (await columnsOf(api, "tickets")).filter(({ name }) => !foundOtherwise.includes(name));
    const changed = new Map<string, string>();
    for (const { name, type } of columns) {
      const { id } = await ticketIn(api, "NEW");
      changed.set(id, name);
      await write(api, `UPDATE tickets SET ${name} = ${otherValue[type]?.(name)} WHERE id = $1`, [id]);
    }
    const found = new Set(
      (await report(api)).faults.filter(({ kind }) => kind === "ROW_CHANGED").map((one) => one.chain),
    );
    const missed = [...changed].filter(([id]) => !found.has(id)).map(([, name]) => name);
    assert.deepEqual(missed, notVouchedFor);
  });
});

describe("an approval that was written past the pipeline", async () => {
  const api = await startTestApi();
  const decide = (as: "approver" | "dispatcher", actor: string, ticket: string, approval_id: string | null) =>
    api.refuse("approval.decide", { as, actor, ticket, body: { approval_id, decision: "APPROVED" } });
  const asked = () => ticketIn(api, "APPROVAL_REQUIRED", { approvalFrom: "change" });

  test("cannot be given to another requester with the API's login", async () => {
    const { approvalId } = await asked();
    const change = "UPDATE approvals SET requested_by = 'somebody', amount_delta_cents = 9900000 WHERE id = $1";
    await assert.rejects(asApp(api, change, [approvalId]), /permission denied for table approvals/);
  });

  test("is not decided by who asked, whatever the row says, and by nobody as it is", async () => {
    const { id, approvalId } = await asked();
    await write(api, "UPDATE approvals SET requested_by = 'somebody', amount_delta_cents = 9900000 WHERE id = $1", [
      approvalId,
    ]);
    assert.equal((await decide("approver", "builder-tech", id, approvalId)).error.code, "SELF_APPROVAL_FORBIDDEN");
    const { error } = await decide("approver", "approver-1", id, approvalId);
    assert.deepEqual([error.code, error["changed"]], ["AUDIT_MISMATCH", "approval"]);
  });

  test("is decided by nobody when no event asked for it", async () => {
    const { id } = await asked();
    const forged = randomUUID();
    await asApp(
      api,
      `INSERT INTO approvals (id, ticket_id, status, approval_type, amount_delta_cents, reason, evidence, requested_by, requested_at)
       VALUES ($1, $2, 'PENDING', 'NTE_INCREASE', 9900000, 'please', '{"source": "tech.request_change", "return_state": "IN_PROGRESS"}',
               'somebody', now())`,
      [forged, id],
    );
    assert.equal((await decide("approver", "builder-tech", id, forged)).error.code, "AUDIT_MISMATCH");
  });

  test("is decided by nobody when the ticket's limit is not what its last event left", async () => {
    const { id, approvalId } = await asked();
    await asApp(api, "UPDATE tickets SET nte_cents = 9900000 WHERE id = $1", [id]);
    const { error } = await decide("approver", "approver-1", id, approvalId);
    assert.deepEqual([error.code, error["changed"]], ["AUDIT_MISMATCH", "ticket"]);
  });
});
