// At which moments of a gap a job of some length may start. Pure.

import { fits, minuteMs, type Gap } from "./availability.ts";
import type { TimeRange } from "./shift-ranges.ts";

/** Appointments are offered on the quarter hour of UTC, which is the quarter hour of every zone in use. */
export const gridMinutes = 15;

/** Every start on the grid, and as soon after a booking or pause as the technician can be there; sorted only within those two. */
export function startsIn(gap: Gap, durationMinutes: number, { start: earliest, end: latest }: TimeRange): number[] {
  const duration = durationMinutes * minuteMs;
  const first = Math.max(gap.reachableAt, earliest);
  const last = Math.min(gap.mustLeaveBy, latest) - duration;
  const starts: number[] = [];
  const fitting = (start: number): boolean => fits(gap, { start, end: start + duration });
  for (const start of anchorsIn(gap)) {
    // On the grid it comes below.
    const onGrid = start % (gridMinutes * minuteMs) === 0;
    if (!onGrid && start >= first && start <= last && fitting(start)) starts.push(start);
  }
  for (let start = ceilTo(first, gridMinutes); start <= last; start += gridMinutes * minuteMs) {
    if (fitting(start)) starts.push(start);
  }
  return starts;
}

// A set, since two pauses may end together.
function anchorsIn(gap: Gap): Set<number> {
  const disturbed = [...gap.pauses, ...gap.closed];
  const anchors = new Set(disturbed.map((range) => ceilTo(Math.max(range.end, gap.reachableAt), 1)));
  if (gap.afterBooking) anchors.add(ceilTo(gap.reachableAt, 1));
  return anchors;
}

/** The next whole multiple of so many minutes, or the instant itself. */
export function ceilTo(instant: number, minutes: number): number {
  const step = minutes * minuteMs;
  return Math.ceil(instant / step) * step;
}
