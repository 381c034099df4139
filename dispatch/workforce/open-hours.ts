// When a site is open: its weekly hours and its holidays as stretches of absolute time, and the same in a sentence. Pure.

import type { Holiday, Policy } from "../policy/policy.ts";
import { holidaysBetween } from "./holidays.ts";
import { isoWeekday, isTimeZone, localDay, localIso, localToInstant } from "./local-time.ts";
import { expandShifts, workingRanges, type TimeRange } from "./shift-ranges.ts";
import { timeZoneProblem } from "./time-zone-name.ts";

/**
 * Written as a technician's shifts are: it opens on each of these days (ISO, 1 Monday to 7 Sunday); an end at or before the start is
 * on the next day.
 */
export type OpenPattern = {
  readonly weekdays: readonly number[];
  readonly start_time: string;
  readonly end_time: string;
};

/** What a site's row says. */
export type SiteHours = {
  readonly timezone: string;
  /** Null: at all hours. */
  readonly hours: readonly OpenPattern[] | null;
  /** The name of a calendar of the policy; on its holidays the site is closed from midnight to midnight. */
  readonly holiday_calendar: string | null;
};

export type OpenHours = {
  /** When it is closed within the span: sorted, apart; empty when it is open throughout. */
  readonly closedWithin: (span: TimeRange) => readonly TimeRange[];
  /** When it is open around then, or which holiday it keeps, for people. */
  readonly sentence: (span: TimeRange) => string;
};

const dayMs = 86_400_000;
/** As far as shifts are worked out; what is asked beyond is a search's, and no search is longer. */
const maxSpanMs = 63 * dayMs;
const everyHour: readonly OpenPattern[] = [{ weekdays: [1, 2, 3, 4, 5, 6, 7], start_time: "00:00", end_time: "00:00" }];

/** What keeps a site's hours from being kept; null when nothing does. */
export function hoursProblem(site: SiteHours, { holidayCalendars }: Pick<Policy, "holidayCalendars">): string | null {
  const { timezone, hours, holiday_calendar: calendar } = site;
  if (hours === null && calendar === null) return null;
  if (!isTimeZone(timezone)) return `${timeZoneProblem(timezone) ?? "no such time zone"}.`;
  if (calendar === null || holidayCalendars[calendar]) return null;
  const known = Object.keys(holidayCalendars).sort();
  return `The policy has no holiday calendar "${calendar}"; it has ${known.length > 0 ? known.join(", ") : "none"}.`;
}

/** A site's hours; null when it is open at all hours, or its time zone is none. */
export function openHours(site: SiteHours, { holidayCalendars }: Pick<Policy, "holidayCalendars">): OpenHours | null {
  const { timezone, hours, holiday_calendar: calendar } = site;
  const holidays = calendar === null ? undefined : holidayCalendars[calendar];
  if ((hours === null && holidays === undefined) || !isTimeZone(timezone)) return null;
  const open = { weekly: hours ?? everyHour, holidays: holidays ?? [], timezone };
  // One question about everybody on the roster is asked of the same span.
  let last: { readonly span: TimeRange; readonly closed: readonly TimeRange[] } | null = null;
  return {
    closedWithin: (span) => {
      if (last?.span.start !== span.start || last.span.end !== span.end)
        last = { span, closed: between(openRanges(open, bounded(span)), bounded(span)) };
      return last.closed;
    },
    sentence: (span) => sentenceOf(open, span),
  };
}

const bounded = ({ start, end }: TimeRange): TimeRange => ({ start, end: Math.min(end, start + maxSpanMs) });

type Open = {
  readonly weekly: readonly OpenPattern[];
  readonly holidays: readonly Holiday[];
  readonly timezone: string;
};

/** Holidays cut into what opened the evening before, too. */
function openRanges({ weekly, holidays, timezone }: Open, span: TimeRange): TimeRange[] {
  const patterns = weekly.map(({ weekdays, start_time, end_time }) => ({
    weekdays,
    startTime: start_time,
    endTime: end_time,
    breaks: [],
    timeZone: timezone,
    validFrom: null,
    validTo: null,
  }));
  const [first, last] = [localDay(span.start, timezone) - 1, localDay(span.end, timezone) + 1];
  const days = [...holidaysBetween(holidays, first, last).keys()].map((day) => ({
    start: localToInstant(day, 0, timezone),
    end: localToInstant(day + 1, 0, timezone),
  }));
  return workingRanges(expandShifts(patterns, days, span), span);
}

/** What is left of the span. */
function between(ranges: readonly TimeRange[], span: TimeRange): TimeRange[] {
  const edges = [{ start: span.start, end: span.start }, ...ranges, { start: span.end, end: span.end }];
  return edges.flatMap(({ end }, at) => {
    const next = edges[at + 1];
    return next && end < next.start ? [{ start: end, end: next.start }] : [];
  });
}

const weekdayNames = ["", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/** Days that a sentence names. */
const namedDays = 3;

function sentenceOf(open: Open, span: TimeRange): string {
  const { timezone } = open;
  const first = localDay(span.start, timezone);
  const last = Math.max(first, localDay(span.end - 1, timezone));
  const days = Array.from({ length: Math.min(last - first + 1, namedDays) }, (_, n) => dayText(open, first + n));
  const more = last - first + 1 > namedDays ? ", …" : "";
  return `the site is ${days.join(", ")}${more} (local time, ${timezone})`;
}

function dayText(open: Open, day: number): string {
  const { timezone } = open;
  const midnight = { start: localToInstant(day, 0, timezone), end: localToInstant(day + 1, 0, timezone) };
  const date = new Date(day * dayMs).toISOString().slice(0, 10);
  const name = `${weekdayNames[isoWeekday(day)] ?? ""} ${date}`;
  const holiday = holidaysBetween(open.holidays, day, day).get(day);
  if (holiday !== undefined) return `closed on ${name} for ${holiday}`;
  const clock = (instant: number): string =>
    instant === midnight.end ? "24:00" : (localIso(instant, timezone) ?? "").slice(11, 16);
  const hours = openRanges(open, midnight).map(({ start, end }) => `${clock(start)}-${clock(end)}`);
  return hours.length === 0 ? `closed on ${name}` : `open ${hours.join(" and ")} on ${name}`;
}
