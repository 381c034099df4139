// Who comes when, where things must lie apart: each that comes gets the next moment that is free. Pure but for its clock.

import { setTimeout as delay } from "node:timers/promises";

export type SpacingClock = {
  /** In ms, from whenever. */
  now(): number;
  /** Rejects when the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
};

export const realClock: SpacingClock = {
  now: () => performance.now(),
  pause: (ms, signal) => delay(ms, undefined, { signal }),
};

/** @returns what resolves once it is the caller's turn, `everyMs` after the one before */
export function spaced(everyMs: number, clock: SpacingClock): (signal: AbortSignal) => Promise<void> {
  let free = -Infinity;
  return async (signal) => {
    const now = clock.now();
    const mine = Math.max(now, free);
    free = mine + everyMs;
    if (mine > now) await clock.pause(mine - now, signal);
  };
}
