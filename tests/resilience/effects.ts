// What the database says happened under an idempotency key, or under many.
import assert from "node:assert/strict";
import { rowsOf } from "./field.ts";

export type Effects = {
  audit: number;
  outbox: number;
  answers: number;
  /** Evidence items and pauses that hang on the audit event. */
  evidence: number;
  pauses: number;
  tickets: number;
};

export const nothing: Effects = { audit: 0, outbox: 0, answers: 0, evidence: 0, pauses: 0, tickets: 0 };
/** A command that did what it is for, on a ticket. */
export const once: Effects = { audit: 1, outbox: 1, answers: 1, evidence: 0, pauses: 0, tickets: 1 };

export async function effectsOf(databaseUrl: string, key: string): Promise<Effects> {
  const [effects] = await effectsOfEach(databaseUrl, [key]);
  assert.ok(effects);
  return effects;
}

/** In the order of the keys. */
export async function effectsOfEach(databaseUrl: string, keys: readonly string[]): Promise<Effects[]> {
  return await rowsOf<Effects>(
    databaseUrl,
    `SELECT effects.* FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (key, place) CROSS JOIN LATERAL (
       WITH events AS (SELECT id, ticket_id, payload FROM audit_events WHERE request_id = asked.key)
       SELECT (SELECT count(*)::int FROM events) AS audit,
              (SELECT count(*)::int FROM outbox WHERE audit_event_id IN (SELECT id FROM events)) AS outbox,
              (SELECT count(*)::int FROM idempotency_keys WHERE request_id = asked.key) AS answers,
              (SELECT count(*)::int FROM evidence_items WHERE id::text IN (SELECT payload->>'evidence_id' FROM events)) AS evidence,
              (SELECT count(*)::int FROM autonomy_control_history WHERE payload->>'receipt_id' IN (SELECT id::text FROM events)) AS pauses,
              (SELECT count(*)::int FROM tickets WHERE id IN (SELECT ticket_id FROM events)) AS tickets
     ) AS effects ORDER BY asked.place`,
    [keys],
  );
}
