// What the broker reads: the queues of waiting tasks, one for each set of capabilities that is asked for, and who there is to do them.

import type { TaskId } from "../contract/ids.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { hasFallenSilent } from "../workforce/task-standing.ts";
import { agentColumns, type AgentRow } from "./agent-row.ts";
import { agentTaker } from "./places.ts";
import { isUnreachable, takenPlaces, type Taker } from "./taker.ts";
import type { TaskRow } from "./task-row.ts";
import { readAbleTechnicians, type Asked } from "./technician-worker.ts";

/** An agent with which of its places are taken, and when it was last given a task. */
type Broked = AgentRow & {
  readonly slots: readonly number[];
  readonly unreachable: boolean;
  readonly last_assigned_at: string | null;
};

const selectAgents = statement<Broked>(
  "broker_agents",
  `SELECT ${agentColumns}, ${takenPlaces("slug")} AS slots, ${isUnreachable("slug")} AS unreachable,
     (SELECT max(assigned_at) FROM tasks WHERE assignee = slug) AS last_assigned_at
   FROM agents ORDER BY slug`,
);

// From each queue to the next by one look at the index, however long they are.
const selectQueues = statement<{ requirement: string }>(
  "broker_queues",
  `WITH RECURSIVE queues AS (
     (SELECT requirement FROM tasks WHERE status = 'pending' ORDER BY requirement LIMIT 1)
     UNION ALL
     SELECT (SELECT t.requirement FROM tasks t WHERE t.status = 'pending' AND t.requirement > queues.requirement
             ORDER BY t.requirement LIMIT 1)
     FROM queues WHERE queues.requirement IS NOT NULL
   )
   SELECT requirement FROM queues WHERE requirement IS NOT NULL LIMIT 10000`,
);

export type QueuedRow = Pick<TaskRow, "id" | "priority" | "created_at" | "required_capabilities" | "unmatched_reason">;

// The heads of some queues, merged. Each is read from its own end of the index.
const selectHeads = statement<QueuedRow>(
  "broker_heads",
  `SELECT head.* FROM unnest($1::text[]) AS wanted (requirement)
   CROSS JOIN LATERAL (
     SELECT id, priority, created_at, required_capabilities, unmatched_reason FROM tasks
     WHERE status = 'pending' AND tasks.requirement = wanted.requirement ORDER BY priority, created_at, id LIMIT $2
   ) AS head
   ORDER BY head.priority, head.created_at, head.id LIMIT $3`,
);

// Of queues that nobody serves, those in front who were not told for which reason.
const selectUntold = statement<QueuedRow>(
  "broker_untold",
  `SELECT head.* FROM unnest($1::text[], $2::text[]) AS wanted (requirement, reason)
   CROSS JOIN LATERAL (
     SELECT id, priority, created_at, required_capabilities, unmatched_reason FROM tasks
     WHERE status = 'pending' AND tasks.requirement = wanted.requirement ORDER BY priority, created_at, id LIMIT $3
   ) AS head
   WHERE head.unmatched_reason IS DISTINCT FROM wanted.reason ORDER BY head.priority, head.created_at, head.id LIMIT $4`,
);

/**
 * Who may do what waits in these queues: every agent, and the technicians who are able to. Of technicians it reads skills, and the hours
 * and work of those alone who can do what is asked for in one of the queues.
 */
export async function readTakers(db: Session, queues: readonly string[], asked: Asked): Promise<Taker[]> {
  const [agents, technicians] = await Promise.all([db.rows(selectAgents), readAbleTechnicians(db, queues, asked)]);
  const now = Date.parse(asked.now);
  return [...agents.map((agent) => agentTaker(agent, now)), ...technicians];
}

export const readQueues = async (db: Session): Promise<string[]> =>
  (await db.rows(selectQueues)).map(({ requirement }) => requirement);

/** @param most of each queue, and @param inAll of all of them, the most urgent first */
export const readHeads = (db: Session, queues: readonly string[], most: number, inAll: number): Promise<QueuedRow[]> =>
  queues.length === 0 ? Promise.resolve([]) : db.rows(selectHeads, [queues, most, inAll]);

/** Of queues that nobody serves, the tasks among the first of each, `most`, that do not know the reason yet. */
export const readUntold = (
  db: Session,
  queues: readonly { readonly requirement: string; readonly reason: string }[],
  most: number,
  inAll: number,
): Promise<QueuedRow[]> =>
  queues.length === 0
    ? Promise.resolve([])
    : db.rows(selectUntold, [
        queues.map(({ requirement }) => requirement),
        queues.map(({ reason }) => reason),
        most,
        inAll,
      ]);

// What a time has come for ------------------------------------------------------------------------------------------

const selectLate = statement<{ id: TaskId }>(
  "tasks_late",
  `SELECT id FROM tasks WHERE status IN ('assigned', 'in_progress') AND due_at < $1 ORDER BY due_at LIMIT $2`,
);
const selectSilent = statement<{ slug: string }>(
  "agents_silent",
  `SELECT a.slug FROM agents a WHERE ${hasFallenSilent} ORDER BY a.heartbeat_at LIMIT $2`,
);
const selectNotWoken = statement<{ slug: string }>(
  "agents_not_woken",
  `SELECT slug FROM agents WHERE waking_since <= $1 ORDER BY waking_since LIMIT $2`,
);
// One process sends a wake; whoever comes second finds it sent, whatever their clocks say.
const takeWakes = statement<{ slug: string }>(
  "agents_take_wakes",
  `UPDATE agents SET wake_sent_at = greatest($1::timestamptz, waking_since)
   WHERE waking_since IS NOT NULL AND (wake_sent_at IS NULL OR wake_sent_at < waking_since) RETURNING slug`,
);
const giveWakeBack = statement("agents_give_wake_back", `UPDATE agents SET wake_sent_at = NULL WHERE slug = $1`);

export const readLate = async (db: Session, now: string, most: number): Promise<TaskId[]> =>
  (await db.rows(selectLate, [now, most])).map(({ id }) => id);
/** @param heardSince as task-standing.ts has it */
export const readSilent = async (db: Session, heardSince: string, most: number): Promise<string[]> =>
  (await db.rows(selectSilent, [heardSince, most])).map(({ slug }) => slug);
export const readNotWoken = async (db: Session, before: string, most: number): Promise<string[]> =>
  (await db.rows(selectNotWoken, [before, most])).map(({ slug }) => slug);
/** The agents whose wake is to be sent, and now this caller's to send. */
export const claimWakes = async (db: Session, now: string): Promise<string[]> =>
  (await db.rows(takeWakes, [now])).map(({ slug }) => slug);
export const returnWake = (db: Session, slug: string): Promise<unknown> => db.row(giveWakeBack, [slug]);
