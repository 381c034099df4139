// The audit trail: one row per command, chained by hashes. A chain has its head on the row the command locks anyway, so
// chaining serialises nothing that was not serial already.

import { insertRows, type InsertRows } from "../db/insert-rows.ts";
import type { ReceiptId } from "../contract/ids.ts";
import { namesOf, type Receipt } from "../contract/responses.ts";
import { canonicalJson } from "../policy/canonical-json.ts";
import { sha256, type JsonObject } from "./json.ts";
import type { PartEntry } from "./parts.ts";

export type AuditEvent = {
  readonly id: ReceiptId;
  readonly aggregate: string;
  /** A text, since `aggregate` alone says whose id it is. */
  readonly aggregate_id: string;
  readonly seq: number;
  readonly actor_type: string;
  readonly actor_id: string;
  readonly actor_role: string;
  readonly tool_name: string;
  readonly request_id: string | null;
  readonly correlation_id: string | null;
  readonly trace_id: string | null;
  readonly before_state: string | null;
  readonly after_state: string | null;
  readonly payload: JsonObject;
  readonly prev_hash: string;
  readonly hash: string;
  /** Which content the hash covers; see auditHash. */
  readonly hash_version: number;
  /**
   * Of the aggregate's row as the command found it: what the event before left, unless somebody wrote it past the pipeline. Null of a
   * new row, and where row_hash is.
   */
  readonly row_before: string | null;
  /** Of the aggregate's row as the event leaves it; null where that is no more than the head of its chain, and in older events. */
  readonly row_hash: string | null;
  /** What it adds to, and changes of, the rows that belong to the aggregate; null where nothing. */
  readonly parts: readonly PartEntry[] | null;
  readonly created_at: string;
};

type AuditRow = Omit<AuditEvent, "payload" | "parts"> & { readonly payload: string; readonly parts: string | null };

const insertEvents = insertRows<AuditRow>("audit_insert", "audit_events", [
  "id",
  "aggregate",
  "aggregate_id",
  "seq",
  "actor_type",
  "actor_id",
  "actor_role",
  "tool_name",
  "request_id",
  "correlation_id",
  "trace_id",
  "before_state",
  "after_state",
  "payload",
  "prev_hash",
  "hash",
  "hash_version",
  "row_before",
  "row_hash",
  "parts",
  "created_at",
]);

export const insertAudit: InsertRows<AuditEvent> = (tx, events) =>
  insertEvents(
    tx,
    events.map((event) => ({
      ...event,
      payload: JSON.stringify(event.payload),
      parts: event.parts && JSON.stringify(event.parts),
    })),
  );

/** The version of hash that new events get. */
const hashVersion = 3;

/** Gives an event its place in a chain: the next seq, and a hash over the previous hash and all of its content. */
export function chained(
  event: Omit<AuditEvent, "seq" | "prev_hash" | "hash" | "hash_version">,
  head: { readonly seq: number; readonly hash: string },
): AuditEvent {
  const unsealed = { ...event, seq: head.seq + 1, prev_hash: head.hash, hash_version: hashVersion };
  return { ...unsealed, hash: auditHash(unsealed) };
}

/**
 * The hash of an event: SHA-256, in hex, over the JSON array of its columns in this order, the payload as canonical
 * JSON. Anybody with the database can compute it again.
 *
 * Version 3 ends with row_before, row_hash and, as canonical JSON, parts: what the event says of the rows it leaves. Version 2 begins
 * with the version and covers aggregate and aggregate_id, and so does 3. Version 1, of before there were several
 * aggregates, has the id alone, or null for the desk.
 */
export function auditHash(e: Omit<AuditEvent, "hash">): string {
  const rest = [
    e.seq,
    e.actor_type,
    e.actor_id,
    e.actor_role,
    e.tool_name,
    e.request_id,
    e.correlation_id,
    e.trace_id,
    e.before_state,
    e.after_state,
    e.created_at,
    canonicalJson(e.payload),
  ];
  const first =
    e.hash_version === 1
      ? [e.prev_hash, e.id, e.aggregate === deskName ? null : e.aggregate_id]
      : [`v${e.hash_version}`, e.prev_hash, e.id, e.aggregate, e.aggregate_id];
  const rows = e.hash_version < 3 ? [] : [e.row_before, e.row_hash, canonicalJson(e.parts)];
  return sha256(JSON.stringify([...first, ...rest, ...rows]));
}

/** The aggregate, and the chain, of what is about the office as a whole. */
export const deskName = "desk";

/** What of an event its receipt is made from. */
export type ReceiptRow = Pick<
  AuditEvent,
  "id" | "tool_name" | "aggregate" | "aggregate_id" | "before_state" | "after_state" | "created_at" | "hash"
>;

/** The proof a caller gets: it can be read back with receipt.get and holds the event's hash. */
export function receiptOf(e: ReceiptRow): Receipt {
  return {
    receipt_id: e.id,
    tool_name: e.tool_name,
    ...namesOf(e.aggregate, e.aggregate_id),
    before_state: e.before_state,
    after_state: e.after_state,
    occurred_at: e.created_at,
    hash: e.hash,
  };
}
