// How quickly scheduled tickets find their technician. Read from the tickets' own history, so that any number of workers,
// and those that ran inside another process, are all in it.

import { statement } from "../db/statement.ts";
import { firstIdAt } from "../kernel/clock.ts";
import type { Desk } from "../kernel/desk.ts";
import { assignmentLimitSeconds, assignmentSpanMinutes } from "./metric-list.ts";

type Pace = {
  readonly in_time: number;
  readonly late: number;
  readonly p50: number | null;
  readonly p95: number | null;
};

/** Clocks of two machines may differ by so much and no dispatch is missed. */
const clockSkewMs = 60_000;

// Ids of audit events rise with time, so the primary key finds the last minutes; no index of their own is needed.
// Materialized, or Postgres looks for the scheduling once for each of the four figures.
const selectPace = statement<Pace>(
  "gauge_assignment_pace",
  `WITH assignments AS MATERIALIZED (
     SELECT extract(epoch FROM sent.created_at - ready.created_at)::float8 AS seconds
     FROM audit_events AS sent
     CROSS JOIN LATERAL (
       SELECT created_at FROM state_transitions AS move
       WHERE move.aggregate = sent.aggregate AND move.aggregate_id = sent.aggregate_id
         AND move.to_state = 'SCHEDULED' AND move.created_at <= sent.created_at
       ORDER BY move.created_at DESC LIMIT 1
     ) AS ready
     WHERE sent.id >= $1 AND sent.created_at > $2 AND sent.aggregate = 'ticket'
       AND (sent.tool_name = 'assignment.reserve'
            OR sent.tool_name = 'assignment.dispatch' AND sent.payload ->> 'dispatch_mode' = 'WORKER_AUTO'
               AND sent.payload ->> 'reserved' = 'false')
       -- What a dispatcher took back is left alone for a while, and not late.
       AND NOT EXISTS (SELECT FROM audit_events AS back
                       WHERE back.aggregate = sent.aggregate AND back.aggregate_id = sent.aggregate_id
                         AND back.seq < sent.seq AND back.tool_name = 'assignment.unassign' AND back.created_at >= ready.created_at)
   )
   SELECT count(*) FILTER (WHERE seconds <= $3) AS in_time, count(*) FILTER (WHERE seconds > $3) AS late,
          percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
          percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
   FROM assignments`,
);

const selectOldestWait = statement<{ seconds: number | null }>(
  "gauge_assignment_oldest_wait",
  `SELECT greatest(extract(epoch FROM $1::timestamptz - min(last_transition_at)), 0)::float8 AS seconds
   FROM tickets WHERE awaiting_technician AND assign_after IS NULL`,
);

export type RecentAssignments = {
  /** By pace: in_time, late. */
  readonly counts: ReadonlyMap<string, number>;
  /** By quantile; 0 where nothing was assigned. */
  readonly seconds: ReadonlyMap<string, number>;
};

/** The workers' first choices of the last minutes, booked or sent; the sending of whoever was booked waits for its time. */
export async function recentAssignments(desk: Desk): Promise<RecentAssignments> {
  const since = desk.clock.now().getTime() - assignmentSpanMinutes * 60_000;
  const row = await desk.db.row(selectPace, [
    firstIdAt(since - clockSkewMs),
    new Date(since).toISOString(),
    assignmentLimitSeconds,
  ]);
  return {
    counts: new Map([
      ["in_time", row?.in_time ?? 0],
      ["late", row?.late ?? 0],
    ]),
    seconds: new Map([
      ["0.5", row?.p50 ?? 0],
      ["0.95", row?.p95 ?? 0],
    ]),
  };
}

/** Seconds that the longest waiting ticket nobody looked at has waited; 0 where people dispatch. */
export async function oldestWait(desk: Desk): Promise<number> {
  if (!desk.policy.workerMayDispatch) return 0;
  return (await desk.db.row(selectOldestWait, [desk.clock.now().toISOString()]))?.seconds ?? 0;
}
