// The worker's queues: scheduled tickets without a technician, and those whose technician is still to be sent, as claims that
// lapse by themselves. A claim is a time before which nobody else looks at the ticket; a worker that is killed leaves nothing behind
// that would have to be undone.

import type { TechnicianId, TicketId } from "../contract/ids.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { TimeRange } from "../workforce/shift-ranges.ts";
import { zoneOfSite } from "../workforce/site-zone.ts";

export type Claim = {
  readonly ticketId: TicketId;
  readonly incidentType: string | null;
  readonly policyVersion: number | null;
  readonly attempts: number;
  /** When the claim lapses; tells it from every other claim of the ticket. */
  readonly until: string;
  /** Null where somebody was sent past scheduling and taken off again: it is for now. */
  readonly visit: TimeRange | null;
};
/** Of a ticket without a technician. */
export type OpenClaim = Claim & {
  /** When a dispatcher took somebody off, where nothing moved the ticket since. */
  readonly takenOffAt: number | null;
};
/** Of a ticket whose technician is to be sent. */
export type ReservedClaim = Claim & {
  readonly techId: TechnicianId;
  /** Of the drive to the visit. */
  readonly driveMinutes: number;
};

/** Longer than a recommendation and a dispatch take with all their timeouts. */
const claimMs = 60_000;

type Row = {
  id: TicketId;
  incident_type: string | null;
  policy_version: number | null;
  assign_attempts: number;
  scheduled_start: string | null;
  scheduled_end: string | null;
};
type OpenRow = Row & { taken_off_at: string | null };
type ReservedRow = Row & { assigned_tech_id: TechnicianId | null; drive_minutes: number };

const returned = "id, incident_type, policy_version, assign_attempts, scheduled_start, scheduled_end";
const takenOff = `(SELECT at FROM (SELECT (not_technicians -> -1 ->> 'at')::timestamptz AS at) AS last WHERE at >= last_transition_at)`;

// Worst first. Both read one end of an index that holds nothing but this queue, so a backlog of any size costs them nothing. Of
// what was never tried assign_after says nothing; it stands in the order for Postgres to see that it is the index's.
export const claimFresh = statement<OpenRow>(
  "assign_claim_fresh",
  `UPDATE tickets SET assign_after = $1
   WHERE id = (SELECT id FROM tickets WHERE awaiting_technician AND assign_after IS NULL
               ORDER BY assign_after, sla_deadline_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
   RETURNING ${returned}, ${takenOff} AS taken_off_at`,
);

export const claimPutAside = statement<OpenRow>(
  "assign_claim_put_aside",
  `UPDATE tickets SET assign_after = $1
   WHERE id = (SELECT id FROM tickets WHERE awaiting_technician AND assign_after <= $2
               ORDER BY assign_after, sla_deadline_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
   RETURNING ${returned}, ${takenOff} AS taken_off_at`,
);

// One condition and not two, so that the head of the index answers it: what was never looked at, then what is due.
export const claimReserved = statement<ReservedRow>(
  "assign_claim_reserved",
  `UPDATE tickets SET assign_after = $1
   WHERE id = (SELECT id FROM tickets WHERE reserved AND coalesce(assign_after, '-infinity') <= $2
               ORDER BY coalesce(assign_after, '-infinity') LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
   RETURNING ${returned}, assigned_tech_id,
     coalesce((SELECT b.travel_before_minutes FROM bookings b
               WHERE b.ticket_id = tickets.id AND b.part = 1 AND b.role = 'lead' AND b.state IN ('tentative', 'firm')),
              0) AS drive_minutes`,
);

/** Claims a ticket: one that was never tried, or, with `retryFirst` or for want of those, one whose delay is over. */
export async function claimNext(db: Session, now: Date, retryFirst: boolean): Promise<OpenClaim | null> {
  const until = new Date(now.getTime() + claimMs).toISOString();
  const fresh = () => db.row(claimFresh, [until]);
  const aside = () => db.row(claimPutAside, [until, now.toISOString()]);
  const row = retryFirst ? ((await aside()) ?? (await fresh())) : ((await fresh()) ?? (await aside()));
  return row && { ...claimOf(row, until), takenOffAt: row.taken_off_at === null ? null : Date.parse(row.taken_off_at) };
}

/** Claims a ticket whose technician was not sent yet: one that was not looked at since it changed, or whose time has come. */
export async function claimNextReserved(db: Session, now: Date): Promise<ReservedClaim | null> {
  const until = new Date(now.getTime() + claimMs).toISOString();
  const row = await db.row(claimReserved, [until, now.toISOString()]);
  return row && row.assigned_tech_id !== null
    ? { ...claimOf(row, until), techId: row.assigned_tech_id, driveMinutes: row.drive_minutes }
    : null;
}

const claimOf = (row: Row, until: string): Claim => ({
  ticketId: row.id,
  incidentType: row.incident_type,
  policyVersion: row.policy_version,
  attempts: row.assign_attempts,
  until,
  visit:
    row.scheduled_start === null || row.scheduled_end === null
      ? null
      : { start: Date.parse(row.scheduled_start), end: Date.parse(row.scheduled_end) },
});

/** Why nobody is sent to a visit whose end has passed: only a dispatcher can say what becomes of it. */
export const visitOver = "WINDOW_IN_PAST";

const delay = statement(
  "assign_delay",
  `UPDATE tickets SET assign_after = $3, assign_attempts = assign_attempts + $4, assign_reason = $5, assign_unable = $6,
       assign_tried_at = clock_timestamp()
   WHERE id = $1 AND (awaiting_technician OR reserved) AND assign_after = $2`,
);

const delays = { firstMs: 30_000, mostMs: 3_600_000 };
/** A ticket that another command holds is free again in a moment. */
const busyMs = 1_000;

/**
 * How long a ticket that could not be assigned `attempts` times before waits, in ms: twice as long each time, at most an
 * hour; that at once when nobody on the roster is able, since only the roster can change that, and its changes recall it.
 */
export const delayMs = (attempts: number, unable: boolean): number =>
  unable ? delays.mostMs : Math.min(delays.firstMs * 2 ** Math.min(attempts, 20), delays.mostMs);

/**
 * Puts a claimed ticket aside with its reason; nothing happens when the ticket has changed since.
 * @param unable nobody on the roster could do it at any hour
 */
export async function putAside(
  db: Session,
  claim: Claim,
  now: Date,
  { reason, unable }: { reason: string; unable: boolean },
): Promise<void> {
  const after = new Date(now.getTime() + delayMs(claim.attempts, unable)).toISOString();
  await db.row(delay, [claim.ticketId, claim.until, after, 1, reason, unable]);
}

/**
 * Puts a claimed ticket aside until a time that is known.
 * @param reason null where it only waits for its time
 */
export async function waitUntil(db: Session, claim: Claim, until: number, reason: string | null): Promise<void> {
  await db.row(delay, [
    claim.ticketId,
    claim.until,
    new Date(until).toISOString(),
    reason === null ? 0 : 1,
    reason,
    false,
  ]);
}

/** Gives a claimed ticket back because another command holds it. */
export async function giveBack(db: Session, claim: Claim, now: Date): Promise<void> {
  await db.row(delay, [claim.ticketId, claim.until, new Date(now.getTime() + busyMs).toISOString(), 0, null, false]);
}

// The ticket itself is put aside already, and so not among the due. What is alike: for want of ability, the same kind of
// work in the same zone at any hour; for want of time, the same question to the letter.
const delayAlike = statement<{ id: TicketId }>(
  "assign_delay_alike",
  `WITH tried AS (
     SELECT t.site_id, t.incident_type, t.priority, t.scheduled_start, t.scheduled_end, upper(${zoneOfSite("s")}) AS region
     FROM tickets t JOIN sites s ON s.id = t.site_id WHERE t.id = $1
   ), due AS (
     (SELECT id FROM tickets WHERE awaiting_technician AND assign_after IS NULL ORDER BY assign_after, sla_deadline_at LIMIT $4)
     UNION ALL
     (SELECT id FROM tickets WHERE awaiting_technician AND assign_after <= $2 ORDER BY assign_after, sla_deadline_at LIMIT $4)
   ), alike AS (
     SELECT t.id FROM tickets t JOIN sites s ON s.id = t.site_id, tried
     WHERE t.id IN (SELECT id FROM due)
       AND t.awaiting_technician AND (t.assign_after IS NULL OR t.assign_after <= $2)
       AND t.incident_type IS NOT DISTINCT FROM tried.incident_type
       AND CASE WHEN $3 THEN upper(${zoneOfSite("s")}) IS NOT DISTINCT FROM tried.region
                ELSE t.site_id = tried.site_id AND t.priority = tried.priority
                     AND t.scheduled_start = tried.scheduled_start AND t.scheduled_end = tried.scheduled_end END
     FOR NO KEY UPDATE OF t SKIP LOCKED
   )
   UPDATE tickets
   SET assign_after = $2::timestamptz
         + CASE WHEN $3 THEN $6 ELSE least($5 * power(2, least(assign_attempts, 20)), $6) END * interval '1 millisecond',
       assign_attempts = assign_attempts + 1, assign_reason = $7, assign_unable = $3,
       assign_tried_at = clock_timestamp()
   WHERE id IN (SELECT id FROM alike)
   RETURNING id`,
);

/** Of the tickets at the head of the line so many are compared at once; 100,000 alike were put aside by four workers in 25 s. */
const comparedAtOnce = 2_000;

/**
 * Puts aside what stands at the head of the line and would get the answer this ticket just got, so that a backlog of any
 * size does not keep the line from those who can be helped. Who becomes free in this very moment is noticed at the next try.
 * @returns how many
 */
export async function putAsideAlike(
  db: Session,
  ticketId: TicketId,
  now: Date,
  { reason, unable }: { reason: string; unable: boolean },
): Promise<number> {
  const values = [ticketId, now.toISOString(), unable, comparedAtOnce, delays.firstMs, delays.mostMs, reason];
  return (await db.rows(delayAlike, values)).length;
}

// A ticket that somebody holds at this moment may have been judged by the roster as it was before: then the changes are
// kept, and the next round finds it. A change was noted some time before its commit, which a command's timeouts keep below
// ten seconds; who was judged later than that knew of it, and recalling them again would never come to an end. Spans are asked
// for by subqueries, not joined: then the many whom only the roster can help are not read at all unless it changed, and the
// GiST index is gone through once (see migration 0008).
const recall = statement<{ recalled: number; done: boolean }>(
  "assign_recall",
  `WITH changes AS (
     SELECT id, span, changed_at FROM availability_changes ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED
   ), spans AS (
     SELECT range_agg(span) AS span, coalesce(bool_or(lower_inf(span)), false) AS of_roster,
            max(changed_at) + interval '10 seconds' AS seen_by
     FROM changes
   ), found AS (
     (SELECT id FROM tickets
      WHERE awaiting_technician AND NOT assign_unable AND assign_after > $1
        AND tstzrange(scheduled_start, scheduled_end) && (SELECT span FROM spans)
        AND (assign_tried_at IS NULL OR assign_tried_at < (SELECT seen_by FROM spans))
      LIMIT $2)
     UNION ALL
     (SELECT id FROM tickets
      WHERE (SELECT of_roster FROM spans) AND awaiting_technician AND assign_unable AND assign_after > $1
        AND assign_tried_at < (SELECT seen_by FROM spans)
      ORDER BY assign_after LIMIT $2)
     UNION ALL
     (SELECT id FROM tickets
      WHERE (SELECT span FROM spans) IS NOT NULL AND reserved AND assign_attempts > 0 AND assign_after > $1
        AND tstzrange(scheduled_start, scheduled_end) && (SELECT span FROM spans)
        AND assign_tried_at < (SELECT seen_by FROM spans)
      LIMIT $2)
     LIMIT $2
   ), free AS (
     SELECT id FROM tickets WHERE id IN (SELECT id FROM found) FOR NO KEY UPDATE SKIP LOCKED
   ), due AS (
     UPDATE tickets SET assign_after = $1, assign_unable = false WHERE id IN (SELECT id FROM free) RETURNING id
   ), gone AS (
     DELETE FROM availability_changes
     WHERE (SELECT count(*) FROM found) < $2 AND (SELECT count(*) FROM found) = (SELECT count(*) FROM free)
       AND id IN (SELECT id FROM changes)
     RETURNING id
   )
   SELECT (SELECT count(*) FROM due) AS recalled,
          (SELECT count(*) FROM changes) = 0 OR (SELECT count(*) FROM found) > 0 AND (SELECT count(*) FROM due) = 0 AS done`,
);

/**
 * Makes tickets due again whose time overlaps one at which somebody may have become free; what nobody was able to do,
 * when the roster itself changed.
 * @param limit tickets at once
 * @returns whether changes may be left that another round could use
 */
export async function recallTickets(
  db: Session,
  now: Date,
  limit: number,
): Promise<{ recalled: number; more: boolean }> {
  const row = await db.row(recall, [now.toISOString(), limit]);
  return { recalled: row?.recalled ?? 0, more: row !== null && !row.done };
}

export const countQueue = statement<{ queue_total: number; queue_missing_tech: number }>(
  "assign_queue_count",
  `SELECT (SELECT count(*) FROM tickets WHERE in_scheduling) AS queue_total,
          (SELECT count(*) FROM tickets WHERE awaiting_technician) AS queue_missing_tech`,
);
