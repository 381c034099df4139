// The worker's queue: scheduled tickets without a technician, as claims that lapse by themselves. A claim is a time before
// which nobody else looks at the ticket; a worker that is killed leaves nothing behind that would have to be undone.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";

export type Claim = {
  readonly ticketId: string;
  readonly incidentType: string | null;
  readonly attempts: number;
  /** When the claim lapses; tells it from every other claim of the ticket. */
  readonly until: string;
};

/** Longer than a recommendation and a dispatch take with all their timeouts. */
const claimMs = 60_000;

type Row = { id: string; incident_type: string | null; assign_attempts: number };

// Worst first. Both read an index that holds nothing but what they look for, so a backlog of any size costs them nothing.
export const claimFresh = statement<Row>(
  "assign_claim_fresh",
  `UPDATE tickets SET assign_after = $1
   WHERE id = (SELECT id FROM tickets WHERE awaiting_technician AND assign_after IS NULL
               ORDER BY sla_deadline_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
   RETURNING id, incident_type, assign_attempts`,
);

export const claimPutAside = statement<Row>(
  "assign_claim_put_aside",
  `UPDATE tickets SET assign_after = $1
   WHERE id = (SELECT id FROM tickets WHERE awaiting_technician AND assign_after <= $2
               ORDER BY assign_after, sla_deadline_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
   RETURNING id, incident_type, assign_attempts`,
);

/** Claims a ticket: one that was never tried, or, with `retryFirst` or for want of those, one whose delay is over. */
export async function claimNext(db: Session, now: Date, retryFirst: boolean): Promise<Claim | null> {
  const until = new Date(now.getTime() + claimMs).toISOString();
  const fresh = () => db.row(claimFresh, [until]);
  const aside = () => db.row(claimPutAside, [until, now.toISOString()]);
  const row = retryFirst ? ((await aside()) ?? (await fresh())) : ((await fresh()) ?? (await aside()));
  return row && { ticketId: row.id, incidentType: row.incident_type, attempts: row.assign_attempts, until };
}

const delay = statement(
  "assign_delay",
  `UPDATE tickets SET assign_after = $3, assign_attempts = assign_attempts + $4, assign_reason = $5
   WHERE id = $1 AND awaiting_technician AND assign_after = $2`,
);

const delays = { firstMs: 30_000, mostMs: 3_600_000 };
/** A ticket that another command holds is free again in a moment. */
const busyMs = 1_000;

/** How long a ticket that could not be assigned `attempts` times before waits, in ms: twice as long each time, at most an hour. */
export const delayMs = (attempts: number): number => Math.min(delays.firstMs * 2 ** Math.min(attempts, 20), delays.mostMs);

/** Puts a claimed ticket aside with its reason; nothing happens when the ticket has changed since. */
export async function putAside(db: Session, claim: Claim, now: Date, reason: string): Promise<void> {
  const after = new Date(now.getTime() + delayMs(claim.attempts)).toISOString();
  await db.row(delay, [claim.ticketId, claim.until, after, 1, reason]);
}

/** Gives a claimed ticket back because another command holds it. */
export async function giveBack(db: Session, claim: Claim, now: Date): Promise<void> {
  await db.row(delay, [claim.ticketId, claim.until, new Date(now.getTime() + busyMs).toISOString(), 0, null]);
}

const recall = statement<{ recalled: number; done: boolean }>(
  "assign_recall",
  `WITH changes AS (
     SELECT id, span FROM availability_changes ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED
   ), spans AS (
     SELECT range_agg(span) AS span FROM changes
   ), due AS (
     UPDATE tickets SET assign_after = $1
     WHERE id IN (SELECT t.id FROM tickets t, spans
                  WHERE t.awaiting_technician AND t.assign_after > $1
                    AND tstzrange(t.scheduled_start, t.scheduled_end) && spans.span
                  LIMIT $2 FOR NO KEY UPDATE OF t SKIP LOCKED)
     RETURNING id
   ), gone AS (
     DELETE FROM availability_changes WHERE (SELECT count(*) FROM due) < $2 AND id IN (SELECT id FROM changes) RETURNING id
   )
   SELECT (SELECT count(*) FROM due) AS recalled, (SELECT count(*) FROM changes) = 0 AS done`,
);

/**
 * Makes tickets due again whose time overlaps one at which somebody may have become free.
 * @param limit tickets at once
 * @returns whether changes may be left
 */
export async function recallTickets(db: Session, now: Date, limit: number): Promise<{ recalled: number; more: boolean }> {
  const row = await db.row(recall, [now.toISOString(), limit]);
  return { recalled: row?.recalled ?? 0, more: row !== null && !row.done };
}

export const countQueue = statement<{ queue_total: number; queue_missing_tech: number }>(
  "assign_queue_count",
  `SELECT (SELECT count(*) FROM tickets WHERE in_scheduling) AS queue_total,
          (SELECT count(*) FROM tickets WHERE awaiting_technician) AS queue_missing_tech`,
);
