// What must hold after any fight over tickets and technicians, asked of the database, the audit trail and receipt.get.
// The test of the fight asks the same questions.

import { aggregates } from "../../dispatch/aggregates.ts";
import type pg from "pg";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";

/** Each finds the tickets of which something holds that must not. */
type Rules = Readonly<Record<string, string>>;

/** What must not be on any desk. */
export const bookingRules: Rules = {
  overlapping_bookings: `
    SELECT a.ticket_id FROM bookings a
    JOIN bookings b ON a.technician_id = b.technician_id AND a.id < b.id
      AND upper(a.span) > lower(b.span) AND lower(a.span) < upper(b.span)
    WHERE a.exclusive AND b.exclusive AND a.state IN ('tentative', 'firm') AND b.state IN ('tentative', 'firm')`,
  assigned_without_booking: `
    SELECT t.id AS ticket_id FROM tickets t
    WHERE t.assigned_tech_id IS NOT NULL AND t.scheduled_start IS NOT NULL AND t.state IN ('SCHEDULED', 'DISPATCHED')
      AND NOT EXISTS (SELECT FROM bookings b
                      WHERE b.ticket_id = t.id AND b.technician_id = t.assigned_tech_id AND b.state IN ('tentative', 'firm')
                        AND (b.span = tstzrange(t.scheduled_start, t.scheduled_end)
                             OR t.parted_minutes IS NOT NULL AND b.part = 1 AND lower(b.span) = t.scheduled_start))`,
  bookings_without_assignment: `
    SELECT b.ticket_id FROM bookings b JOIN tickets t ON t.id = b.ticket_id
    WHERE b.state IN ('tentative', 'firm') AND b.role = 'lead' AND t.assigned_tech_id IS DISTINCT FROM b.technician_id`,
  helpers_without_visit: `
    SELECT b.ticket_id FROM bookings b JOIN tickets t ON t.id = b.ticket_id
    WHERE b.state IN ('tentative', 'firm') AND b.role = 'helper'
      AND (t.state NOT IN ('SCHEDULED', 'DISPATCHED', 'ON_SITE', 'IN_PROGRESS', 'ON_HOLD', 'PENDING_CUSTOMER_CONFIRMATION')
           OR t.assigned_tech_id = b.technician_id
           OR t.state IN ('SCHEDULED', 'DISPATCHED') AND b.span <> tstzrange(t.scheduled_start, t.scheduled_end))`,
  // As many are booked or said to be missing as whoever booked them last said it takes.
  crews_in_pieces: `
    SELECT t.id AS ticket_id
    FROM tickets t, LATERAL (
      SELECT coalesce((e.payload->>'people')::int, 1) AS people FROM audit_events e
      WHERE e.aggregate = 'ticket' AND e.aggregate_id = t.id::text
        AND (e.payload ? 'people' OR e.payload->>'booking_id' IS NOT NULL)
      ORDER BY e.seq DESC LIMIT 1
    ) told
    WHERE t.state IN ('SCHEDULED', 'DISPATCHED') AND t.assigned_tech_id IS NOT NULL
      AND told.people <> 1 + t.helpers_missing + (SELECT count(*) FROM bookings b
                                                  WHERE b.ticket_id = t.id AND b.role = 'helper' AND b.state IN ('tentative', 'firm'))`,
  missing_without_word: `
    SELECT t.id AS ticket_id FROM tickets t
    WHERE t.helpers_missing > 0 AND NOT EXISTS (
      SELECT FROM audit_events e WHERE e.aggregate = 'ticket' AND e.aggregate_id = t.id::text
        AND e.payload->>'helpers_missing' = t.helpers_missing::text)`,
  dispatched_without_technician: `SELECT id AS ticket_id FROM tickets WHERE state = 'DISPATCHED' AND assigned_tech_id IS NULL`,
  bookings_without_receipt: `
    SELECT b.ticket_id FROM bookings b
    WHERE NOT EXISTS (SELECT FROM audit_events e WHERE e.aggregate = 'ticket' AND e.aggregate_id = b.ticket_id::text
                        AND (e.payload->>'booking_id' = b.id::text
                             OR e.payload->'crew' @> jsonb_build_array(jsonb_build_object('booking_id', b.id))
                             OR e.payload->'parts' @> jsonb_build_array(jsonb_build_object('booking_id', b.id))))`,
  commands_in_pieces: `
    SELECT e.ticket_id FROM audit_events e JOIN outbox o ON o.audit_event_id = e.id WHERE o.xmin <> e.xmin`,
  dispatches_against_the_ranking: `
    SELECT e.ticket_id FROM audit_events e
    WHERE (e.tool_name = 'assignment.reserve'
           OR e.payload->>'dispatch_mode' = 'WORKER_AUTO' AND e.payload->>'reserved' = 'false')
      AND NOT EXISTS (SELECT FROM recommendation_snapshots s
                      WHERE s.id::text = e.payload->>'recommendation_snapshot_id' AND s.recommended_tech_id::text = e.payload->>'tech_id')`,
};

/** What must not be of the tickets fought over, which are $1. */
const fightRules: Rules = {
  orphan_claims: `
    SELECT id AS ticket_id FROM tickets
    WHERE awaiting_technician AND id = ANY ($1) AND (assign_after IS NULL OR assign_attempts = 0 OR assign_reason IS NULL)`,
  lost_tickets: `
    SELECT fought.id AS ticket_id FROM unnest($1::uuid[]) AS fought (id)
    WHERE NOT EXISTS (SELECT FROM tickets t WHERE t.id = fought.id
                        AND t.state IN ('READY_TO_SCHEDULE', 'SCHEDULE_PROPOSED', 'SCHEDULED', 'DISPATCHED', 'IN_PROGRESS', 'ON_HOLD'))`,
};

/** How often each rule is broken, by its name. */
export type Violations = Readonly<Record<string, number>>;

/**
 * Finds what must not be. Call it when the desk has come to rest.
 * @param ticketIds the tickets fought over; the audit trail of others is not judged, since a benchmark may have made them by hand
 * @returns the counts, and the story of the first ticket that breaks a rule
 */
export async function findViolations(
  owner: pg.Client | pg.Pool,
  databaseUrl: string,
  ticketIds: readonly string[],
): Promise<{ counts: Violations; story: readonly string[] }> {
  const found = [...(await findBroken(owner, bookingRules)), ...(await findBroken(owner, fightRules, [ticketIds]))];
  found.push({ rule: "audit_faults", tickets: await auditFaults(databaseUrl, ticketIds) });
  const counts = Object.fromEntries(found.map(({ rule, tickets }) => [rule, tickets.length]));
  const [first] = found.flatMap(({ rule, tickets }) => tickets.slice(0, 1).map((ticketId) => ({ rule, ticketId })));
  if (!first) return { counts, story: [] };
  const again = [...(await findBroken(owner, bookingRules)), ...(await findBroken(owner, fightRules, [ticketIds]))];
  const still = again.some(({ rule, tickets }) => rule === first.rule && tickets.includes(first.ticketId));
  return {
    counts,
    story: [
      `${first.rule}: ticket ${first.ticketId}, ${still ? "still so" : "no longer so"} when looked at again`,
      ...(await storyOf(owner, first.ticketId)),
    ],
  };
}

type Broken = { readonly rule: string; readonly tickets: readonly string[] };

/** Of each rule, the tickets that break it. */
export async function findBroken(
  owner: pg.Client | pg.Pool,
  rules: Rules,
  values: readonly unknown[] = [],
): Promise<Broken[]> {
  const found: Broken[] = [];
  for (const [rule, sql] of Object.entries(rules)) {
    const { rows } = await owner.query<{ ticket_id: string }>(sql, [...values]);
    found.push({ rule, tickets: rows.map(({ ticket_id }) => ticket_id) });
  }
  return found;
}

/** All that is known of a ticket, a line each: as it stands, its bookings, what was done with it. */
export async function storyOf(owner: pg.Client | pg.Pool, ticketId: string): Promise<string[]> {
  const { rows } = await owner.query<{ line: string }>(
    `SELECT 'ticket  ' || concat_ws(' ', state, assigned_tech_id, scheduled_start, scheduled_end) AS line FROM tickets WHERE id = $1
     UNION ALL (SELECT 'booking ' || concat_ws(' ', id, state, technician_id, span, 'made', created_at, 'changed', updated_at)
                FROM bookings WHERE ticket_id = $1 ORDER BY created_at)
     UNION ALL (SELECT 'event   ' || concat_ws(' ', seq, created_at, tool_name, actor_id, before_state, after_state, payload)
                FROM audit_events WHERE ticket_id = $1 ORDER BY seq)`,
    [ticketId],
  );
  return rows.map(({ line }) => line);
}

/** The chains, each a ticket's or the desk's, in which the audit trail does not hold. */
async function auditFaults(databaseUrl: string, ticketIds: readonly string[]): Promise<string[]> {
  const db = openDatabase({
    url: databaseUrl,
    poolMax: 1,
    applicationName: "dispatch-bench-proof",
    role: null,
    statementTimeoutMs: 300_000,
    lockTimeoutMs: 5_000,
    onError: () => undefined,
  });
  try {
    const judged = new Set([...ticketIds, "desk"]);
    return (await verifyAudit(db, aggregates)).faults.map(({ chain }) => chain).filter((chain) => judged.has(chain));
  } finally {
    await db.close();
  }
}

/** The receipts of everything that put a technician on a ticket. */
export async function assignmentReceipts(owner: pg.Client | pg.Pool): Promise<string[]> {
  const { rows } = await owner.query<{ id: string }>(
    "SELECT id FROM audit_events WHERE payload->>'booking_id' IS NOT NULL",
  );
  return rows.map(({ id }) => id);
}
