// The audit trail: one row per command, chained by hashes. A ticket's chain has its head on the ticket's own row, so
// chaining serialises nothing that was not serial already; what has no ticket goes to the chain of the desk.

import { statement } from "../db/statement.ts";
import type { Receipt } from "../contract/responses.ts";
import { canonicalJson } from "../policy/canonical-json.ts";
import { sha256, type JsonObject } from "./json.ts";

export type AuditEvent = {
  readonly id: string;
  readonly ticket_id: string | null;
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
  readonly created_at: string;
};

export const insertAudit = statement(
  "audit_insert",
  `INSERT INTO audit_events (id, ticket_id, seq, actor_type, actor_id, actor_role, tool_name, request_id,
                             correlation_id, trace_id, before_state, after_state, payload, prev_hash, hash, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
);

/** Where a chain ends: its last event's seq, hash and time. */
export type ChainHead = { readonly seq: number; readonly hash: string; readonly at: string };

export const lockDeskChain = statement<ChainHead>(
  "audit_desk_lock",
  `SELECT seq, hash, at FROM audit_heads WHERE chain = 'desk' FOR UPDATE`,
);

export const advanceDeskChain = statement(
  "audit_desk_advance",
  `UPDATE audit_heads SET seq = $1, hash = $2, at = $3 WHERE chain = 'desk'`,
);

/** Gives an event its place in a chain: the next seq, and a hash over the previous hash and all of its content. */
export function chained(
  event: Omit<AuditEvent, "seq" | "prev_hash" | "hash">,
  head: { seq: number; hash: string },
): AuditEvent {
  const unsealed = { ...event, seq: head.seq + 1, prev_hash: head.hash };
  return { ...unsealed, hash: auditHash(unsealed) };
}

/**
 * The hash of an event: SHA-256, in hex, over the JSON array of its columns in this order, the payload as canonical
 * JSON. Anybody with the database can compute it again.
 */
export function auditHash(e: Omit<AuditEvent, "hash">): string {
  return sha256(
    JSON.stringify([
      e.prev_hash,
      e.id,
      e.ticket_id,
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
    ]),
  );
}

export function auditValues(e: AuditEvent): unknown[] {
  return [
    e.id,
    e.ticket_id,
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
    JSON.stringify(e.payload),
    e.prev_hash,
    e.hash,
    e.created_at,
  ];
}

/** The proof a caller gets: it can be read back with receipt.get and holds the event's hash. */
export function receiptOf(e: AuditEvent): Receipt {
  return {
    receipt_id: e.id,
    tool_name: e.tool_name,
    ticket_id: e.ticket_id,
    before_state: e.before_state,
    after_state: e.after_state,
    occurred_at: e.created_at,
    hash: e.hash,
  };
}
