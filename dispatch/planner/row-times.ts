// What is known about every position of every row, as the two ways of working out times read and write it: plain-times.ts
// and calendar-times.ts. routes.ts owns the arrays.

import type { Compiled } from "./compiled.ts";

/** What measuring answers for a row that keeps all times. */
export const allKept = -1;

export type RowTimes = {
  readonly compiled: Compiled;
  /** Position i of row r is at r * stride + i in all arrays by position. */
  readonly stride: number;
  readonly node: Int32Array;
  /** Earliest departure from the position, all before it served as early as can be. */
  readonly leave: Float64Array;
  /** Latest arrival at the position that still lets all from it on be kept. */
  readonly latest: Float64Array;
  // The same for durations (Vidal et al. 2013): the shortest duration of the part up to a position and the latest departure
  // that has it; the shortest duration of the part from a position on and the earliest arrival that has it.
  readonly before: Float64Array;
  readonly beforeLatest: Float64Array;
  readonly after: Float64Array;
  readonly afterEarliest: Float64Array;
  /** By row: number of positions, 2 when unused. */
  readonly length: Int32Array;
};
