// Driving around pauses, in which it halts. Pure.

import type { TimeRange } from "./shift-ranges.ts";

/** The part of the pauses within the range, joined where they overlap (time off over a break). */
export function pausesWithin(range: TimeRange, pauses: readonly TimeRange[]): TimeRange[] {
  const joined: TimeRange[] = [];
  let from = range.start;
  for (const pause of pauses) {
    const cut = { start: Math.max(pause.start, from), end: Math.min(pause.end, range.end) };
    if (cut.start >= cut.end) continue;
    joined.push(cut);
    from = cut.end;
  }
  return joined;
}

/** When a drive of `ms` ends that begins at `from`; it halts during pauses, which are sorted, apart, and not before `from`. */
export function driveForward(from: number, ms: number, pauses: readonly TimeRange[]): number {
  let at = from;
  let left = ms;
  for (const pause of pauses) {
    if (pause.start - at >= left) break;
    left -= pause.start - at;
    at = pause.end;
  }
  return at + left;
}

/** When a drive of `ms` begins that must end by `from`. */
export function driveBackward(from: number, ms: number, pauses: readonly TimeRange[]): number {
  let at = from;
  let left = ms;
  for (const pause of pauses.toReversed()) {
    if (at - pause.end >= left) break;
    left -= at - pause.end;
    at = pause.start;
  }
  return at - left;
}
