// What must hold after any fight over tickets and technicians, asked of the database, the audit trail and receipt.get.
// The test of the fight asks the same questions.

import type pg from "pg";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { verifyAudit } from "../../dispatch/kernel/verify-audit.ts";

/** Each counts what must not be; where $1 stands, among the tickets fought over. */
const violations = {
  overlapping_bookings: `
    SELECT count(*) AS found FROM bookings a
    JOIN bookings b ON a.technician_id = b.technician_id AND a.id < b.id AND a.span && b.span
    WHERE a.exclusive AND b.exclusive AND a.state IN ('tentative', 'firm') AND b.state IN ('tentative', 'firm')`,
  assigned_without_booking: `
    SELECT count(*) AS found FROM tickets t
    WHERE t.assigned_tech_id IS NOT NULL AND t.scheduled_start IS NOT NULL AND t.state IN ('SCHEDULED', 'DISPATCHED')
      AND NOT EXISTS (SELECT FROM bookings b
                      WHERE b.ticket_id = t.id AND b.technician_id = t.assigned_tech_id AND b.state IN ('tentative', 'firm')
                        AND b.span = tstzrange(t.scheduled_start, t.scheduled_end))`,
  bookings_without_assignment: `
    SELECT count(*) AS found FROM bookings b JOIN tickets t ON t.id = b.ticket_id
    WHERE b.state IN ('tentative', 'firm') AND t.assigned_tech_id IS DISTINCT FROM b.technician_id`,
  dispatched_without_technician: `SELECT count(*) AS found FROM tickets WHERE state = 'DISPATCHED' AND assigned_tech_id IS NULL`,
  bookings_without_receipt: `
    SELECT count(*) AS found FROM bookings b
    WHERE NOT EXISTS (SELECT FROM audit_events e WHERE e.ticket_id = b.ticket_id AND e.payload->>'booking_id' = b.id::text)`,
  dispatches_against_the_ranking: `
    SELECT count(*) AS found FROM audit_events e
    WHERE e.payload->>'dispatch_mode' = 'WORKER_AUTO'
      AND NOT EXISTS (SELECT FROM recommendation_snapshots s
                      WHERE s.id::text = e.payload->>'recommendation_snapshot_id' AND s.recommended_tech_id::text = e.payload->>'tech_id')`,
  orphan_claims: `
    SELECT count(*) AS found FROM tickets
    WHERE awaiting_technician AND id = ANY ($1) AND (assign_after IS NULL OR assign_attempts = 0 OR assign_reason IS NULL)`,
  lost_tickets: `
    SELECT cardinality($1::uuid[]) - count(*) AS found FROM tickets
    WHERE id = ANY ($1) AND state IN ('READY_TO_SCHEDULE', 'SCHEDULE_PROPOSED', 'SCHEDULED', 'DISPATCHED')`,
} as const;

export type Violations = Readonly<Record<keyof typeof violations | "audit_faults", number>>;

/**
 * Counts what must not be. Call it when the desk has come to rest.
 * @param ticketIds the tickets fought over; the audit trail of others is not judged, since a benchmark may have made them by hand
 */
export async function countViolations(owner: pg.Client | pg.Pool, databaseUrl: string, ticketIds: readonly string[]): Promise<Violations> {
  const count = async (sql: string): Promise<number> => {
    const { rows } = await owner.query<{ found: string }>(sql, sql.includes("$1") ? [ticketIds] : []);
    return Number(rows[0]?.found);
  };
  return {
    overlapping_bookings: await count(violations.overlapping_bookings),
    assigned_without_booking: await count(violations.assigned_without_booking),
    bookings_without_assignment: await count(violations.bookings_without_assignment),
    dispatched_without_technician: await count(violations.dispatched_without_technician),
    bookings_without_receipt: await count(violations.bookings_without_receipt),
    dispatches_against_the_ranking: await count(violations.dispatches_against_the_ranking),
    orphan_claims: await count(violations.orphan_claims),
    lost_tickets: await count(violations.lost_tickets),
    audit_faults: await auditFaults(databaseUrl, ticketIds),
  };
}

async function auditFaults(databaseUrl: string, ticketIds: readonly string[]): Promise<number> {
  const db = openDatabase({
    url: databaseUrl, poolMax: 1, applicationName: "dispatch-bench-proof", role: null, statementTimeoutMs: 300_000,
    lockTimeoutMs: 5_000, onError: () => undefined,
  });
  try {
    const judged = new Set([...ticketIds, "desk"]);
    return (await verifyAudit(db)).faults.filter(({ chain }) => judged.has(chain)).length;
  } finally {
    await db.close();
  }
}

/** The receipts of everything that put a technician on a ticket. */
export async function assignmentReceipts(owner: pg.Client | pg.Pool): Promise<string[]> {
  const { rows } = await owner.query<{ id: string }>("SELECT id FROM audit_events WHERE payload->>'booking_id' IS NOT NULL");
  return rows.map(({ id }) => id);
}
