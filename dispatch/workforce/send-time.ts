// When the worker sends whoever is booked for a visit. Pure.

import type { RosterEntry } from "./calendar.ts";
import type { TimeRange } from "./shift-ranges.ts";

const minuteMs = 60_000;
/** What is longer is no shift but several that join, as of somebody whose hours never end. */
const longestShiftMs = 24 * 60 * minuteMs;

/**
 * The instant of the sending: so many minutes before the visit, or when the technician's shift begins, whichever is earlier.
 * @param technician null when their hours need not be asked for
 */
export function sendTime(
  visit: TimeRange,
  technician: Pick<RosterEntry, "calendar"> | null,
  dispatchAheadMinutes: number,
): number {
  const ahead = visit.start - dispatchAheadMinutes * minuteMs;
  const shifts = technician?.calendar(visit).shifts ?? [];
  const shift = shifts.find(({ start, end }) => start <= visit.start && visit.start < end);
  return shift && visit.start - shift.start <= longestShiftMs ? Math.min(ahead, shift.start) : ahead;
}
