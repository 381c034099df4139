// What somebody changed whom the server was told not to count: by each row's xmin, the transaction that wrote it, which no statement can
// choose. One that comes round again after four thousand million is looked at in vain.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";

// Of tickets alone, with their rows and moves: of nothing else are there so many that a round takes long.
const selectWritten = statement<{ id: string }>(
  "audit_watch_written",
  `WITH newer AS MATERIALIZED (
     SELECT age($1::text::xid8::xid) AS transactions
   ), told AS MATERIALIZED (
     SELECT aggregate_id, xact::xid AS xact FROM outbox WHERE xact >= $1::text::xid8 AND aggregate = 'ticket'
   ), written AS (
     SELECT id::text AS id, tickets.xmin AS xact FROM tickets
     UNION ALL SELECT ticket_id::text, bookings.xmin FROM bookings
     UNION ALL SELECT ticket_id::text, schedule_holds.xmin FROM schedule_holds
     UNION ALL SELECT ticket_id::text, approvals.xmin FROM approvals
     UNION ALL SELECT ticket_id::text, evidence_items.xmin FROM evidence_items
     UNION ALL SELECT ticket_id::text, completions.xmin FROM completions
     UNION ALL SELECT ticket_id::text, invoices.xmin FROM invoices
     UNION ALL SELECT aggregate_id, state_transitions.xmin FROM state_transitions WHERE aggregate = 'ticket'
   )
   SELECT DISTINCT id FROM written, newer
   WHERE age(xact) BETWEEN 0 AND transactions AND NOT EXISTS (
     SELECT FROM told WHERE told.aggregate_id = written.id AND told.xact = written.xact
   ) LIMIT $2`,
);

const selectSize = statement<{ pages: number }>(
  "audit_watch_size",
  `SELECT sum(relpages)::bigint AS pages FROM pg_class
   WHERE oid = ANY (ARRAY[
     'audit_events', 'state_transitions', 'evidence_items', 'policy_versions', 'completions', 'invoices',
     'tickets', 'bookings', 'schedule_holds', 'approvals'
   ]::regclass[])`,
);

/**
 * What there is, for the look after it. Rows of the first six tables are never changed, and those that had been written for good by `xact`
 * are `kept` of them; rows of the others are never deleted, and there are `others`.
 */
export type Place = { readonly xact: string; readonly kept: number; readonly others: number };

const selectPlace = statement<Place & { still: number }>(
  "audit_watch_place",
  `WITH here AS MATERIALIZED (
     SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xact, age(pg_snapshot_xmin(pg_current_snapshot())::xid) AS now,
            age($1::text::xid8::xid) AS before
   ), fixed AS (
     SELECT count(*) FILTER (WHERE age(x) > before) AS still, count(*) FILTER (WHERE age(x) > now) AS kept
     FROM here, (
       SELECT xmin AS x FROM audit_events UNION ALL SELECT xmin FROM state_transitions UNION ALL SELECT xmin FROM evidence_items
       UNION ALL SELECT xmin FROM policy_versions UNION ALL SELECT xmin FROM completions UNION ALL SELECT xmin FROM invoices
     ) AS rows
   )
   SELECT here.xact::text AS xact, kept, still,
          (SELECT count(*) FROM tickets) + (SELECT count(*) FROM bookings) + (SELECT count(*) FROM schedule_holds)
          + (SELECT count(*) FROM approvals) AS others
   FROM here, fixed`,
);

/** How many pages of 8 KB there are to look through, as the server last counted them. */
export const pagesToLookThrough = async (db: Session): Promise<number> => (await db.row(selectSize))?.pages ?? 0;

/**
 * What there is now, and whether rows are gone, or are not as they were written, since the look before. Reads all rows there are.
 * @param before null at a first look: then nothing is missed
 */
export async function placeNow(
  db: Session,
  before: Place | null,
): Promise<{ readonly place: Place; readonly isMissed: boolean }> {
  const found = await db.row(selectPlace, [before?.xact ?? null]);
  if (!found) throw new Error("a statement that always has a row had none");
  const { still, ...place } = found;
  return { place, isMissed: before !== null && (still < before.kept || place.others < before.others) };
}

/** Tickets of which a transaction wrote a row since then, and no event: a command writes both. Reads all rows there are. */
export const writtenTickets = async (db: Session, { xact }: Place, most: number): Promise<string[]> =>
  (await db.rows(selectWritten, [xact, most])).map(({ id }) => id);
