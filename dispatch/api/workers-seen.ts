// Which workers are alive, by the rows they renew: for health and metrics, which both are public and name nobody. Rows are written
// and read by the database's clock alone, however the clocks of the machines differ.

import { statement } from "../db/statement.ts";
import type { Desk } from "../kernel/desk.ts";

export type WorkersSeen = {
  readonly alive: number;
  /** Not seen for three heartbeats, and not signed off: killed, or cut off from Postgres. */
  readonly stale: number;
  /** Seconds since the worker that was silent the longest of those alive was seen; null when none is. */
  readonly oldest_age_seconds: number | null;
};

/** What the live workers did since each started. */
export type WorkDone = { readonly dispatches: number; readonly errors: number };

const selectWorkers = statement<WorkersSeen>(
  "workers_seen",
  `SELECT count(*) FILTER (WHERE alive) AS alive, count(*) FILTER (WHERE NOT alive) AS stale,
          max(age) FILTER (WHERE alive) AS oldest_age_seconds
   FROM (SELECT greatest(round(extract(epoch FROM clock_timestamp() - seen_at))::integer, 0) AS age,
                seen_at > clock_timestamp() - 3 * heartbeat_ms * interval '1 millisecond' AS alive
         FROM workers) AS seen`,
);

export const workersSeen = async (desk: Desk): Promise<WorkersSeen> =>
  (await desk.db.row(selectWorkers)) ?? { alive: 0, stale: 0, oldest_age_seconds: null };

const selectWork = statement<WorkDone>(
  "workers_work_done",
  `SELECT coalesce(sum(dispatches), 0)::bigint AS dispatches, coalesce(sum(errors), 0)::bigint AS errors
   FROM workers WHERE seen_at > clock_timestamp() - 3 * heartbeat_ms * interval '1 millisecond'`,
);

export const workDone = async (desk: Desk): Promise<WorkDone> =>
  (await desk.db.row(selectWork)) ?? { dispatches: 0, errors: 0 };

// A killed worker's row stays for a day. It is no worry once another has started after it fell silent, nor, while others
// work, after an hour: then it was taken away on purpose. Which row was replaced by which nobody knows, so they are counted.
const countSilent = statement<{ silent: number }>(
  "workers_silent",
  `WITH seen AS (
     SELECT started_at, seen_at, seen_at > clock_timestamp() - 3 * heartbeat_ms * interval '1 millisecond' AS alive FROM workers
   ), silent AS (
     SELECT count(*) AS workers, min(seen_at) AS since
     FROM seen
     WHERE NOT alive AND (seen_at > clock_timestamp() - interval '1 hour' OR NOT EXISTS (SELECT FROM seen WHERE alive))
   )
   SELECT greatest(silent.workers - (SELECT count(*) FROM seen WHERE started_at > silent.since), 0)::bigint AS silent
   FROM silent`,
);

/** Workers that fell silent without signing off and were not replaced. */
export const silentWorkers = async (desk: Desk): Promise<number> => (await desk.db.row(countSilent))?.silent ?? 0;
