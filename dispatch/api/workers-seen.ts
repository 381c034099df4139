// Which workers are alive, by the rows they renew: for health and metrics, which both are public and name nobody.

import { statement } from "../db/statement.ts";
import type { Desk } from "../kernel/desk.ts";

export type WorkersSeen = {
  readonly alive: number;
  /** Not seen for three heartbeats, and not signed off: killed, or cut off from Postgres. */
  readonly stale: number;
  /** Seconds since the worker that was silent the longest of those alive was seen; null when none is. */
  readonly oldest_age_seconds: number | null;
};

const selectWorkers = statement<WorkersSeen>(
  "workers_seen",
  `SELECT count(*) FILTER (WHERE alive) AS alive, count(*) FILTER (WHERE NOT alive) AS stale,
          max(age) FILTER (WHERE alive) AS oldest_age_seconds
   FROM (SELECT greatest(round(extract(epoch FROM $1::timestamptz - seen_at))::integer, 0) AS age,
                seen_at > $1::timestamptz - 3 * heartbeat_ms * interval '1 millisecond' AS alive
         FROM workers) AS seen`,
);

export const workersSeen = async (desk: Desk): Promise<WorkersSeen> =>
  (await desk.db.row(selectWorkers, [desk.clock.now().toISOString()])) ?? { alive: 0, stale: 0, oldest_age_seconds: null };
