// The states of a task and the edges between them, as data. The database holds the same edges as rows (machine_edges); a test keeps
// both equal.

import { creation } from "./states.ts";

export const taskStates = [
  "unassigned",
  "pending",
  "assigned",
  "in_progress",
  "awaiting_review",
  "in_review",
  "blocked",
  "completed",
  "failed",
  "timed_out",
  "cancelled",
] as const;
export type TaskState = (typeof taskStates)[number];

/** Every move a task may make: from-state, or the creation sentinel, to the states it may become. */
export const taskEdges: ReadonlyMap<string, readonly TaskState[]> = new Map<string, readonly TaskState[]>([
  [creation, ["unassigned", "pending", "assigned"]],
  ["unassigned", ["pending", "assigned", "cancelled"]],
  ["pending", ["assigned", "unassigned", "cancelled"]],
  ["assigned", ["in_progress", "unassigned", "pending", "timed_out", "cancelled"]],
  ["in_progress", ["awaiting_review", "blocked", "completed", "failed", "timed_out", "pending", "cancelled"]],
  ["awaiting_review", ["in_review", "in_progress", "cancelled"]],
  ["in_review", ["completed", "in_progress", "cancelled"]],
  ["blocked", ["in_progress", "pending", "cancelled"]],
  ["failed", ["pending"]],
  ["timed_out", ["pending"]],
  ["completed", []],
  ["cancelled", []],
]);

/** States that take up one of a worker's places. */
export const heldStates = ["assigned", "in_progress"] as const satisfies readonly TaskState[];

/** States in which nothing more happens by itself. */
export const endedStates = ["completed", "failed", "timed_out", "cancelled"] as const satisfies readonly TaskState[];

/** States that a task never leaves; in the other ended ones it can be tried again. */
export const finalStates = ["completed", "cancelled"] as const satisfies readonly TaskState[];

/** States that a task is moved to by hand; into the others it comes by what its worker says, by the broker or by its clock. */
export const movedByHand = [
  "unassigned",
  "pending",
  "in_progress",
  "in_review",
  "blocked",
  "completed",
  "cancelled",
] as const satisfies readonly TaskState[];

/** Other words for states, as clients have them. */
export const taskStateAliases = {
  queued: "pending",
  running: "in_progress",
  done: "completed",
  timeout: "timed_out",
} as const satisfies Record<string, TaskState>;

/** Every word for a state. */
export const taskStateWords = [...taskStates, ...(Object.keys(taskStateAliases) as (keyof typeof taskStateAliases)[])];
export type TaskStateWord = (typeof taskStateWords)[number];

/** The state that a word stands for. */
export const taskStateOf = (word: TaskStateWord): TaskState =>
  word in taskStateAliases ? taskStateAliases[word as keyof typeof taskStateAliases] : (word as TaskState);

/** Words for how urgent a task is, with their numbers: 1 is the most urgent. */
export const urgencyWords = {
  critical: 1,
  emergency: 1,
  high: 2,
  urgent: 2,
  medium: 3,
  routine: 3,
  low: 4,
  background: 5,
} as const;
export type UrgencyWord = keyof typeof urgencyWords;

/** The number of an urgency, given as a number or as a word. */
export const urgencyOf = (given: number | UrgencyWord): number =>
  typeof given === "number" ? given : urgencyWords[given];
