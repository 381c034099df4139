// The task as an aggregate: what the pipeline asks of one, answered for tasks.

import type { CommandEntry } from "../contract/entry.ts";
import type { TaskId } from "../contract/ids.ts";
import type { TaskBody } from "../contract/task-responses.ts";
import { taskEdges, type TaskState } from "../contract/task-states.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Aggregate, KnownHead } from "../kernel/aggregate.ts";
import { Refusal } from "../kernel/refusal.ts";
import {
  advanceTaskHeads,
  changedTask,
  insertTasks,
  lockFreeTasks,
  lockTask,
  newTask,
  selectTask,
  selectTasks,
  taskBody,
  taskCover,
  updateTasks,
  type NewTask,
  type TaskChange,
  type TaskRow,
} from "./task-row.ts";

const selectHeads = statement<KnownHead>(
  "task_heads",
  `SELECT id::text AS id, audit_seq AS seq, audit_hash AS hash, status AS state
   FROM tasks WHERE id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY tasks.id LIMIT $2`,
);

export const taskAggregate: Aggregate<TaskRow, TaskChange, NewTask, TaskBody, TaskState, TaskId> = {
  name: "task",
  idIn: "taskId",
  edges: taskEdges,
  lock: lockTask,
  lockFree: lockFreeTasks,
  select: selectTask,
  selectMany: selectTasks,
  covers: taskCover,
  heads: selectHeads,
  races: ["tasks_slot"],
  notFound: (id) => new Refusal("TASK_NOT_FOUND", { task_id: id }),
  idOf: ({ id }) => id,
  stateOf: ({ status }) => status,
  placeOf: ({ account_id, site_id }) => (account_id === null ? null : { account_id, site_id }),
  partiesOf: ({ requester, assignee }) => (assignee === null ? [requester] : [requester, assignee]),
  headOf: ({ audit_seq, audit_hash, audit_at }) => ({ seq: audit_seq, hash: audit_hash, at: audit_at }),
  versionOf: ({ version }) => version,
  guard: requireOwnTask,
  created: (_desk, { id, fields, state, at }) => newTask(id, fields, state, at),
  changed: (_desk, row, change, path, at) => changedTask(row, change, path, at),
  withHead: (row, { seq, hash, at }) => ({ ...row, audit_seq: seq, audit_hash: hash, audit_at: at }),
  insert: insertTasks,
  update: updateTasks,
  advanceHead: advanceTaskHeads,
  body: taskBody,
  subject: (id, event) => `swarm.task.${id}.${event}`,
};

/**
 * Whoever works on a task is its assignee; of a task that nobody has its state says what is wrong.
 * @throws Refusal NOT_ASSIGNEE
 */
function requireOwnTask(actor: Actor, { assignee }: TaskRow, { executes = false, roles }: CommandEntry): void {
  if (!executes || !roles.includes("agent")) return;
  if (assignee === null || assignee === actor.id || actor.role === "admin") return;
  throw new Refusal("NOT_ASSIGNEE", { assignee });
}
