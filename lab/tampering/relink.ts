// Rewrites a chain as whoever owns the database can: events are changed, every hash from there on made anew, and the row that names the
// head put right, so that nothing in the database itself speaks against it.

import type pg from "pg";
import { auditHash, type AuditEvent } from "../../dispatch/kernel/audit.ts";
import { isoTime } from "../../dispatch/db/pool.ts";

/** Events of a chain in their order, times as the desk reads them. */
export async function eventsOf(
  client: pg.ClientBase | pg.Pool,
  aggregate: string,
  chain: string,
): Promise<AuditEvent[]> {
  const { rows } = await client.query<{ event: AuditEvent }>(
    `SELECT to_jsonb(e) || jsonb_build_object('created_at', e.created_at::text) AS event
     FROM audit_events e WHERE aggregate = $1 AND aggregate_id = $2 ORDER BY seq`,
    [aggregate, chain],
  );
  return rows.map(({ event }) => ({ ...event, created_at: isoTime(event.created_at) }));
}

/** Which row names a chain's head. */
const headIn: Readonly<Record<string, readonly [table: string, id: string, seq: string, hash: string]>> = {
  ticket: ["tickets", "id::text", "audit_seq", "audit_hash"],
  desk: ["audit_heads", "chain", "seq", "hash"],
};

/** Changes events from `from` on, one of them at least, and makes all hashes and the head anew. */
export async function relink(
  client: pg.ClientBase | pg.Pool,
  { aggregate, chain, from }: { readonly aggregate: string; readonly chain: string; readonly from: number },
  change: (event: AuditEvent) => AuditEvent,
): Promise<void> {
  const events = await eventsOf(client, aggregate, chain);
  let previous = events[from - 2]?.hash ?? "";
  for (const event of events.slice(from - 1)) {
    const made = { ...change(event), prev_hash: previous };
    previous = auditHash(made);
    await client.query(
      "UPDATE audit_events SET actor_id = $2, created_at = $3, prev_hash = $4, hash = $5, payload = $6 WHERE id = $1",
      [event.id, made.actor_id, made.created_at, made.prev_hash, previous, JSON.stringify(made.payload)],
    );
  }
  await setHead(client, aggregate, chain, { seq: events.length, hash: previous });
}

/** Puts the head of a chain right. */
export async function setHead(
  client: pg.ClientBase | pg.Pool,
  aggregate: string,
  chain: string,
  { seq, hash }: { readonly seq: number; readonly hash: string },
): Promise<void> {
  const [table, id, seqColumn, hashColumn] = headIn[aggregate] ?? ["tickets", "id::text", "audit_seq", "audit_hash"];
  await client.query(`UPDATE ${table} SET ${seqColumn} = $2, ${hashColumn} = $3 WHERE ${id} = $1`, [chain, seq, hash]);
}
