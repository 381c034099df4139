// Times as people say them, "tomorrow morning" or "Tuesday 9 to 11 or 13 to 15", made into moments at the desk's place. Pure.

import type { Window } from "./memory.ts";

export type Place = { readonly now: Date; /** For example America/Los_Angeles. */ readonly timeZone: string };

type Day = { readonly year: number; readonly month: number; readonly day: number };

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const minuteMs = 60_000;

/** Hours of the parts of a day, in which visits can begin and end. */
const partsOfDay: Readonly<Record<string, readonly [number, number]>> = {
  morning: [7, 12],
  noon: [11, 14],
  afternoon: [12, 18],
  evening: [17, 22],
  tonight: [18, 24],
  night: [18, 24],
};

const dayWords = new RegExp(
  String.raw`\b(today|tonight|tomorrow|(?:next )?(?:${weekdays.join("|")})|\d{4}-\d\d-\d\d)\b`,
  "gi",
);
const clock = String.raw`(\d{1,2})(?:[:.](\d\d))?\s*(am|pm)?`;
const span = new RegExp(String.raw`\b${clock}\s*(?:to|until|till|-|–)\s*${clock}(?![\d-])`, "gi");

/** Every window that is said with hours, in the order it is said; an hour without a day is on the day named before it. */
export function windowsIn(sentence: string, place: Place): Window[] {
  const windows: Window[] = [];
  // A date looks like a span of hours, so days are cut out first and each piece read on its own.
  const pieces = sentence.split(dayWords);
  let day: string | null = null;
  for (const [index, piece] of pieces.entries()) {
    if (index % 2 === 1) day = piece;
    else
      for (const match of piece.matchAll(span)) {
        const hours = hoursOf(match);
        if (hours) windows.push(windowOn(day ?? "today", hours, place));
      }
  }
  return windows;
}

/** The stretch a sentence allows: its first hours, or a part of a day, or a whole day; null when it names none. */
export function stretchIn(sentence: string, place: Place): Window | null {
  const [exact] = windowsIn(sentence, place);
  if (exact) return exact;
  const word = sentence.match(dayWords)?.[0];
  const part = /\b(morning|noon|afternoon|evening|tonight|night)\b/i.exec(sentence)?.[1]?.toLowerCase();
  if (word === undefined && part === undefined) return null;
  const [from, to] = partsOfDay[part ?? ""] ?? [0, 24];
  return windowOn(word ?? "today", [from * 60, to * 60], place);
}

/** A moment for a person, at the desk's place: "Tue 24 Nov, 09:00". */
export function spoken(moment: string, { timeZone }: Pick<Place, "timeZone">): string {
  const parts = partsOf(new Date(moment), timeZone, {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return `${parts["weekday"] ?? ""} ${parts["day"] ?? ""} ${parts["month"] ?? ""}, ${parts["hour"] ?? ""}:${parts["minute"] ?? ""}`;
}

/** A window for a person: the second moment without its day when that is the same. */
export function spokenWindow({ start, end }: Window, place: Pick<Place, "timeZone">): string {
  const [from, to] = [spoken(start, place), spoken(end, place)];
  const [day, hour] = to.split(", ");
  return `${from} to ${from.startsWith(`${day}, `) ? hour : to}`;
}

/** Minutes of the day at which a span begins and ends; null when it is none. */
function hoursOf([, h1, m1, half1, h2, m2, half2]: RegExpExecArray): readonly [number, number] | null {
  const end = minuteOfDay(h2, m2, half2);
  const start = minuteOfDay(h1, m1, half1 ?? (half2 && Number(h1) < Number(h2) ? half2 : undefined));
  return start === null || end === null || end <= start ? null : [start, end];
}

function minuteOfDay(hour = "", minute = "0", half?: string): number | null {
  const h = Number(hour);
  const m = Number(minute);
  if (m > 59 || h > 24 || (half !== undefined && (h < 1 || h > 12))) return null;
  const shifted = half === undefined ? h : (h % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  return shifted * 60 + m;
}

function windowOn(word: string, [from, to]: readonly [number, number], place: Place): Window {
  const day = dayNamed(word.toLowerCase(), to, place);
  const at = (minute: number) => momentOn(day, minute, place.timeZone).toISOString();
  return { start: at(from), end: at(to) };
}

/** A weekday is the next one whose window has not ended. */
function dayNamed(word: string, endMinute: number, { now, timeZone }: Place): Day {
  const today = dayOf(now, timeZone);
  const date = /^(\d{4})-(\d\d)-(\d\d)$/.exec(word);
  if (date) return { year: Number(date[1]), month: Number(date[2]), day: Number(date[3]) };
  if (word === "tomorrow") return later(today, 1);
  const weekday = weekdays.indexOf(word.replace("next ", ""));
  if (weekday === -1) return today;
  const ahead = (weekday - new Date(Date.UTC(today.year, today.month - 1, today.day)).getUTCDay() + 7) % 7;
  const isOver = momentOn(later(today, ahead), endMinute, timeZone) <= now;
  return later(today, ahead + (isOver || (ahead === 0 && word.startsWith("next ")) ? 7 : 0));
}

function later({ year, month, day }: Day, days: number): Day {
  const moved = new Date(Date.UTC(year, month - 1, day + days));
  return { year: moved.getUTCFullYear(), month: moved.getUTCMonth() + 1, day: moved.getUTCDate() };
}

function dayOf(moment: Date, timeZone: string): Day {
  const parts = partsOf(moment, timeZone, { year: "numeric", month: "numeric", day: "numeric" });
  return { year: Number(parts["year"]), month: Number(parts["month"]), day: Number(parts["day"]) };
}

/** A minute of a day in a zone. Asked twice, since the zone's offset at the first guess may be that of the other season. */
function momentOn({ year, month, day }: Day, minute: number, timeZone: string): Date {
  const asUtc = Date.UTC(year, month - 1, day, 0, minute);
  const guess = asUtc - offsetAt(asUtc, timeZone);
  return new Date(asUtc - offsetAt(guess, timeZone));
}

/** How far the zone's clock is ahead of UTC at a moment, in ms. */
function offsetAt(moment: number, timeZone: string): number {
  const parts = partsOf(new Date(moment), timeZone, {
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    hourCycle: "h23",
  });
  const [year, month, day, hour, minute] = ["year", "month", "day", "hour", "minute"].map((name) =>
    Number(parts[name]),
  );
  return (
    Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0) - Math.floor(moment / minuteMs) * minuteMs
  );
}

function partsOf(moment: Date, timeZone: string, shape: Intl.DateTimeFormatOptions): Record<string, string> {
  return Object.fromEntries(
    new Intl.DateTimeFormat("en-US", { timeZone, ...shape })
      .formatToParts(moment)
      .map(({ type, value }) => [type, value]),
  );
}
