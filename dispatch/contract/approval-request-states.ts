// The states of an approval request and the edges between them, as data. The database holds the same edges as rows (machine_edges); a
// test keeps both equal.

import { creation } from "./states.ts";

export const approvalRequestStates = [
  "pending",
  "approved",
  "executed",
  "failed",
  "denied",
  "withdrawn",
  "expired",
] as const;
export type ApprovalRequestState = (typeof approvalRequestStates)[number];

/** Every move a request may make: from-state, or the creation sentinel, to the states it may become. */
export const approvalRequestEdges: ReadonlyMap<string, readonly ApprovalRequestState[]> = new Map<
  string,
  readonly ApprovalRequestState[]
>([
  [creation, ["pending"]],
  ["pending", ["approved", "denied", "withdrawn", "expired"]],
  ["approved", ["executed", "failed"]],
  ["executed", []],
  ["failed", []],
  ["denied", []],
  ["withdrawn", []],
  ["expired", []],
]);
