// A task as the database holds it: its row, the statements that lock, insert and update it, and the body clients see. Only the pipeline
// writes it.

import type { AccountId, SiteId, TaskId, TicketId } from "../contract/ids.ts";
import type { TaskBody, TaskLine } from "../contract/task-responses.ts";
import { heldStates, type TaskState } from "../contract/task-states.ts";
import { insertRows } from "../db/insert-rows.ts";
import { selectRows } from "../db/select-rows.ts";
import { statement } from "../db/statement.ts";
import { updateRows } from "../db/update-rows.ts";
import type { JsonObject } from "../kernel/json.ts";
import { plusMs } from "../kernel/clock.ts";

export type TaskRow = {
  readonly id: TaskId;
  readonly kind: "desk" | "prompt" | "change";
  readonly title: string;
  readonly scope: string;
  readonly description: string | null;
  readonly context: JsonObject | null;
  readonly priority: number;
  readonly status: TaskState;
  readonly requester: string;
  readonly assignee: string | null;
  /** Which of the assignee's places it takes, from 1; null where it takes none. */
  readonly slot: number | null;
  readonly required_capabilities: readonly string[];
  /** The capabilities as one text: the queue it waits in. */
  readonly requirement: string;
  readonly timeout_ms: number;
  readonly max_retries: number;
  readonly retry_count: number;
  readonly parent_id: TaskId | null;
  readonly ticket_id: TicketId | null;
  readonly account_id: AccountId | null;
  readonly site_id: SiteId | null;
  readonly review_required: boolean;
  readonly paused: boolean;
  readonly result: JsonObject | null;
  readonly result_summary: string | null;
  readonly error: string | null;
  readonly tokens_used: number | null;
  readonly unmatched_reason: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly assigned_at: string | null;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  /** Behind it the task is late; null where no clock runs. */
  readonly due_at: string | null;
  readonly audit_seq: number;
  readonly audit_hash: string;
  readonly audit_at: string;
};

/** What a creating command says of one. */
export type NewTask = Pick<
  TaskRow,
  | "kind"
  | "title"
  | "scope"
  | "description"
  | "context"
  | "priority"
  | "requester"
  | "required_capabilities"
  | "timeout_ms"
  | "max_retries"
  | "parent_id"
  | "ticket_id"
  | "account_id"
  | "site_id"
  | "review_required"
> & { readonly held: Held | null };

/** Who has a task, and in which of their places. */
export type Held = { readonly assignee: string; readonly slot: number };

/** What commands change; places, clocks and times follow from the states passed through. */
export type TaskChange = Partial<
  Pick<
    TaskRow,
    | "context"
    | "priority"
    | "retry_count"
    | "paused"
    | "result"
    | "result_summary"
    | "error"
    | "tokens_used"
    | "unmatched_reason"
  >
> & {
  /** Who has it from now on. */
  readonly held?: Held;
  /** Whoever had it has it no more, although it does not go back to the queue. */
  readonly released?: true;
};

const columnNames = [
  "id",
  "kind",
  "title",
  "scope",
  "description",
  "context",
  "priority",
  "status",
  "requester",
  "assignee",
  "slot",
  "required_capabilities",
  "requirement",
  "timeout_ms",
  "max_retries",
  "retry_count",
  "parent_id",
  "ticket_id",
  "account_id",
  "site_id",
  "review_required",
  "paused",
  "result",
  "result_summary",
  "error",
  "tokens_used",
  "unmatched_reason",
  "version",
  "created_at",
  "updated_at",
  "assigned_at",
  "started_at",
  "completed_at",
  "due_at",
  "audit_seq",
  "audit_hash",
  "audit_at",
] as const satisfies readonly (keyof TaskRow)[];

export const taskColumns = columnNames.join(", ");

export const selectTask = statement<TaskRow>("task_select", `SELECT ${taskColumns} FROM tasks WHERE id = $1`);
export const selectTasks = statement<TaskRow>("tasks_select", `SELECT ${taskColumns} FROM tasks WHERE id = ANY ($1)`);
export const lockTask = statement<TaskRow>(
  "task_lock",
  `SELECT ${taskColumns} FROM tasks WHERE id = $1 FOR NO KEY UPDATE`,
);
export const lockFreeTasks = selectRows<TaskRow>(
  "task_lock_free",
  (ids) => `SELECT ${taskColumns} FROM tasks WHERE id IN (${ids}) FOR NO KEY UPDATE SKIP LOCKED`,
);
/** Tasks that a worker ($1) has, locked, in the order of ids. */
export const lockTasksOf = statement<TaskRow>(
  "tasks_lock_of",
  `SELECT ${taskColumns} FROM tasks
   WHERE assignee = $1 AND status IN ('assigned', 'in_progress', 'blocked') ORDER BY id FOR NO KEY UPDATE`,
);

/** The columns that go to the database as JSON text. */
const asStored = (row: TaskRow) => ({
  ...row,
  context: row.context === null ? null : JSON.stringify(row.context),
  result: row.result === null ? null : JSON.stringify(row.result),
});
type StoredTask = ReturnType<typeof asStored>;

const insertStored = insertRows<StoredTask>("task_insert", "tasks", columnNames);
const updateStored = updateRows<StoredTask>("task_update", "tasks", {
  key: ["id", "uuid"],
  set: {
    context: "jsonb",
    priority: "smallint",
    status: "text",
    assignee: "text",
    slot: "smallint",
    retry_count: "smallint",
    paused: "boolean",
    result: "jsonb",
    result_summary: "text",
    error: "text",
    tokens_used: "bigint",
    unmatched_reason: "text",
    version: "integer",
    updated_at: "timestamptz",
    assigned_at: "timestamptz",
    started_at: "timestamptz",
    completed_at: "timestamptz",
    due_at: "timestamptz",
    audit_seq: "integer",
    audit_hash: "text",
    audit_at: "timestamptz",
  },
});
export const advanceTaskHeads = updateRows<TaskRow>("task_advance_audit", "tasks", {
  key: ["id", "uuid"],
  set: { audit_seq: "integer", audit_hash: "text", audit_at: "timestamptz" },
});

type Insert = Parameters<typeof insertStored>[0];
export const insertTasks = (tx: Insert, rows: readonly TaskRow[]) => insertStored(tx, rows.map(asStored));
export const updateTasks = (tx: Insert, rows: readonly TaskRow[]) => updateStored(tx, rows.map(asStored));

/** The columns that its events vouch for, by version; a further one makes a further version. */
const covered: Readonly<Record<number, readonly (keyof TaskRow)[]>> = {
  1: [
    "id",
    "kind",
    "title",
    "scope",
    "description",
    "context",
    "priority",
    "status",
    "requester",
    "assignee",
    "slot",
    "required_capabilities",
    "requirement",
    "timeout_ms",
    "max_retries",
    "retry_count",
    "parent_id",
    "ticket_id",
    "account_id",
    "site_id",
    "review_required",
    "paused",
    "result",
    "result_summary",
    "error",
    "tokens_used",
    "unmatched_reason",
    "version",
    "created_at",
    "updated_at",
    "assigned_at",
    "started_at",
    "completed_at",
    "due_at",
  ],
};
export const taskCover = {
  version: 1,
  values: (row: TaskRow, version: number) => covered[version]?.map((column) => row[column]) ?? null,
};

/** The queue of tasks that take the same capabilities. */
export const requirementOf = (capabilities: readonly string[]): string => capabilities.toSorted().join(",");

export function newTask(id: TaskId, fields: NewTask, status: TaskState, at: string): TaskRow {
  const { held, ...said } = fields;
  const row: TaskRow = {
    ...said,
    id,
    status: status === "assigned" ? "pending" : status,
    assignee: null,
    slot: null,
    requirement: requirementOf(fields.required_capabilities),
    retry_count: 0,
    paused: false,
    result: null,
    result_summary: null,
    error: null,
    tokens_used: null,
    unmatched_reason: null,
    version: 0,
    created_at: at,
    updated_at: at,
    assigned_at: null,
    started_at: null,
    completed_at: null,
    due_at: null,
    audit_seq: 0,
    audit_hash: "",
    audit_at: at,
  };
  return held ? { ...row, ...afterMoves(row, ["assigned"], held, at), version: 0 } : row;
}

export function changedTask(
  row: TaskRow,
  { held, released, ...change }: TaskChange,
  path: readonly TaskState[],
  at: string,
): TaskRow {
  const { paused = row.paused } = change;
  const moved = afterMoves({ ...row, ...change }, path, held ?? null, at);
  return {
    ...row,
    ...change,
    ...moved,
    ...clockAfter(row, moved, paused, at),
    ...(released && { assignee: null }),
    version: row.version + 1,
    updated_at: at,
  };
}

type Moved = Pick<
  TaskRow,
  "status" | "assignee" | "slot" | "assigned_at" | "started_at" | "completed_at" | "due_at" | "unmatched_reason"
>;

const isHeld = (status: TaskState): boolean => (heldStates as readonly TaskState[]).includes(status);

/**
 * What the states passed through make of whose a task is, and of its clocks: the clock starts at assignment and again at the start and
 * when work that was blocked goes on; whoever it is taken back from has it no more.
 * @param held who has it from a state on that takes a place
 */
function afterMoves(row: TaskRow, path: readonly TaskState[], held: Held | null, at: string): Moved {
  let task: Moved = row;
  for (const status of path) {
    const due_at = isHeld(status) ? plusMs(at, row.timeout_ms) : null;
    task = afterMove(task, { status, due_at }, held, at);
  }
  return task;
}

function afterMove(task: Moved, reached: Pick<Moved, "status" | "due_at">, held: Held | null, at: string): Moved {
  const { status } = reached;
  if (status === "unassigned" || status === "pending") {
    const nobody = { assignee: null, slot: null, assigned_at: null, started_at: null, completed_at: null };
    return { ...task, ...reached, ...nobody };
  }
  if (status === "assigned")
    return { ...task, ...reached, ...held, assigned_at: at, started_at: null, unmatched_reason: null };
  if (status === "in_progress") return { ...task, ...reached, ...held, started_at: task.started_at ?? at };
  return { ...task, ...reached, slot: null, ...(status === "completed" && { completed_at: at }) };
}

/** A pause stops the clock, and its end starts it anew. */
function clockAfter(before: TaskRow, moved: Moved, paused: boolean, at: string): Pick<TaskRow, "paused" | "due_at"> {
  if (!isHeld(moved.status)) return { paused: false, due_at: null };
  if (paused) return { paused, due_at: null };
  return { paused, due_at: before.paused ? plusMs(at, before.timeout_ms) : moved.due_at };
}

export function taskLine(row: TaskRow): TaskLine {
  return {
    id: row.id,
    kind: row.kind,
    title: row.title,
    scope: row.scope,
    priority: row.priority,
    status: row.status,
    requester: row.requester,
    assignee: row.assignee,
    required_capabilities: [...row.required_capabilities],
    timeout_ms: row.timeout_ms,
    max_retries: row.max_retries,
    retry_count: row.retry_count,
    parent_id: row.parent_id,
    ticket_id: row.ticket_id,
    stage_id: null,
    room_id: null,
    review_required: row.review_required,
    paused: row.paused,
    result_summary: row.result_summary,
    error: row.error,
    tokens_used: row.tokens_used,
    unmatched_reason: row.unmatched_reason,
    created_at: row.created_at,
    updated_at: row.updated_at,
    assigned_at: row.assigned_at,
    started_at: row.started_at,
    completed_at: row.completed_at,
    version: row.version,
  };
}

export function taskBody(row: TaskRow): TaskBody {
  return { ...taskLine(row), description: row.description, context: row.context, result: row.result };
}
