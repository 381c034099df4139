// How desk tasks and their agents stand, in numbers: by state, which wait for too long, who has fallen silent. Each is counted by an
// index alone, and none names anybody.

import { taskStates } from "../contract/task-states.ts";
import { mostRoomsNamed, mostWorkCounted, type DeskWork } from "../contract/task-responses.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { plusMinutes, plusMs } from "../kernel/clock.ts";
import { heartbeatLostAfterMs } from "./presence.ts";

/** For how many minutes a task of each priority, the most urgent first, may wait to be assigned before somebody should look. */
export const waitLimits = [5, 15, 60, 240, 1_440] as const;

/** What failed longer ago is history. */
const failedLatelyMinutes = 1_440;

// By state -----------------------------------------------------------------------------------------------------------

// State by state, or Postgres reads the whole table for the sum of them.
export const countStates = statement<{ status: string; tasks: number }>(
  "tasks_by_status",
  `SELECT asked.status, (SELECT count(*) FROM tasks WHERE tasks.status = asked.status) AS tasks FROM unnest($1::text[]) AS asked (status)`,
);

/** All tasks there ever were, by state. */
export const tasksByStatus = async (db: Session): Promise<ReadonlyMap<string, number>> =>
  new Map((await db.rows(countStates, [taskStates])).map(({ status, tasks }) => [status, tasks]));

const oldestWaits = statement<{ priority: number; seconds: number }>(
  "tasks_oldest_waits",
  `SELECT priority, greatest(coalesce(extract(epoch FROM $1::timestamptz - (
            SELECT min(status_since) FROM tasks WHERE status = 'pending' AND tasks.priority = asked.priority)), 0), 0)::float8 AS seconds
   FROM generate_series(1, ${waitLimits.length}) AS asked (priority)`,
);

/** For how many seconds the pending task that has waited the longest has waited, by priority; 0 where none waits. */
export const waitsByPriority = async (db: Session, now: Date): Promise<ReadonlyMap<string, number>> =>
  new Map(
    (await db.rows(oldestWaits, [now.toISOString()])).map(({ priority, seconds }) => [String(priority), seconds]),
  );

// What waits for too long --------------------------------------------------------------------------------------------

/** Which tasks are stuck ($1 priorities, $2 since when each is), as `tasks`; each priority is read from its own end of the index. */
export const stuckTasks = `unnest($1::smallint[], $2::timestamptz[]) AS late (priority, before)
   CROSS JOIN LATERAL (
     SELECT * FROM tasks WHERE status = 'pending' AND tasks.priority = late.priority AND status_since < late.before OFFSET 0
   ) AS tasks`;

/** The values of `stuckTasks`. */
export const stuckBefore = (now: string) =>
  [waitLimits.map((_, at) => at + 1), waitLimits.map((minutes) => plusMinutes(now, -minutes))] as const;

export type StuckTasks = {
  readonly tasks: number;
  /** Of the most urgent one that has waited the longest; null where there is none. */
  readonly priority: number | null;
  readonly minutes: number | null;
  /** What the broker last said of it; null where no broker has looked. */
  readonly unmatched_reason: string | null;
};

const countStuck = statement<StuckTasks>(
  "tasks_stuck",
  `WITH worst AS (
     SELECT tasks.priority, tasks.status_since, tasks.unmatched_reason FROM ${stuckTasks}
     ORDER BY tasks.priority, tasks.status_since LIMIT 1
   )
   SELECT (SELECT count(*) FROM ${stuckTasks}) AS tasks, worst.priority::integer AS priority,
          floor(extract(epoch FROM $3::timestamptz - worst.status_since) / 60)::integer AS minutes, worst.unmatched_reason
   FROM (SELECT) AS one LEFT JOIN worst ON true`,
);

/** Tasks that have waited for longer than their priority allows. */
export async function countStuckTasks(db: Session, now: string): Promise<StuckTasks> {
  const row = await db.row(countStuck, [...stuckBefore(now), now]);
  if (!row) throw new Error("counting tasks gave no row");
  return row;
}

// Who has fallen silent ----------------------------------------------------------------------------------------------

/** After this long without a word of any API the desk counts as deaf; each says every ten seconds that it listens. */
const deafAfterSeconds = 60;

/** Whether somebody is there to hear agents, of the row of desk_listening. True as long as no API ever said so: those of before do not. */
export const isListening = `coalesce(listening_at >= clock_timestamp() - interval '${deafAfterSeconds} s', true)`;

// What was not heard while nobody listened is held against nobody.
const lastHeard = `greatest(coalesce(a.heartbeat_at, a.updated_at), (SELECT listening_since FROM desk_listening))`;

/** Whether an agent `a` was heard of ($1: since when). */
export const isHeard = `(${lastHeard} >= $1 OR NOT (SELECT ${isListening} FROM desk_listening))`;

const speaks = `a.running AND a.activity NOT IN ('errored', 'starting')`;

/** Whether an agent `a` should have been heard of and was not; a desk that hears nobody says so of nobody. */
export const hasFallenSilent = `(${speaks} AND NOT ${isHeard})`;

/** Whether an agent `a` has fallen silent, or is out of order: it says so itself, or was found silent. */
export const isSilent = `(a.running AND a.activity = 'errored' OR ${hasFallenSilent})`;

/** Whether an agent `a` is there and heard of. */
const isAwake = `(${speaks} AND ${isHeard})`;

const holdsWork = `EXISTS (SELECT FROM tasks WHERE assignee = a.slug AND status IN ('assigned', 'in_progress', 'blocked'))`;
// What was taken from whoever fell silent names nobody any more but in the event of that.
const hadWork = `(EXISTS (SELECT FROM tasks WHERE assignee = a.slug)
  OR (SELECT (payload->>'handed_back')::integer FROM audit_events e
      WHERE e.aggregate = 'worker' AND e.aggregate_id = a.slug AND e.tool_name = 'worker.lost' ORDER BY e.seq DESC LIMIT 1) > 0)`;

/** Whether somebody should look after a silent agent: it has work, or had some and is still counted on. */
export const isMissed = `(${isSilent} AND (${holdsWork} OR a.drained_at IS NULL AND ${hadWork}))`;

/** The value of `isHeard`, and of all that asks for it. */
export const heardSince = (now: string): string => plusMs(now, -heartbeatLostAfterMs);

const countMissed = statement<{ agents: number }>(
  "agents_missed",
  `SELECT count(*) AS agents FROM agents a WHERE ${isMissed}`,
);

/** Agents that are silent, and have or had work. */
export const countMissedAgents = async (db: Session, now: string): Promise<number> =>
  (await db.row(countMissed, [heardSince(now)]))?.agents ?? 0;

const countAgents = statement<{ awake: number; silent: number; away: number }>(
  "agents_by_status",
  `SELECT count(*) FILTER (WHERE ${isAwake}) AS awake, count(*) FILTER (WHERE ${isSilent}) AS silent,
          count(*) FILTER (WHERE NOT ${isAwake} AND NOT ${isSilent}) AS away
   FROM agents a`,
);

/** Agents by whether they can be given work, should be heard of and are not, or sleep or have stopped. */
export const agentsByStatus = async (db: Session, now: Date): Promise<ReadonlyMap<string, number>> =>
  new Map(Object.entries((await db.row(countAgents, [heardSince(now.toISOString())])) ?? {}));

// For whoever reads the queue ----------------------------------------------------------------------------------------

const upTo = (condition: string): string =>
  `(SELECT count(*) FROM (SELECT FROM tasks WHERE ${condition} LIMIT ${mostWorkCounted}) AS found)`;

const isInError = "agent_status = 'error' AND kind <> 'control'";

const selectWork = statement<{
  pending: number;
  in_progress: number;
  in_review: number;
  blocked: number;
  failed: number;
  awake: number;
  silent: number;
  in_error: number;
  names: string[] | null;
}>(
  "desk_work",
  `SELECT ${upTo("status = 'pending'")} AS pending, ${upTo("status IN ('assigned', 'in_progress')")} AS in_progress,
          ${upTo("status IN ('awaiting_review', 'in_review')")} AS in_review, ${upTo("status = 'blocked'")} AS blocked,
          ${upTo("status IN ('failed', 'timed_out') AND status_since > $2")} AS failed,
          (SELECT count(*) FROM agents a WHERE ${isAwake}) AS awake,
          (SELECT count(*) FROM agents a WHERE ${isSilent}) AS silent,
          (SELECT count(*) FROM rooms WHERE ${isInError}) AS in_error,
          ARRAY(SELECT name FROM rooms WHERE ${isInError} ORDER BY status_since, name LIMIT ${mostRoomsNamed}) AS names
   WHERE EXISTS (SELECT FROM agents) OR EXISTS (SELECT FROM tasks) OR EXISTS (SELECT FROM rooms WHERE kind <> 'control')`,
);

/** How the desk's tasks, agents and rooms stand; null on a desk that has none. */
export async function deskWork(db: Session, now: string): Promise<DeskWork | null> {
  const row = await db.row(selectWork, [heardSince(now), plusMinutes(now, -failedLatelyMinutes)]);
  if (!row) return null;
  const { awake, silent, in_error, names, ...tasks } = row;
  return { tasks, agents: { awake, silent }, rooms: { in_error, names: names ?? [] } };
}
