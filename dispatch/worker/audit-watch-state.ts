// Where the watch over the audit trail stands: one row for all workers. One of them at a time claims it, looks, and writes down how far
// it has come; the claim of one that was killed lapses.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";

export type Watch = {
  /** The round under way; null between two rounds. */
  readonly began_at: string | null;
  /** Of the next chain, behind `after`; null at a round's beginning. */
  readonly aggregate: string | null;
  readonly after: string | null;
  /** Looked at in this round. */
  readonly chains: number;
  /** Without pauses. */
  readonly hurried: boolean;
  readonly rested_at: string;
  readonly recent_at: string;
  readonly round_at: string;
  readonly last_began_at: string | null;
  readonly last_ended_at: string | null;
  readonly last_chains: number;
  /** Rows of insert-only tables that were ever changed or deleted, when last looked; null before the first look. */
  readonly changes: number | null;
};

/**
 * The longest that the watch rests: a page of more events than that pays for is read faster than allowed. A time further ahead was
 * written by a clock that was wrong, or by whoever wants nobody to look.
 */
export const longestRestMs = 60 * 60_000;

/** Longer than any look takes: each reads a page, or chains that changed lately. */
const claimSeconds = 60;

// Changes are by the server's own count, which also has what was rolled back, and forgets in a crash. Nothing of ours changes a row of
// the first six, or deletes one of the others; an owner who does without the count is found
// by uncounted-changes.ts.
const claimWatch = statement<Watch & { readonly changes_now: number }>(
  "audit_watch_claim",
  `WITH counted AS MATERIALIZED (
     SELECT sum(CASE WHEN n <= 6 THEN pg_stat_get_tuples_updated(c.oid) ELSE 0 END + pg_stat_get_tuples_deleted(c.oid))::bigint AS changes
     FROM unnest(ARRAY[
       'audit_events', 'state_transitions', 'evidence_items', 'policy_versions', 'completions', 'invoices',
       'tickets', 'bookings', 'schedule_holds', 'approvals'
     ]::regclass[]) WITH ORDINALITY AS c (oid, n)
   )
   UPDATE audit_watch w SET claimed_until = $1::timestamptz + $2 * interval '1 second'
   FROM counted
   WHERE (w.claimed_until <= $1 OR w.claimed_until > $1::timestamptz + $2 * interval '1 second')
     AND (w.hurried OR w.changes < counted.changes
          OR (w.rested_at <= $1 OR w.rested_at > $1::timestamptz + $3 * interval '1 second')
             AND (w.began_at IS NOT NULL OR w.recent_at <= $1 OR w.recent_at > $1::timestamptz + $3 * interval '1 second'
                  OR w.round_at <= $1 OR w.round_at > $1::timestamptz + $3 * interval '1 second'))
   RETURNING w.began_at, w.aggregate, w.after, w.chains, w.hurried, w.rested_at, w.recent_at, w.round_at, w.last_began_at,
             w.last_ended_at, w.last_chains, w.changes, coalesce(counted.changes, 0)::bigint AS changes_now`,
);

const keepWatch = statement(
  "audit_watch_keep",
  `UPDATE audit_watch
   SET claimed_until = $1, began_at = $2, aggregate = $3, after = $4, chains = $5, hurried = $6, rested_at = $7, recent_at = $8,
       round_at = $9, last_began_at = $10, last_ended_at = $11, last_chains = $12, changes = $13`,
);

const selectRecent = statement<{ aggregate: string; id: string }>(
  "audit_watch_recent",
  `WITH newest AS (SELECT aggregate, aggregate_id, id, created_at FROM outbox ORDER BY xact DESC, outbox.id DESC LIMIT 2000),
        changed AS (
          SELECT aggregate, aggregate_id AS id, max(id) AS newest FROM newest
          WHERE created_at > $1 AND aggregate IS NOT NULL AND aggregate_id IS NOT NULL
          GROUP BY aggregate, aggregate_id
        ),
        -- Of an id that anybody may have written there must be events; and that one is mended anybody may have said.
        broken AS (
          SELECT f.aggregate, f.chain AS id FROM audit_faults f
          WHERE f.resolved_at IS NULL AND f.source = 'history'
            AND (f.mended_at IS NULL OR f.found_at > clock_timestamp() - interval '1 day')
            AND EXISTS (SELECT FROM audit_events e WHERE (e.aggregate, e.aggregate_id) = (f.aggregate, f.chain))
          GROUP BY f.aggregate, f.chain
          ORDER BY bool_or(f.mended_at IS NULL) DESC, max(f.id) DESC LIMIT 100
        )
   SELECT aggregate, id FROM broken
   UNION
   (SELECT aggregate, id FROM changed ORDER BY newest DESC LIMIT $2)`,
);

/**
 * The watch, claimed for a minute; null while nothing is due, or another worker is at it.
 * @returns with `changes_now`: how many rows of the audit trail, its moves and the evidence were ever changed or deleted
 */
export const claim = (db: Session, now: Date): Promise<(Watch & { readonly changes_now: number }) | null> =>
  db.row(claimWatch, [now.toISOString(), claimSeconds, longestRestMs / 1_000]);

/** Writes down how far it has come, and lets go. */
export const keep = (db: Session, now: Date, watch: Watch): Promise<unknown> =>
  db.row(keepWatch, [
    now.toISOString(),
    watch.began_at,
    watch.aggregate,
    watch.after,
    watch.chains,
    watch.hurried,
    watch.rested_at,
    watch.recent_at,
    watch.round_at,
    watch.last_began_at,
    watch.last_ended_at,
    watch.last_chains,
    watch.changes,
  ]);

/** Chains with an event since a moment, the newest so many; and those that are broken, or were found so within a day. By aggregate. */
export async function recentChains(db: Session, since: Date, most: number): Promise<Map<string, string[]>> {
  const rows = await db.rows(selectRecent, [since.toISOString(), most]);
  const byAggregate = Map.groupBy(rows, ({ aggregate }) => aggregate);
  return new Map([...byAggregate].map(([aggregate, chains]) => [aggregate, chains.map(({ id }) => id)]));
}
