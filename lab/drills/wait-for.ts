// The one way in which drills wait: by looking again and again, with an end, and until the drill is given up.

import { setTimeout as pause } from "node:timers/promises";

const lookEveryMs = 100;

/**
 * How long it took, in ms; null when it did not come to be.
 * @throws AbortError when `signal` is aborted
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  signal: AbortSignal,
): Promise<number | null> {
  const begun = performance.now();
  while (!(await condition())) {
    if (performance.now() - begun > withinMs) return null;
    await pause(lookEveryMs, undefined, { signal });
  }
  return Math.round(performance.now() - begun);
}
