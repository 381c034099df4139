// Which parts of this machine's stack its supervisor had to start again, for alerts and gauges alike. What it wrote lies in the data
// folder, whose mount may be gone; so it is read once at a time, and nobody waits for it.

import { endsLately, mostEnds, readPartEnds, type EndsOfPart } from "../process/part-ends.ts";
import { readingOf, type Reading } from "./reading.ts";

const limits = {
  /** A few kilobytes, of which an alert should tell at once. */
  freshForMs: 0,
  withinMs: 500,
  now: () => performance.now(),
};

/** Makes the reading of every part's ends; there are none where no stack runs from `dataDir`. */
export const partWatch = (dataDir: string): Reading<readonly EndsOfPart[]> =>
  readingOf(() => readPartEnds(dataDir), limits);

/** How often each part ended in the last hour, by its name. */
export const restartsByPart = (parts: readonly EndsOfPart[], now: Date): ReadonlyMap<string, number> =>
  new Map(parts.map(({ part, ends }) => [part, endsLately(ends, now).length]));

/** How often any part did, and of each that did how often, when and how it ended last. */
export function restartsOf(
  parts: readonly EndsOfPart[],
  now: Date,
): { readonly count: number; readonly reason: string } {
  const told = parts.flatMap(({ part, ends }) => {
    const lately = endsLately(ends, now);
    const last = lately.at(-1);
    return last === undefined ? [] : [{ part, count: lately.length, last }];
  });
  return {
    count: told.reduce((sum, { count }) => sum + count, 0),
    reason: told.map(({ part, count, last }) => `${part} ${times(count)}, last at ${last.at}: ${last.why}`).join("; "),
  };
}

const times = (count: number): string =>
  count === 1 ? "once" : `${count} times${count >= mostEnds ? " or more" : ""}`;
