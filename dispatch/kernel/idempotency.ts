// One intent, one effect: the answer of a command is stored under its key in the command's own transaction, and the
// primary key decides between two equal calls that ran at the same moment.

import type { AccountId, SiteId } from "../contract/ids.ts";
import { insertRows } from "../db/insert-rows.ts";
import { selectRows } from "../db/select-rows.ts";
import type { Actor } from "./actor.ts";
import { requireReach } from "./authorize.ts";
import type { Answer } from "./command-call.ts";
import { canonicalJson } from "../policy/canonical-json.ts";
import { sha256, type JsonObject } from "./json.ts";
import { Refusal } from "./refusal.ts";

export type StoredAnswer = {
  readonly key: string;
  readonly request_hash: string;
  readonly response_code: number;
  readonly response_body: string;
  readonly aggregate: string;
  readonly aggregate_id: string;
  readonly account_ids: readonly AccountId[];
  readonly site_ids: readonly SiteId[];
};

export const idempotencyConstraint = "idempotency_keys_pkey";

/** A stored answer with what it was asked by. */
export type AnswerRow = StoredAnswer & {
  readonly actor_id: string;
  readonly endpoint: string;
  readonly request_id: string;
  readonly created_at: string;
};

// The body as text: parsing and writing it again might change its bytes.
const answerColumns = `key, request_hash, response_code, response_body::text AS response_body, aggregate, aggregate_id,
          account_ids::text[] AS account_ids, site_ids::text[] AS site_ids`;

export const selectAnswers = selectRows<StoredAnswer>(
  "idempotency_select",
  (keys) => `SELECT ${answerColumns} FROM idempotency_keys WHERE key IN (${keys})`,
);

/** Any number of answers. */
export const insertAnswers = insertRows<AnswerRow>("idempotency_insert", "idempotency_keys", [
  "key",
  "actor_id",
  "endpoint",
  "request_id",
  "request_hash",
  "response_code",
  "response_body",
  "aggregate",
  "aggregate_id",
  "account_ids",
  "site_ids",
  "created_at",
]);

/** What makes two requests the same: the concrete path and the body, whatever the order of its keys. */
export const fingerprint = (path: string, body: JsonObject): string => sha256(`${path}\n${canonicalJson(body)}`);

/** What a stored answer is found by. */
export type AnswerKey = { readonly actorId: string; readonly endpoint: string; readonly requestId: string };

/**
 * The key as one uuid: the first 128 bits of SHA-256 over its three parts. Keys arrive in random order, and an index of 16
 * bytes a row has a fifth of the pages to write to the log that one of all three parts has.
 */
export function keyOf({ actorId, endpoint, requestId }: AnswerKey): string {
  const hex = sha256(`${actorId}\n${endpoint}\n${requestId}`);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/**
 * The stored answer again, byte for byte, for a caller who made this very request before.
 * @throws Refusal IDEMPOTENCY_PAYLOAD_MISMATCH when the key stood for another request; FORBIDDEN_SCOPE when the
 *   caller may no longer see all that was answered
 */
export function replayOf(stored: StoredAnswer, requestHash: string, actor: Actor): Answer {
  if (stored.request_hash !== requestHash) throw new Refusal("IDEMPOTENCY_PAYLOAD_MISMATCH");
  requireReach(actor, stored);
  return {
    status: stored.response_code,
    body: stored.response_body,
    replayed: true,
    aggregate: stored.aggregate,
    aggregateId: stored.aggregate_id,
    moves: { from: [], to: [] },
  };
}
