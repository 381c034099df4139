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
  /** Sessions of this database that wait for it now. */
  readonly waiting: number;
};

// Locks of whole tables are listed also while nobody waits: callers give up after a lock timeout, and come again. From 16384 on
// relations are not the server's own. Who waits for others in turn is no root of the matter, and comes last.
export const selectLockHolders = statement<LockHolder>(
  "lock_holders",
  `WITH waits AS MATERIALIZED (
     SELECT l.pid,
            coalesce(max(l.relation), (SELECT max(t.relation) FROM pg_locks t
                                       WHERE t.pid = l.pid AND t.granted AND t.locktype = 'tuple')) AS relation
     FROM pg_locks l JOIN pg_stat_activity w ON w.pid = l.pid AND w.datname = current_database()
     WHERE NOT l.granted GROUP BY l.pid
   ), held AS MATERIALIZED (
     SELECT b.pid, waits.pid AS waiter, waits.relation
     FROM waits CROSS JOIN LATERAL unnest(pg_blocking_pids(waits.pid)) AS b (pid)
     UNION ALL
     SELECT l.pid, NULL, l.relation
     FROM pg_locks l
     WHERE l.granted AND l.locktype = 'relation' AND l.relation >= 16384
       AND l.mode IN ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock')
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND EXISTS (SELECT FROM pg_class c WHERE c.oid = l.relation AND c.relkind IN ('r', 'p'))
   )
   SELECT a.pid, coalesce(nullif(a.application_name, ''), 'unnamed') AS application, a.usename::text AS login, a.state,
          floor(extract(epoch FROM clock_timestamp() - a.xact_start))::integer AS seconds,
          string_agg(DISTINCT held.relation::regclass::text, ', ') AS tables, count(DISTINCT held.waiter) AS waiting
   FROM held JOIN pg_stat_activity a ON a.pid = held.pid
   WHERE a.pid <> pg_backend_pid()
   GROUP BY a.pid, a.application_name, a.usename, a.state, a.xact_start
   ORDER BY a.pid IN (SELECT pid FROM waits), waiting DESC, a.xact_start
   LIMIT $1`,
);

/** Those in whose way others stand, the roots first; `most` at most. */
export const lockHolders = (db: Session, most: number): Promise<LockHolder[]> => db.rows(selectLockHolders, [most]);
