// The day that is planned: from its first to its last instant on the wall clock of one time zone.

import type { TimeRange } from "../workforce/shift-ranges.ts";
import { isTimeZone, localToInstant, parseDate } from "../workforce/local-time.ts";
import { timeZoneProblem } from "../workforce/time-zone-name.ts";
import { invalidField, type Refusal } from "../kernel/refusal.ts";

/** Half-open, epoch milliseconds. */
export type PlanDay = TimeRange & { readonly date: string; readonly timeZone: string };

/** Whoever is to come must hear of it first. */
export const noticeMs = 30 * 60_000;
const farthestMs = 366 * 86_400_000;

/**
 * Of a zone that is given with the wish, or stored with shifts.
 * @throws Refusal INVALID_REQUEST when there is no such day or zone, or the day is over or too far ahead
 */
export function planDay(date: string, timeZone: string, now: number): PlanDay {
  if (!isTimeZone(timeZone)) throw wrongZone(timeZone);
  const first = dayNumber(date);
  const day = {
    date,
    timeZone,
    start: localToInstant(first, 0, timeZone),
    end: localToInstant(first + 1, 0, timeZone),
  };
  if (day.end <= now + noticeMs) throw invalidField("day", "range", "is over");
  if (day.start > now + farthestMs) throw invalidField("day", "range", "lies more than a year ahead");
  return day;
}

/** @throws Refusal INVALID_REQUEST when the zone a caller names is none that a place keeps */
export function requireTimeZone(timeZone: string): void {
  if (timeZoneProblem(timeZone) !== null) throw wrongZone(timeZone);
}

const wrongZone = (timeZone: string): Refusal =>
  invalidField("time_zone", "time_zone", timeZoneProblem(timeZone) ?? "is no time zone");

function dayNumber(date: string): number {
  try {
    return parseDate(date);
  } catch {
    throw invalidField("day", "date", "is no day of the calendar");
  }
}

/** Before this nothing new starts, and nothing that is booked moves. */
export const earliestStart = (day: PlanDay, now: number): number =>
  Math.max(day.start, Math.ceil((now + noticeMs) / 60_000) * 60_000);
