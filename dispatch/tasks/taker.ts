// Who can take tasks, of either kind: as the broker ranks them, with which of their places are taken.

import type { BatchCandidate } from "../workforce/assign-batch.ts";

export type Taker = BatchCandidate & {
  /** Which of their places tasks have; visits take none, and count in the load alone. */
  readonly slots: readonly number[];
};

/** The places of a worker that are taken, as a part of other statements. */
export const takenPlaces = (slug: string): string =>
  `(SELECT coalesce(array_agg(slot::integer), '{}') FROM tasks WHERE assignee = ${slug} AND status IN ('assigned', 'in_progress'))`;

/** Whether whoever sits in the room of a worker hears nothing, as a part of other statements: what is given to them would come back. */
export const isUnreachable = (slug: string): string =>
  `EXISTS (SELECT FROM rooms WHERE worker_slug = ${slug} AND agent_status = 'error')`;

/** Whether a worker takes new tasks at all, whatever they are able to do and have. */
export const takesWork = ({ presence, paused = false, drained }: Taker): boolean =>
  (presence === "ready" || presence === "busy") && !paused && !drained;

/** The lowest place that is free. */
export function freeSlot(taken: readonly number[]): number {
  let slot = 1;
  while (taken.includes(slot)) slot++;
  return slot;
}
