// Who holds the locks that others wait for. Neither statements nor values are read: they may hold what customers wrote.

import type { Session } from "./pool.ts";
import { statement } from "./statement.ts";

export type LockHolder = {
  readonly pid: number;
  readonly application: string;
  readonly login: string | null;
  /** As pg_stat_activity says it, such as "idle in transaction"; null where the login may not see it. */
  readonly state: string | null;
  /** How long its transaction has run; null where the login may not see it. */
  readonly seconds: number | null;
  /** What others wait for, and what it has locked as a whole; null where only rows are waited for whose table does not show. */
  readonly tables: string | null;
  /** Sessions of this database that wait for it now, of the twenty that have waited longest. */
  readonly waiting: number;
  /** How long the one has waited that has waited longest; 0 where nobody waits. */
  readonly waited_seconds: number;
  /** Tells a session's transaction from its next one; null where it has just ended. */
  readonly transaction: string | null;
};

// Locks of whole tables are listed also while nobody waits: callers give up after a lock timeout, and come again. Others' own
// tables, those of another schema and temporary ones, are then nobody's affair. Who waits for others in turn is no root of the
// matter, and comes last. pg_blocking_pids stops the server's whole lock manager for a moment, so it is asked for a few alone.
export const selectLockHolders = statement<LockHolder>(
  "lock_holders",
  `WITH locks AS MATERIALIZED (
     SELECT * FROM pg_locks
   ), waits AS MATERIALIZED (
     SELECT l.pid, min(l.waitstart) AS since,
            coalesce(max(l.relation), (SELECT max(t.relation) FROM locks t
                                       WHERE t.pid = l.pid AND t.granted AND t.locktype = 'tuple')) AS relation
     FROM locks l JOIN pg_stat_activity w ON w.pid = l.pid AND w.datname = current_database()
     WHERE NOT l.granted GROUP BY l.pid ORDER BY min(l.waitstart) LIMIT 20
   ), held AS MATERIALIZED (
     SELECT b.pid, waits.pid AS waiter, waits.relation, waits.since
     FROM waits CROSS JOIN LATERAL unnest(pg_blocking_pids(waits.pid)) AS b (pid)
     UNION ALL
     SELECT l.pid, NULL, l.relation, NULL
     FROM locks l
     WHERE l.granted AND l.locktype = 'relation'
       AND l.mode IN ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock')
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND EXISTS (SELECT FROM pg_class c
                   WHERE c.oid = l.relation AND c.oid >= 16384 AND c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid))
   )
   SELECT a.pid, coalesce(nullif(a.application_name, ''), 'unnamed') AS application, a.usename::text AS login, a.state,
          floor(extract(epoch FROM clock_timestamp() - a.xact_start))::integer AS seconds,
          string_agg(DISTINCT held.relation::regclass::text, ', ') AS tables, count(DISTINCT held.waiter) AS waiting,
          floor(coalesce(extract(epoch FROM clock_timestamp() - min(held.since)), 0))::integer AS waited_seconds,
          (SELECT min(o.virtualtransaction) FROM locks o WHERE o.pid = a.pid AND o.granted) AS transaction
   FROM held JOIN pg_stat_activity a ON a.pid = held.pid
   WHERE a.pid <> pg_backend_pid()
   GROUP BY a.pid, a.application_name, a.usename, a.state, a.xact_start
   ORDER BY a.pid IN (SELECT pid FROM waits), waiting DESC, a.xact_start
   LIMIT $1`,
);

/** Those in whose way others stand, the roots first; `most` at most. */
export const lockHolders = (db: Session, most: number): Promise<LockHolder[]> => db.rows(selectLockHolders, [most]);
