// What whoever owns the database can do to it: one function a kind of edit, each of which draws its victim, does it past every trigger
// and reference, and says which row a verification must name first.

import type pg from "pg";
import type { AuditEvent } from "../../dispatch/kernel/audit.ts";
import { eventsOf, relink, setHead } from "./relink.ts";

/** What was done: the chain that must be named, and the seqs of which one must be the first that is. */
export type Done = {
  readonly what: string;
  readonly chain: string;
  /** Absent where the whole of it is gone or was made up. */
  readonly from?: number;
  readonly to?: number;
};

export type Tamperer = {
  readonly client: pg.Client;
  /** A number from 0 to below `below`. */
  readonly draw: (below: number) => number;
};

/** @returns null where what was drawn has nothing to be tampered with */
export type Edit = (by: Tamperer) => Promise<Done | null>;

const one = async <Row extends object>(
  { client, draw }: Tamperer,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row> => {
  const { rows } = await client.query<Row>(sql, [...values]);
  const row = rows[draw(rows.length)];
  if (!row) throw new Error(`nothing to tamper with: ${sql}`);
  return row;
};

type ChainName = {
  readonly aggregate: string;
  readonly chain: string;
  readonly events: number;
  readonly logged: number;
};

/** A chain of tickets, with how many of its events the log knows at least. */
const aChain = (by: Tamperer): Promise<ChainName> =>
  one<ChainName>(
    by,
    `SELECT e.aggregate, e.aggregate_id AS chain, count(*)::int AS events,
            (SELECT max(l.seq) FROM log_leaves l WHERE l.aggregate_id = e.aggregate_id) AS logged
     FROM audit_events e WHERE e.aggregate = 'ticket' GROUP BY e.aggregate, e.aggregate_id ORDER BY e.aggregate_id`,
  );

const anEvent = (by: Tamperer) =>
  one<{ id: string; chain: string; seq: number; last: number }>(
    by,
    `SELECT e.id, e.aggregate_id AS chain, e.seq, (SELECT max(l.seq) FROM audit_events l WHERE l.aggregate_id = e.aggregate_id) AS last
     FROM audit_events e WHERE e.aggregate = 'ticket' ORDER BY e.aggregate_id, e.seq`,
  );

/**
 * Of a chain that was rewritten from an event on: that event while answers to commands say what it was; without them, as whoever owns
 * the database may have it, the first behind the last leaf that was left alone.
 */
async function rewritten(
  by: Tamperer,
  aggregate: string,
  chain: string,
  first: number,
): Promise<Required<Omit<Done, "what">>> {
  if (by.draw(2) === 0) return { chain, from: first, to: first };
  await by.client.query("DELETE FROM idempotency_keys");
  const { rows } = await by.client.query<{ left: number }>(
    "SELECT coalesce(max(seq), 0) AS left FROM log_leaves WHERE aggregate = $1 AND aggregate_id = $2 AND seq < $3",
    [aggregate, chain, first],
  );
  const from = (rows[0]?.left ?? 0) + 1;
  return { chain, from, to: from };
}

/** A column of an event set to another value, and nothing else. */
const editEvent =
  (column: string, value: string): Edit =>
  async (by) => {
    const { id, chain, seq } = await anEvent(by);
    await by.client.query(`UPDATE audit_events SET ${column} = ${value} WHERE id = $1`, [id]);
    return { what: `audit_events.${column}`, chain, from: seq, to: seq };
  };

/** Another row like one that is there, with some columns changed. */
async function copyRow(client: pg.Client, table: string, where: string, change: string): Promise<void> {
  const { rows } = await client.query<{ columns: string }>(
    `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''`,
    [table],
  );
  const columns = rows[0]?.columns ?? "";
  await client.query(
    `INSERT INTO ${table} (${columns})
     SELECT ${columns} FROM (SELECT (jsonb_populate_record(t, ${change})).* FROM ${table} t WHERE ${where}) AS copied`,
  );
}

const deleteEvent: Edit = async (by) => {
  const { id, chain, seq } = await anEvent(by);
  await by.client.query("DELETE FROM audit_events WHERE id = $1", [id]);
  return { what: "audit_events: deleted", chain, from: Math.max(seq - 1, 1), to: seq + 1 };
};

/** An event made up and put into the middle, with every hash behind it made anew. */
const insertEvent: Edit = async (by) => {
  const { chain, logged } = await aChain(by);
  const at = 1 + by.draw(logged - 1);
  await by.client.query("UPDATE audit_events SET seq = -seq - 1 WHERE aggregate_id = $1 AND seq > $2", [chain, at]);
  await by.client.query("UPDATE audit_events SET seq = -seq WHERE aggregate_id = $1 AND seq < 0", [chain]);
  await copyRow(
    by.client,
    "audit_events",
    `aggregate_id = '${chain}' AND seq = ${at}`,
    `jsonb_build_object('id', gen_random_uuid(), 'seq', ${at + 1}, 'actor_id', 'mallory')`,
  );
  await relink(by.client, { aggregate: "ticket", chain, from: at + 1 }, (event) => event);
  return { what: "audit_events: inserted and relinked", ...(await rewritten(by, "ticket", chain, at + 1)) };
};

const relinkEvents =
  (what: string, change: (event: AuditEvent, at: number) => AuditEvent): Edit =>
  async (by) => {
    const { chain, logged } = await aChain(by);
    const from = 1 + by.draw(logged);
    await relink(by.client, { aggregate: "ticket", chain, from }, (event) => change(event, from));
    return { what, ...(await rewritten(by, "ticket", chain, from)) };
  };

const relinkDesk: Edit = async (by) => {
  const { rows } = await by.client.query<{ logged: number | null }>(
    "SELECT max(seq) AS logged FROM log_leaves WHERE aggregate = 'desk'",
  );
  const logged = rows[0]?.logged ?? 0;
  if (logged === 0) return null;
  const from = 1 + by.draw(logged);
  await relink(by.client, { aggregate: "desk", chain: "desk", from }, (event) => ({ ...event, actor_id: "mallory" }));
  return { what: "the desk's chain: relinked", ...(await rewritten(by, "desk", "desk", from)) };
};

/** The last events cut off, with their moves, and the head put right. */
const cutTail: Edit = async (by) => {
  const { chain, events, logged } = await aChain(by);
  const left = by.draw(Math.min(logged, events));
  const kept = (await eventsOf(by.client, "ticket", chain)).slice(0, left);
  await by.client.query(
    "DELETE FROM state_transitions WHERE audit_event_id IN (SELECT id FROM audit_events WHERE aggregate_id = $1 AND seq > $2)",
    [chain, left],
  );
  await by.client.query("DELETE FROM audit_events WHERE aggregate_id = $1 AND seq > $2", [chain, left]);
  await setHead(by.client, "ticket", chain, { seq: left, hash: kept.at(-1)?.hash ?? "" });
  return { what: "audit_events: tail cut, head put right", chain, from: left + 1, to: left + 1 };
};

const ownTables = ["bookings", "schedule_holds", "approvals", "evidence_items", "completions", "invoices"] as const;

/** A ticket as if it had never been. */
const eraseTicket: Edit = async (by) => {
  const { chain } = await aChain(by);
  for (const table of ownTables) await by.client.query(`DELETE FROM ${table} WHERE ticket_id = $1`, [chain]);
  for (const table of ["state_transitions", "audit_events", "outbox"])
    await by.client.query(`DELETE FROM ${table} WHERE aggregate_id = $1`, [chain]);
  await by.client.query("DELETE FROM tickets WHERE id = $1", [chain]);
  return { what: "a ticket erased with all its rows", chain, from: 1, to: 1 };
};

const swapEvents: Edit = async (by) => {
  const { chain, events } = await aChain(by);
  const seq = 1 + by.draw(events - 1);
  for (const [from, to] of [
    [seq, -1],
    [seq + 1, seq],
    [-1, seq + 1],
  ])
    await by.client.query("UPDATE audit_events SET seq = $3 WHERE aggregate_id = $1 AND seq = $2", [chain, from, to]);
  return { what: "audit_events: two changed places", chain, from: seq, to: seq + 1 };
};

/** A row of a table changed, or deleted, or another one made of it. */
const editRow =
  (table: string, of: string, kind: "update" | "delete" | "insert", set = ""): Edit =>
  async (by) => {
    const { rows } = await by.client.query<{ place: string; chain: string }>(
      `SELECT ctid::text AS place, ${of}::text AS chain FROM ${table} WHERE ${of} IS NOT NULL ORDER BY ctid`,
    );
    const row = rows[by.draw(rows.length)];
    if (!row) return null;
    const where = `WHERE ctid = '${row.place}'`;
    if (kind === "insert") await copyRow(by.client, table, `ctid = '${row.place}'`, set);
    else
      await by.client.query(
        kind === "update" ? `UPDATE ${table} SET ${set} ${where}` : `DELETE FROM ${table} ${where}`,
      );
    return { what: `${table}: ${kind}${kind === "update" ? ` ${set.split(" = ")[0]}` : ""}`, chain: row.chain };
  };

/** A row of the log itself. Its table is named, or the chain it spoke of. */
const editLog =
  (table: string, what: string, sql: string): Edit =>
  async (by) => {
    const { rows } = await by.client.query<{ place: string }>(`SELECT ctid::text AS place FROM ${table} ORDER BY ctid`);
    const row = rows[by.draw(rows.length)];
    if (!row) return null;
    await by.client.query(sql.replaceAll("$row", `ctid = '${row.place}'`));
    return { what: `${table}: ${what}`, chain: "log" };
  };

const forgetCheckpoints: Edit = async ({ client }) => {
  await client.query("DELETE FROM log_witnessed WHERE number = (SELECT max(number) FROM log_checkpoints)");
  await client.query("DELETE FROM log_checkpoints WHERE number = (SELECT max(number) FROM log_checkpoints)");
  return { what: "log_checkpoints: newest deleted", chain: "log" };
};

const cutLog: Edit = async ({ client, draw }) => {
  const { rows } = await client.query<{ number: number; size: number }>(
    "SELECT number, size::int AS size FROM log_checkpoints ORDER BY number",
  );
  const kept = rows[draw(rows.length - 1)];
  await client.query("DELETE FROM log_witnessed WHERE number > $1", [kept?.number]);
  await client.query("DELETE FROM log_checkpoints WHERE number > $1", [kept?.number]);
  await client.query("DELETE FROM log_leaves WHERE index >= $1", [kept?.size]);
  await client.query("DELETE FROM log_nodes WHERE (index + 1) * 2 ^ level > $1", [kept?.size]);
  return { what: "the log cut back to an earlier checkpoint, all its rows", chain: "log" };
};

const mallory = (event: AuditEvent, at: number): AuditEvent =>
  event.seq === at ? { ...event, actor_id: "mallory" } : event;
const hourEarlier = (event: AuditEvent): AuditEvent => ({
  ...event,
  created_at: new Date(Date.parse(event.created_at) - 3_600_000).toISOString(),
});

const otherId = "jsonb_build_object('id', gen_random_uuid())";

export const edits: Readonly<Record<string, readonly Edit[]>> = {
  "update an event": [
    editEvent("actor_id", "'mallory'"),
    editEvent("payload", '\'{"text":"nothing"}\''),
    editEvent("tool_name", "'ticket.cancel'"),
    editEvent("request_id", "gen_random_uuid()"),
  ],
  "delete an event": [deleteEvent],
  "insert an event": [insertEvent],
  "swap events": [swapEvents],
  "relink a chain": [relinkEvents("audit_events: relinked to the head", mallory), relinkDesk],
  "cut a tail": [cutTail],
  "erase a ticket": [eraseTicket],
  "turn the clock": [
    relinkEvents("audit_events: all times an hour earlier, relinked", hourEarlier),
    editEvent("created_at", "created_at - interval '1 minute'"),
    editLog("log_checkpoints", "time", "UPDATE log_checkpoints SET at = at - interval '1 hour' WHERE $row"),
    editLog("log_leaves", "time", "UPDATE log_leaves SET at = at - interval '1 hour' WHERE $row"),
  ],
  "change a ticket": [
    editRow("tickets", "id", "update", "summary = 'another'"),
    editRow("tickets", "id", "update", "nte_cents = nte_cents + 1"),
    editRow("tickets", "id", "update", "assigned_tech_id = gen_random_uuid()"),
  ],
  "change a move": [
    editRow("state_transitions", "aggregate_id", "update", "to_state = 'CANCELLED'"),
    editRow("state_transitions", "aggregate_id", "delete"),
    editRow("state_transitions", "aggregate_id", "insert", "jsonb_build_object('step', 7)"),
  ],
  "change evidence": [
    editRow("evidence_items", "ticket_id", "update", "uri = 's3://elsewhere/x.jpg'"),
    editRow("evidence_items", "ticket_id", "update", "created_at = created_at - interval '1 hour'"),
    editRow("evidence_items", "ticket_id", "delete"),
    editRow("evidence_items", "ticket_id", "insert", otherId),
  ],
  "change a booking, completion or invoice": [
    editRow("bookings", "ticket_id", "update", "technician_id = gen_random_uuid()"),
    editRow("bookings", "ticket_id", "delete"),
    editRow("completions", "ticket_id", "update", "no_signature_reason = 'nobody'"),
    editRow("completions", "ticket_id", "delete"),
    editRow("invoices", "ticket_id", "update", "total_cents = total_cents + 100"),
    editRow("invoices", "ticket_id", "delete"),
  ],
  "change the log": [
    editLog("log_leaves", "hash", "UPDATE log_leaves SET hash = repeat('0', 64) WHERE $row"),
    editLog("log_leaves", "leaf_hash", "UPDATE log_leaves SET leaf_hash = decode(repeat('00', 32), 'hex') WHERE $row"),
    editLog("log_leaves", "deleted", "DELETE FROM log_leaves WHERE $row"),
    editLog(
      "log_leaves",
      "inserted",
      `INSERT INTO log_leaves SELECT log, (SELECT max(index) + 1 FROM log_leaves), aggregate, aggregate_id, seq, hash, at, leaf_hash
       FROM log_leaves WHERE $row`,
    ),
    editLog("log_nodes", "hash", "UPDATE log_nodes SET hash = decode(repeat('00', 32), 'hex') WHERE $row"),
    editLog("log_nodes", "deleted", "DELETE FROM log_nodes WHERE $row"),
    editLog("log_checkpoints", "root", "UPDATE log_checkpoints SET root = decode(repeat('00', 32), 'hex') WHERE $row"),
    editLog(
      "log_checkpoints",
      "note",
      "UPDATE log_checkpoints SET note = replace(note, 'checkpoint', 'chequepoint') WHERE $row",
    ),
    editLog(
      "log_checkpoints",
      "unsigned",
      "UPDATE log_checkpoints SET note = split_part(note, E'\\n\\n', 1) || E'\\n\\n' WHERE $row",
    ),
    editLog("log_checkpoints", "deleted", "DELETE FROM log_checkpoints WHERE $row"),
    editLog("log_origins", "origin", "UPDATE log_origins SET origin = 'another' WHERE $row"),
    forgetCheckpoints,
    cutLog,
  ],
};
