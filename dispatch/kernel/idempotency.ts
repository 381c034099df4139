// One intent, one effect: the answer of a command is stored under its key in the command's own transaction, and the
// primary key decides between two equal calls that ran at the same moment.

import { statement } from "../db/statement.ts";
import type { Actor } from "./actor.ts";
import { requireScope } from "./authorize.ts";
import type { Answer } from "./command-call.ts";
import { canonicalJson } from "../policy/canonical-json.ts";
import { sha256, type JsonObject } from "./json.ts";
import { Refusal } from "./refusal.ts";

export type StoredAnswer = {
  readonly request_hash: string;
  readonly response_code: number;
  readonly response_body: string;
  readonly ticket_id: string | null;
  readonly account_id: string | null;
  readonly site_id: string | null;
};

export const idempotencyConstraint = "idempotency_keys_pkey";

// The body as text: parsing and writing it again might change its bytes.
export const selectAnswer = statement<StoredAnswer>(
  "idempotency_select",
  `SELECT request_hash, response_code, response_body::text AS response_body, ticket_id, account_id, site_id
   FROM idempotency_keys WHERE actor_id = $1 AND endpoint = $2 AND request_id = $3`,
);

export const insertAnswer = statement(
  "idempotency_insert",
  `INSERT INTO idempotency_keys (actor_id, endpoint, request_id, request_hash, response_code, response_body,
                                 ticket_id, account_id, site_id, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
);

/** What makes two requests the same: the concrete path and the body, whatever the order of its keys. */
export const fingerprint = (path: string, body: JsonObject): string => sha256(`${path}\n${canonicalJson(body)}`);

/**
 * The stored answer, if this very request was answered before.
 * @throws Refusal IDEMPOTENCY_PAYLOAD_MISMATCH when the key stood for another request; FORBIDDEN_SCOPE when the
 *   caller may no longer see what was answered
 */
export function replayOf(stored: StoredAnswer | null, requestHash: string, actor: Actor): Answer | null {
  if (!stored) return null;
  if (stored.request_hash !== requestHash) throw new Refusal("IDEMPOTENCY_PAYLOAD_MISMATCH");
  const { account_id, site_id } = stored;
  if (account_id !== null && site_id !== null) requireScope(actor, { account_id, site_id });
  return {
    status: stored.response_code,
    body: stored.response_body,
    replayed: true,
    ticketId: stored.ticket_id,
    moves: { from: [], to: [] },
  };
}
