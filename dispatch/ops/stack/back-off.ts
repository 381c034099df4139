// How long to wait before a process that ended is started again. Pure.

const firstWaitMs = 250;
const longestWaitMs = 30_000;

/** A process that ran at least this long was well, and its end counts as the first. */
export const steadyAfterMs = 30_000;

/** That many ends in a row, each before it was steady, are a crash loop. */
export const crashLoopAt = 5;

/**
 * Doubles with each failure in a row up to half a minute; half of it is left to chance, so that processes that fell
 * together do not come back together.
 * @param failures ends in a row, the last one counted: 1 or more
 * @param chance from 0 to 1
 * @returns ms
 */
export function backOff(failures: number, chance: number): number {
  const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1));
  return Math.round(wait * (0.5 + chance / 2));
}
