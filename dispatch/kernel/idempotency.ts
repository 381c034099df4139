// One intent, one effect: the answer of a command is stored under its key in the command's own transaction, and the
// primary key decides between two equal calls that ran at the same moment.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "./actor.ts";
import { requireScope } from "./authorize.ts";
import type { Answer } from "./command-call.ts";
import type { Place } from "./command.ts";
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

// An answer may name tickets that are not its command's own: those of a plan, of somebody signed off, of a booking to give
// way. The metadata of evidence is the caller's own text, whatever its keys are called.
const selectPlacesNamed = statement<Place>(
  "idempotency_places_named",
  `SELECT DISTINCT t.account_id, t.site_id
   FROM idempotency_keys k
   CROSS JOIN LATERAL jsonb_path_query(
     k.response_body::jsonb, '$.keyvalue() ? (@.key != "metadata").value.**.ticket_id'
   ) AS named (ticket_id)
   JOIN tickets t ON t.id = (named.ticket_id #>> '{}')::uuid
   WHERE k.actor_id = $1 AND k.endpoint = $2 AND k.request_id = $3
   ORDER BY t.account_id, t.site_id`,
);

export const insertAnswer = statement(
  "idempotency_insert",
  `INSERT INTO idempotency_keys (actor_id, endpoint, request_id, request_hash, response_code, response_body,
                                 ticket_id, account_id, site_id, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
);

/** What makes two requests the same: the concrete path and the body, whatever the order of its keys. */
export const fingerprint = (path: string, body: JsonObject): string => sha256(`${path}\n${canonicalJson(body)}`);

/** What a stored answer is found by. */
export type AnswerKey = readonly [actorId: string, endpoint: string, requestId: string];

/**
 * The stored answer again, byte for byte, for a caller who made this very request before.
 * @throws Refusal IDEMPOTENCY_PAYLOAD_MISMATCH when the key stood for another request; FORBIDDEN_SCOPE when the
 *   caller may no longer see all that was answered
 */
export async function replayOf(
  tx: Session,
  key: AnswerKey,
  stored: StoredAnswer,
  requestHash: string,
  actor: Actor,
): Promise<Answer> {
  if (stored.request_hash !== requestHash) throw new Refusal("IDEMPOTENCY_PAYLOAD_MISMATCH");
  const { account_id, site_id } = stored;
  if (account_id !== null && site_id !== null) requireScope(actor, { account_id, site_id });
  if (actor.accounts !== "*" || actor.sites !== "*") {
    for (const place of await tx.rows(selectPlacesNamed, key)) requireScope(actor, place);
  }
  return {
    status: stored.response_code,
    body: stored.response_body,
    replayed: true,
    ticketId: stored.ticket_id,
    moves: { from: [], to: [] },
  };
}
