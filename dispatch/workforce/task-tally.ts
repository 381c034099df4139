// What became of tasks and wakes since the desk began, added up from the events that tell of it: one row for all workers. It moves on with
// the place it has read up to, in one statement, so that each event counts once however often workers start anew.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";

/** Up to how many seconds a task waits for its worker, to be told apart. Other bounds take a migration that clears the counts. */
export const waitBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 14_400] as const;

/** So many events are looked at in one statement. */
const mostLooks = 2_000;

/** The counts of a column by bound, with those that were seen now. */
const added = (column: string, seen: string): string =>
  `ARRAY(
     SELECT (coalesce(t.${column}[bucket.at], 0) + (SELECT count(*) FROM ${seen} WHERE ${seen}.bucket = bucket.at))::integer
     FROM generate_series(1, cardinality($1::float8[]) + 1) AS bucket (at) ORDER BY bucket.at
   )`;

/** The first bound ($1) that some seconds do not exceed, counted from 1; behind the last there is one more. */
const bucketed = (rows: string): string =>
  `SELECT seconds, (SELECT count(*) + 1 FROM unnest($1::float8[]) AS bound WHERE bound < seconds) AS bucket FROM (${rows}) AS timed`;

// A wait begins with the move to pending and ends with the next one to assigned, whoever made it. Below the oldest transaction still
// running, as every reader of the outbox: nothing that commits late is passed over. Who finds the place moved on has counted nothing.
// Each move is looked up by a LIMIT of its own: without, a plan made while the table was short reads all of it for each event.
export const advance = statement<{ looks: number }>(
  "task_tally_advance",
  `WITH place AS MATERIALIZED (SELECT xact, id FROM task_tally LIMIT 1),
   seen AS MATERIALIZED (
     SELECT place.xact AS from_xact, place.id AS from_id, o.*
     FROM place CROSS JOIN LATERAL (
       SELECT xact, id, aggregate, aggregate_id, audit_event_id, event, payload, created_at FROM outbox
       WHERE (outbox.xact, outbox.id) > (place.xact, place.id) AND outbox.xact < pg_snapshot_xmin(pg_current_snapshot())
       ORDER BY xact, id LIMIT ${mostLooks}
     ) AS o
   ), waited AS MATERIALIZED (${bucketed(`
     SELECT greatest(extract(epoch FROM taken.created_at - began.created_at), 0)::float8 AS seconds
     FROM seen CROSS JOIN LATERAL (
       SELECT created_at FROM state_transitions move
       WHERE move.aggregate = 'task' AND move.aggregate_id = seen.aggregate_id AND move.audit_event_id = seen.audit_event_id
         AND move.from_state = 'pending' AND move.to_state = 'assigned'
       LIMIT 1
     ) AS taken CROSS JOIN LATERAL (
       SELECT created_at FROM state_transitions move
       WHERE move.aggregate = 'task' AND move.aggregate_id = seen.aggregate_id AND move.to_state = 'pending'
         AND move.created_at <= taken.created_at
       ORDER BY move.created_at DESC LIMIT 1
     ) AS began
     WHERE seen.aggregate = 'task' AND seen.event = 'assigned'`)}
   ), pushed AS MATERIALIZED (${bucketed(`
     SELECT (payload->'data'->>'latency_ms')::float8 / 1000 AS seconds FROM seen
     WHERE aggregate = 'room' AND event = 'push_acked' AND payload->'data'->>'latency_ms' IS NOT NULL`)}
   ), counted AS (
     SELECT count(*) AS looks, max(from_xact::text)::xid8 AS from_xact, max(from_id) AS from_id,
            count(*) FILTER (WHERE aggregate = 'task' AND event = 'unmatched') AS unmatched,
            count(*) FILTER (WHERE aggregate = 'worker' AND payload->'data'->>'woken' = 'true') AS ready,
            count(*) FILTER (WHERE aggregate = 'worker' AND event = 'wake_failed') AS failed
     FROM seen
   ), sums AS (
     SELECT (SELECT coalesce(sum(seconds), 0) FROM waited) AS waited, (SELECT coalesce(sum(seconds), 0) FROM pushed) AS pushed,
            ${added("waits", "waited")} AS waits, ${added("pushes", "pushed")} AS pushes
     FROM task_tally t
   ),
   last AS (SELECT xact, id FROM seen ORDER BY xact DESC, id DESC LIMIT 1)
   UPDATE task_tally t
   SET xact = last.xact, id = last.id, unmatched = t.unmatched + counted.unmatched, wakes_ready = t.wakes_ready + counted.ready,
       wakes_failed = t.wakes_failed + counted.failed, wait_seconds = t.wait_seconds + sums.waited,
       push_seconds = t.push_seconds + sums.pushed, waits = sums.waits, pushes = sums.pushes
   FROM counted, sums, last
   WHERE t.xact = counted.from_xact AND t.id = counted.from_id
   RETURNING counted.looks`,
);

/** Adds up some of what has happened since. @returns whether there is more */
export const advanceTally = async (db: Session): Promise<boolean> =>
  (await db.row(advance, [waitBounds]))?.looks === mostLooks;

export type TaskTally = {
  readonly unmatched: number;
  readonly wakes_ready: number;
  readonly wakes_failed: number;
  readonly wait_seconds: number;
  /** How many waited up to each bound and no shorter one, and last how many waited longer. Empty before the first. */
  readonly waits: readonly number[];
  /** The same of how long pushes took from when they could be told until they were taken. */
  readonly push_seconds: number;
  readonly pushes: readonly number[];
};

const selectTally = statement<TaskTally>(
  "task_tally",
  `SELECT unmatched, wakes_ready, wakes_failed, wait_seconds, waits, push_seconds, pushes FROM task_tally`,
);

/** The sums as they are. */
export async function readTally(db: Session): Promise<TaskTally> {
  const row = await db.row(selectTally);
  if (!row) throw new Error("the table task_tally has lost its row");
  return row;
}
