// When the worker sends whoever is booked for a visit. Pure.

import type { Policy } from "../policy/policy.ts";
import type { RosterEntry } from "./calendar.ts";
import type { TimeRange } from "./shift-ranges.ts";

const minuteMs = 60_000;
/** What is longer is no shift but several that join, as of somebody whose hours never end. */
const longestShiftMs = 24 * 60 * minuteMs;

/** How long before a visit somebody is sent at least: who sets out from home before the shift hears of it before that. */
export const sentAhead = (
  { dispatchAheadMinutes, firstDrive }: Pick<Policy, "dispatchAheadMinutes" | "firstDrive">,
  driveMinutes: number,
): number => (firstDrive === "before_shift" ? Math.max(dispatchAheadMinutes, driveMinutes) : dispatchAheadMinutes);

/**
 * The instant of the sending: so many minutes before the visit, or when the technician's shift begins, whichever is earlier.
 * @param technician null when their hours need not be asked for
 */
export function sendTime(
  visit: TimeRange,
  technician: Pick<RosterEntry, "calendar"> | null,
  aheadMinutes: number,
): number {
  const ahead = visit.start - aheadMinutes * minuteMs;
  const shifts = technician?.calendar(visit).shifts ?? [];
  const shift = shifts.find(({ start, end }) => start <= visit.start && visit.start < end);
  return shift && visit.start - shift.start <= longestShiftMs ? Math.min(ahead, shift.start) : ahead;
}
