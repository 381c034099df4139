/**
 * Expands weekly shift patterns and time off into the stretches of absolute time somebody works.
 * Pure; it knows nothing of bookings (availability.ts) and reads no roster.
 */
import { isoWeekday, localToInstant, parseDate, parseTime } from "./local-time.ts";

/** Half-open [start, end), epoch milliseconds. */
export type TimeRange = { readonly start: number; readonly end: number };

/** From start to end; with `minutes` so long a break, at any time between them. */
export type ShiftBreak = { readonly start: string; readonly end: string; readonly minutes?: number };

/** One row of a weekly pattern. Times are "HH:MM" on the wall clock of the zone. */
export type ShiftPattern = {
  /** ISO: 1 Monday … 7 Sunday; the day on which the shift starts. */
  readonly weekdays: readonly number[];
  readonly startTime: string;
  /** At or before startTime means on the next day; equal means 24 hours. */
  readonly endTime: string;
  /** A break that starts before startTime lies after midnight. What reaches outside the shift is cut off. */
  readonly breaks: readonly ShiftBreak[];
  /** IANA name. */
  readonly timeZone: string;
  /** First and last "YYYY-MM-DD" on which the shift may start, both included; null is open. */
  readonly validFrom: string | null;
  readonly validTo: string | null;
};

export type Pause = TimeRange & { readonly kind: "break" | "time_off" };

/** A break of so many milliseconds that lies somewhere in the range. */
export type FloatingBreak = TimeRange & { readonly ms: number };

/** A whole shift, with the pauses inside it sorted by start. Pauses may overlap one another. */
export type Shift = TimeRange & {
  readonly pauses: readonly Pause[];
  /** Absent: none. */
  readonly floating?: readonly FloatingBreak[];
  /** When the shift before this one ended; absent where that is as long ago as any drive takes. */
  readonly previousEnd?: number;
};

const dayMs = 86_400_000;
const dayMinutes = 1440;
const minuteMs = 60_000;
/** No drive from home to a shift's first job is longer. */
const longestDriveMs = 8 * 60 * minuteMs;

/**
 * Every shift that overlaps `span`, whole (not cut to the span, so it is known when somebody sets out and goes
 * home), sorted, with overlapping and touching shifts joined into one: also with those up to a day beside the span, else
 * whoever works on into the next shift would seem to have to be home by the end of this one. A shift that is all time off stays, with
 * the pause covering it: the reason to leave somebody out is then time off, not the lack of a shift.
 * Throws a RangeError for a malformed time, date or zone; check them when they are stored.
 */
export function expandShifts(
  patterns: readonly ShiftPattern[],
  timeOff: readonly TimeRange[],
  span: TimeRange,
): Shift[] {
  if (!(span.start < span.end)) return [];
  const around = { start: span.start - dayMs, end: span.end + dayMs };
  const shifts = patterns.flatMap((pattern) => expandPattern(pattern, around));
  return joinTouching(shifts)
    .map(afterPrevious)
    .filter((shift) => overlaps(shift, span))
    .map((shift) => ({ ...shift, pauses: withTimeOff(shift, timeOff) }));
}

/** The shifts without their pauses, cut to `span`: sorted ranges that neither overlap nor touch. */
export function workingRanges(shifts: readonly Shift[], span: TimeRange): TimeRange[] {
  const ranges: TimeRange[] = [];
  for (const shift of shifts) {
    let from = Math.max(shift.start, span.start);
    const to = Math.min(shift.end, span.end);
    for (const pause of shift.pauses) {
      if (pause.start >= to) break;
      if (pause.start > from) ranges.push({ start: from, end: pause.start });
      from = Math.max(from, pause.end);
    }
    if (from < to) ranges.push({ start: from, end: to });
  }
  return ranges;
}

function expandPattern(pattern: ShiftPattern, span: TimeRange): Shift[] {
  const start = parseTime(pattern.startTime);
  const end = following(parseTime(pattern.endTime), start, true);
  const weekdays = new Set(pattern.weekdays);
  // In days of UTC, since asking a zone for its own costs more than a day too many: local days lie at most one beside
  // them, and the shift that overlaps the first instant began at most a day and a clock change before it.
  const firstDay = Math.floor(span.start / dayMs) - 3;
  const lastDay = Math.floor(span.end / dayMs) + 1;
  const from = Math.max(firstDay, pattern.validFrom === null ? firstDay : parseDate(pattern.validFrom));
  const to = Math.min(lastDay, pattern.validTo === null ? lastDay : parseDate(pattern.validTo));
  const shifts: Shift[] = [];
  for (let day = from; day <= to; day += 1) {
    if (!weekdays.has(isoWeekday(day))) continue;
    const at = (minutes: number): number => localToInstant(day, minutes, pattern.timeZone);
    const range = { start: at(start), end: at(end) };
    // A shift inside the skipped hour of a clock change has no length.
    if (range.start >= range.end || !overlaps(range, span)) continue;
    const breaks = pattern.breaks.map((pause) => {
      const breakStart = following(parseTime(pause.start), start, false);
      const times = { start: at(breakStart), end: at(following(parseTime(pause.end), breakStart, true)) };
      return { ...times, ms: (pause.minutes ?? 0) * minuteMs };
    });
    const floating = breaks.filter(({ ms }) => ms > 0);
    shifts.push({
      ...range,
      pauses: pausesWithin(
        range,
        breaks.filter(({ ms }) => ms === 0),
        "break",
      ),
      ...(floating.length > 0 && { floating }),
    });
  }
  return shifts;
}

// The next time the clock shows `minutes` from `after` on; a whole day later when it must be strictly after.
function following(minutes: number, after: number, strictly: boolean): number {
  let result = minutes;
  while (result < after || (strictly && result === after)) result += dayMinutes;
  return result;
}

function joinTouching(shifts: readonly Shift[]): Shift[] {
  const joined: Shift[] = [];
  for (const shift of shifts.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last === undefined || shift.start > last.end) {
      joined.push(shift);
      continue;
    }
    const pauses = [...last.pauses, ...shift.pauses];
    const floating = [...(last.floating ?? []), ...(shift.floating ?? [])];
    const end = Math.max(last.end, shift.end);
    joined[joined.length - 1] = { start: last.start, end, pauses, ...(floating.length > 0 && { floating }) };
  }
  return joined;
}

function afterPrevious(shift: Shift, at: number, all: readonly Shift[]): Shift {
  const previousEnd = all[at - 1]?.end;
  return previousEnd === undefined || shift.start - previousEnd > longestDriveMs ? shift : { ...shift, previousEnd };
}

function withTimeOff(shift: Shift, timeOff: readonly TimeRange[]): Pause[] {
  const pauses = [...shift.pauses, ...pausesWithin(shift, timeOff, "time_off")];
  return pauses.sort((a, b) => a.start - b.start || a.end - b.end);
}

function pausesWithin(shift: TimeRange, ranges: readonly TimeRange[], kind: Pause["kind"]): Pause[] {
  return ranges
    .filter((range) => range.start < range.end && overlaps(range, shift))
    .map((range) => ({ start: Math.max(range.start, shift.start), end: Math.min(range.end, shift.end), kind }));
}

function overlaps(a: TimeRange, b: TimeRange): boolean {
  return a.start < b.end && b.start < a.end;
}
