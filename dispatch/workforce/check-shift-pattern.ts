/**
 * Says what is wrong with a shift pattern before it is stored, so that expanding it later cannot fail
 * or drop a break in silence. Pure; it repairs nothing.
 */
import { parseDate, parseTime } from "./local-time.ts";
import type { ShiftPattern } from "./shift-ranges.ts";
import { timeZoneProblem } from "./time-zone-name.ts";

export type PatternProblem = {
  /** JSON Pointer into the pattern, in its stored snake_case names. */
  readonly path: string;
  readonly reason: string;
};

/** Every problem found; an empty list means `expandShifts` will take the pattern as it was meant. */
export function checkShiftPattern(pattern: ShiftPattern): PatternProblem[] {
  const problems: PatternProblem[] = [];
  const report = (path: string, reason: string): void => void problems.push({ path, reason });
  if (pattern.weekdays.length === 0) report("/weekdays", "must name a day");
  pattern.weekdays.forEach((day, index) => {
    if (!Number.isInteger(day) || day < 1 || day > 7) report(`/weekdays/${index}`, "must be 1 (Monday) to 7 (Sunday)");
  });
  const wrongZone = timeZoneProblem(pattern.timeZone);
  if (wrongZone !== null) report("/time_zone", wrongZone);
  const from = dateOr(pattern.validFrom, Number.NEGATIVE_INFINITY);
  const to = dateOr(pattern.validTo, Number.POSITIVE_INFINITY);
  if (from === null) report("/valid_from", "must be a date YYYY-MM-DD");
  if (to === null) report("/valid_to", "must be a date YYYY-MM-DD");
  if (from !== null && to !== null && from > to) report("/valid_to", "must not be before valid_from");
  const start = timeOrNull(pattern.startTime);
  const end = timeOrNull(pattern.endTime);
  if (start === null || start === 1440) report("/start_time", "must be a time 00:00 to 23:59");
  if (end === null) report("/end_time", "must be a time 00:00 to 24:00");
  pattern.breaks.forEach((pause, index) => {
    const pauseStart = timeOrNull(pause.start);
    const pauseEnd = timeOrNull(pause.end);
    if (pauseStart === null) report(`/breaks/${index}/start`, "must be a time 00:00 to 24:00");
    if (pauseEnd === null) report(`/breaks/${index}/end`, "must be a time 00:00 to 24:00");
    if (start === null || end === null || pauseStart === null || pauseEnd === null) return;
    const minutes = into(pauseStart, start);
    const length = into(pauseEnd, pauseStart) || 1440;
    if (minutes + length > (into(end, start) || 1440)) report(`/breaks/${index}`, "must lie within the shift");
    if (
      pause.minutes !== undefined &&
      !(Number.isInteger(pause.minutes) && pause.minutes > 0 && pause.minutes <= length)
    )
      report(`/breaks/${index}/minutes`, `must be whole minutes, at most the ${length} from its start to its end`);
  });
  return problems;
}

// Minutes from `start` to the next time the clock shows `time`.
function into(time: number, start: number): number {
  return (time - start + 2 * 1440) % 1440;
}

function timeOrNull(time: string): number | null {
  try {
    return parseTime(time);
  } catch {
    return null;
  }
}

function dateOr(date: string | null, open: number): number | null {
  if (date === null) return open;
  try {
    return parseDate(date);
  } catch {
    return null;
  }
}
