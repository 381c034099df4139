/**
 * Turns a wall-clock time in an IANA time zone into an instant, and an instant into what a clock there shows.
 * Pure but for a bounded cache; Node 24 has no Temporal, so offsets are read from Intl's zone data.
 */

/** A calendar date as days since 1970-01-01. */
export type EpochDay = number;

const minuteMs = 60_000;
const dayMs = 86_400_000;
const longOffset = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

// A formatter costs about 50 µs to make. The bound is the IANA list (some 600 names with aliases), since
// an unknown name throws before it is kept.
const formatters = new Map<string, Intl.DateTimeFormat>();

// One format() costs about 1 µs and a roster of 40 over a fortnight asks some 4,000 times for the same few days.
const offsets = new Map<string, Map<EpochDay, number>>();
const offsetsKeptPerZone = 10_000;

/** True when Intl knows the zone, e.g. "America/Los_Angeles". */
export function isTimeZone(name: string): boolean {
  try {
    formatterFor(name);
    return true;
  } catch {
    return false;
  }
}

/** "YYYY-MM-DD" as an epoch day. Throws a RangeError for anything that is no date. */
export function parseDate(date: string): EpochDay {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  // Date.parse refuses month 13 but takes some impossible days (2025-02-30) over into the next month.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date) throw new RangeError(`no date: ${date}`);
  return ms / dayMs;
}

/** "HH:MM" (00:00 to 24:00) as minutes after midnight. Throws a RangeError for anything else. */
export function parseTime(time: string): number {
  const minutes = /^\d{2}:[0-5]\d$/.test(time) ? Number(time.slice(0, 2)) * 60 + Number(time.slice(3)) : Number.NaN;
  if (!(minutes <= 1440)) throw new RangeError(`no time of day: ${time}`);
  return minutes;
}

/** ISO weekday of an epoch day: 1 Monday … 7 Sunday. */
export function isoWeekday(day: EpochDay): number {
  // 1970-01-01 was a Thursday.
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** The epoch day a wall calendar in the zone shows at an instant (epoch milliseconds). */
export function localDay(instant: number, timeZone: string): EpochDay {
  return Math.floor((instant + offsetAt(instant, timeZone)) / dayMs);
}

/**
 * The instant (epoch milliseconds) at which a wall clock in the zone shows `minutes` after midnight of `day`;
 * minutes may pass 1440 into the next day. When clocks go forward, a time that is skipped moves forward by the
 * gap; when they go back, the first of the two is meant (the "compatible" rule of RFC 5545 and Temporal).
 * Assumes no two clock changes within 48 hours. Throws a RangeError for an unknown zone.
 */
export function localToInstant(day: EpochDay, minutes: number, timeZone: string): number {
  const asUtc = day * dayMs + minutes * minuteMs;
  const shownOn = Math.floor(asUtc / dayMs);
  const before = dayOffset(shownOn - 1, timeZone);
  const after = dayOffset(shownOn + 2, timeZone);
  if (before === after) return asUtc - before;
  const [first, second] = [asUtc - before, asUtc - after];
  if (offsetAt(first, timeZone) === before) return first;
  // Not the old offset's time any more: the new one's, or in the gap, where the old offset moves it forward.
  return offsetAt(second, timeZone) === after ? second : first;
}

/**
 * What clock and calendar of the zone show at an instant, in ISO 8601 with the offset, which tells the two hours of a clock that
 * goes back apart; null for an unknown zone.
 */
export function localIso(instant: number, timeZone: string): string | null {
  let offset: number;
  try {
    offset = offsetOn(instant, timeZone);
  } catch {
    return null;
  }
  // An offset is written in minutes; before 1900 some had seconds, and the time shown then makes up for them.
  const minutes = Math.round(offset / minuteMs);
  const shown = new Date(instant + minutes * minuteMs).toISOString();
  return (shown.endsWith(".000Z") ? shown.slice(0, -5) : shown.slice(0, -1)) + offsetText(minutes);
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
}

const twoDigits = (n: number): string => (n < 10 ? `0${n}` : String(n));

/** As offsetAt, without asking Intl on the many days that begin and end with the same offset. */
function offsetOn(instant: number, timeZone: string): number {
  const day = Math.floor(instant / dayMs);
  const opens = dayOffset(day, timeZone);
  return opens === dayOffset(day + 1, timeZone) ? opens : offsetAt(instant, timeZone);
}

function dayOffset(day: EpochDay, timeZone: string): number {
  let ofZone = offsets.get(timeZone);
  const known = ofZone?.get(day);
  if (known !== undefined) return known;
  const offset = offsetAt(day * dayMs, timeZone);
  // The zones are bounded as the formatters are: offsetAt has just thrown for a name Intl does not know.
  if (ofZone === undefined) offsets.set(timeZone, (ofZone = new Map()));
  if (ofZone.size >= offsetsKeptPerZone) ofZone.clear();
  ofZone.set(day, offset);
  return offset;
}

/** Local minus UTC, in milliseconds. */
function offsetAt(instant: number, timeZone: string): number {
  const text = formatterFor(timeZone).format(instant);
  const match = longOffset.exec(text);
  if (match === null) throw new RangeError(`no offset in "${text}"`);
  const [, sign, hours, minutes, seconds] = match;
  const size = (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1000;
  return sign === "-" ? -size : size;
}

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}
