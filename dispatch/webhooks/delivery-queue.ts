// The queue of deliveries. A worker claims an endpoint, not a delivery, so that nobody else sends to it meanwhile; a claim
// is a time before which nobody looks, and lapses by itself when the worker is killed.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { JsonObject } from "../kernel/json.ts";
import { paceOf, type Random } from "./back-off.ts";
import type { Sent, Target } from "./send-event.ts";

/** Longer than a batch takes: no request begins later than 30 s after the claim, and none takes longer than 20 s. */
const claimMs = 60_000;
export const sendWithinMs = 30_000;
const batch = 50;

export type Claim = Target & {
  readonly endpointId: string;
  /** Batches in a row of which nothing was delivered. */
  readonly failures: number;
  /** When the claim lapses; tells it from every other claim of the endpoint. */
  readonly until: string;
};

type ClaimRow = {
  id: string;
  url: string;
  secret: string;
  old_secret: string | null;
  failures: number;
  by_api: boolean;
};

const claim = statement<ClaimRow>(
  "webhook_claim",
  `UPDATE webhook_endpoints SET free_at = $1
   WHERE id = (SELECT id FROM webhook_endpoints e
               WHERE paused_at IS NULL AND free_at <= $2
                 AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.due_at <= $2)
               ORDER BY free_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
   RETURNING id, url, secret, CASE WHEN old_secret_until > $2 THEN old_secret END AS old_secret, failures, by_api`,
);

/** Claims the endpoint with something due that has waited longest. */
export async function claimEndpoint(db: Session, now: Date): Promise<Claim | null> {
  const until = new Date(now.getTime() + claimMs).toISOString();
  const row = await db.row(claim, [until, now.toISOString()]);
  if (!row) return null;
  const { id, url, secret, old_secret, failures, by_api } = row;
  const secrets = old_secret === null ? [secret] : [secret, old_secret];
  return { endpointId: id, url, secrets, byApi: by_api, failures, until };
}

export type Delivery = {
  readonly id: string;
  readonly xact: string;
  readonly outbox_id: string;
  readonly subject: string;
  readonly event: string;
  readonly payload: JsonObject;
  readonly event_at: string;
  readonly event_id: string | null;
  readonly attempts: number;
};

const selectDue = statement<Delivery>(
  "webhook_due",
  `SELECT id, xact::text AS xact, outbox_id::text AS outbox_id, subject, event, payload, event_at, event_id, attempts
   FROM webhook_deliveries
   WHERE endpoint_id = $1 AND due_at <= $2
   ORDER BY webhook_deliveries.xact, webhook_deliveries.outbox_id
   LIMIT $3`,
);

/** What is due, in the order it happened; a single one where the last batch failed and the endpoint rests, to see whether it is back. */
export const dueDeliveries = (db: Session, { endpointId, failures, byApi }: Claim, now: Date): Promise<Delivery[]> =>
  db.rows(selectDue, [endpointId, now.toISOString(), failures > 0 && !byApi ? 1 : batch]);

const selectQueued = statement("webhook_queued", `SELECT FROM webhook_deliveries WHERE id = $1`);

/** Whether a delivery is still to be sent: its endpoint may have been removed since it was read. */
export const isQueued = async (db: Session, { id }: Delivery): Promise<boolean> =>
  (await db.row(selectQueued, [id])) !== null;

const deleteDelivered = statement("webhook_delivered", `DELETE FROM webhook_deliveries WHERE id = $1`);

export const recordDelivered = async (db: Session, { id }: Delivery): Promise<void> =>
  void (await db.row(deleteDelivered, [id]));

const updateFailed = statement(
  "webhook_failed",
  `UPDATE webhook_deliveries
   SET attempts = $2, due_at = $3, dead_at = $4, last_attempt_at = $5, last_status = $6, last_error = $7
   WHERE id = $1`,
);

/**
 * Notes a failure.
 * @returns when the delivery is due again; null once it is a dead letter
 */
export async function recordFailed(
  db: Session,
  { byApi }: Claim,
  delivery: Delivery,
  { status, error }: Sent,
  now: Date,
  random: Random,
): Promise<string | null> {
  const { maxAttempts, retryDelayMs } = paceOf(byApi);
  const attempts = delivery.attempts + 1;
  const at = now.toISOString();
  const dueAt = attempts < maxAttempts ? new Date(now.getTime() + retryDelayMs(attempts, random)).toISOString() : null;
  await db.row(updateFailed, [delivery.id, attempts, dueAt, dueAt === null ? at : null, at, status, error]);
  return dueAt;
}

/** What became of a batch. */
export type Tally = { delivered: number; failed: number; lastError: string | null; gone: boolean };

const updateReleased = statement(
  "webhook_release",
  `UPDATE webhook_endpoints
   SET free_at = $3,
       failures = $4,
       failing_since = CASE WHEN $4 = 0 THEN NULL ELSE coalesce(failing_since, $5) END,
       delivered = delivered + $6,
       last_delivered_at = CASE WHEN $6 > 0 THEN $5 ELSE last_delivered_at END,
       last_error = coalesce($7, last_error),
       paused_at = CASE WHEN $8::text IS NULL THEN paused_at ELSE coalesce(paused_at, $5) END,
       pause_reason = coalesce(pause_reason, $8)
   WHERE id = $1 AND free_at = $2`,
);

/** Gives a claimed endpoint back; after a batch of which nothing was delivered nobody looks at it for a while. */
export async function releaseEndpoint(
  db: Session,
  { endpointId, until, failures, byApi }: Claim,
  tally: Tally,
  now: Date,
  random: Random,
): Promise<void> {
  const failing = tally.delivered > 0 ? 0 : failures + (tally.failed > 0 ? 1 : 0);
  const pause = tally.delivered === 0 && tally.failed > 0 ? paceOf(byApi).breathMs(failing, random) : 0;
  const freeAt = new Date(now.getTime() + pause).toISOString();
  const pauseReason = tally.gone ? "the receiver answered 410 Gone" : null;
  await db.row(updateReleased, [
    endpointId,
    until,
    freeAt,
    failing,
    now.toISOString(),
    tally.delivered,
    tally.lastError,
    pauseReason,
  ]);
}
