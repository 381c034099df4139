/**
 * Where the first drive of a shift lies: in the shift, or before it from home. Pure. The last drive home lies in the shift either
 * way. What is said of the drive (travel_before_minutes, a plan's driving) is the whole of it.
 */
import type { Shift, TimeRange } from "./shift-ranges.ts";

export type FirstDrive = "in_shift" | "before_shift";

/**
 * How much of the drive from home to a shift's first job needs no room in the shift: all of it, unless a shift or work out of
 * hours ended so shortly before that nobody could have set out in time.
 * @param busy what is booked, in any order
 */
export function headStartMs(shift: Shift, busy: readonly TimeRange[], firstDrive: FirstDrive = "in_shift"): number {
  if (firstDrive === "in_shift") return 0;
  let since = shift.previousEnd ?? Number.NEGATIVE_INFINITY;
  for (const { start, end } of busy) if (start < end && end <= shift.start && end > since) since = end;
  return shift.start - since;
}
