// The roles, and the states and moves of tickets and tasks, written down a second time, from the documents and not from
// dispatch/contract, as the commands' cases are.

export const allRoles = [
  "dispatcher",
  "agent",
  "tech",
  "customer",
  "qa",
  "approver",
  "finance",
  "control",
  "admin",
] as const;
export type RoleName = (typeof allRoles)[number];

export const allStates = [
  "NEW",
  "NEEDS_INFO",
  "TRIAGED",
  "APPROVAL_REQUIRED",
  "READY_TO_SCHEDULE",
  "SCHEDULE_PROPOSED",
  "SCHEDULED",
  "PENDING_CUSTOMER_CONFIRMATION",
  "DISPATCHED",
  "ON_SITE",
  "IN_PROGRESS",
  "ON_HOLD",
  "COMPLETED_PENDING_VERIFICATION",
  "VERIFIED",
  "INVOICED",
  "CLOSED",
  "CANCELLED",
] as const;
export type StateName = (typeof allStates)[number];

/** States that several commands start from. */
export const cancellable = [
  "NEW",
  "NEEDS_INFO",
  "TRIAGED",
  "APPROVAL_REQUIRED",
  "READY_TO_SCHEDULE",
  "SCHEDULE_PROPOSED",
  "SCHEDULED",
  "PENDING_CUSTOMER_CONFIRMATION",
  "DISPATCHED",
  "ON_SITE",
  "IN_PROGRESS",
  "ON_HOLD",
] as const;
export const notFinal = [...cancellable, "COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED"] as const;
export const schedulable = ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED"] as const;
export const visiting = ["DISPATCHED", "ON_SITE", "IN_PROGRESS", "ON_HOLD", "COMPLETED_PENDING_VERIFICATION"] as const;

/** The moves a ticket may make. */
export const moveTable: readonly (readonly [from: StateName | "(creation)", to: readonly StateName[]])[] = [
  ["(creation)", ["NEW", "TRIAGED", "READY_TO_SCHEDULE"]],
  ["NEW", ["NEEDS_INFO", "TRIAGED", "CANCELLED"]],
  ["NEEDS_INFO", ["TRIAGED", "CANCELLED"]],
  ["TRIAGED", ["NEEDS_INFO", "APPROVAL_REQUIRED", "READY_TO_SCHEDULE", "DISPATCHED", "CANCELLED"]],
  ["APPROVAL_REQUIRED", ["READY_TO_SCHEDULE", "TRIAGED", "IN_PROGRESS", "VERIFIED", "CANCELLED"]],
  ["READY_TO_SCHEDULE", ["SCHEDULE_PROPOSED", "PENDING_CUSTOMER_CONFIRMATION", "DISPATCHED", "CANCELLED"]],
  ["SCHEDULE_PROPOSED", ["SCHEDULED", "READY_TO_SCHEDULE", "PENDING_CUSTOMER_CONFIRMATION", "DISPATCHED", "CANCELLED"]],
  ["SCHEDULED", ["DISPATCHED", "READY_TO_SCHEDULE", "PENDING_CUSTOMER_CONFIRMATION", "CANCELLED"]],
  ["PENDING_CUSTOMER_CONFIRMATION", ["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED", "CANCELLED"]],
  ["DISPATCHED", ["ON_SITE", "SCHEDULED", "COMPLETED_PENDING_VERIFICATION", "CANCELLED"]],
  ["ON_SITE", ["IN_PROGRESS", "CANCELLED"]],
  ["IN_PROGRESS", ["ON_HOLD", "COMPLETED_PENDING_VERIFICATION", "APPROVAL_REQUIRED", "CANCELLED"]],
  ["ON_HOLD", ["READY_TO_SCHEDULE", "IN_PROGRESS", "CANCELLED"]],
  ["COMPLETED_PENDING_VERIFICATION", ["VERIFIED", "IN_PROGRESS"]],
  ["VERIFIED", ["INVOICED", "IN_PROGRESS", "READY_TO_SCHEDULE", "APPROVAL_REQUIRED"]],
  ["INVOICED", ["CLOSED", "VERIFIED"]],
  ["CLOSED", []],
  ["CANCELLED", []],
];

export const allTaskStates = [
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
export type TaskStateName = (typeof allTaskStates)[number];

/** The moves a task may make. */
export const taskMoveTable: readonly (readonly [from: TaskStateName | "(creation)", to: readonly TaskStateName[]])[] = [
  ["(creation)", ["unassigned", "pending", "assigned"]],
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
];

/** The moves a push may make. */
export const pushMoveTable: readonly (readonly [from: string, to: readonly string[]])[] = [
  ["(creation)", ["queued"]],
  ["queued", ["sent", "skipped", "dead"]],
  ["sent", ["acked", "queued", "dead"]],
  ["acked", []],
  ["skipped", []],
  ["dead", []],
];

/** A state of whatever has states. */
/** Of an approval request. */
export type RequestStateName = "pending" | "approved" | "executed" | "failed" | "denied" | "withdrawn" | "expired";

export type AnyStateName = StateName | TaskStateName | RequestStateName;

/** Where a state leads to, in the order of its document. */
export const leadsTo = (state: AnyStateName): readonly AnyStateName[] =>
  [...moveTable, ...taskMoveTable].find(([from]) => from === state)?.[1] ?? [];
