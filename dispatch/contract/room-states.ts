// The states of a push and the edges between them, as data, and what a room's worker can be at. The database holds the same edges as rows
// (machine_edges); a test keeps both equal.

import { creation } from "./states.ts";

export const pushStates = ["queued", "sent", "acked", "skipped", "dead"] as const;
export type PushState = (typeof pushStates)[number];

/** Every move a push may make: from-state, or the creation sentinel, to the states it may become. */
export const pushEdges: ReadonlyMap<string, readonly PushState[]> = new Map<string, readonly PushState[]>([
  [creation, ["queued"]],
  ["queued", ["sent", "skipped", "dead"]],
  ["sent", ["acked", "queued", "dead"]],
  ["acked", []],
  ["skipped", []],
  ["dead", []],
]);

/** What whoever sits in a room is at, by the last that was heard. */
export const roomStatuses = ["idle", "working", "waiting_input", "error"] as const;
export type RoomStatus = (typeof roomStatuses)[number];

export const roomKinds = ["control", "desk", "field"] as const;
export const transports = ["inbox", "openclaw", "webhook", "tmux"] as const;
export type TransportName = (typeof transports)[number];

export const roomEventTypes = ["task_completed", "progress_update", "task_failed", "waiting_for_input"] as const;
export type RoomEventType = (typeof roomEventTypes)[number];

/** Events that every control room hears of at once; the others come as a digest. */
export const immediateTypes: readonly RoomEventType[] = ["task_failed", "waiting_for_input"];
