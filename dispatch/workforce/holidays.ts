// On which days the holidays of a calendar fall. Pure.

import type { Holiday, HolidayRule } from "../policy/policy.ts";
import { isoWeekday, parseDate, type EpochDay } from "./local-time.ts";

const dayMs = 86_400_000;
const [saturday, sunday] = [6, 7];

/** The name of each day's holiday, from the first day to the last, both included. */
export function holidaysBetween(calendar: readonly Holiday[], first: EpochDay, last: EpochDay): Map<EpochDay, string> {
  const found = new Map<EpochDay, string>();
  // A year on either side: New Year's Day on a Saturday is kept in the old year.
  for (let year = yearOf(first) - 1; year <= yearOf(last) + 1; year += 1) {
    for (const { name, on } of calendar)
      for (const day of daysIn(year, on)) if (day >= first && day <= last && !found.has(day)) found.set(day, name);
  }
  return found;
}

function daysIn(year: number, rule: HolidayRule): EpochDay[] {
  switch (rule.kind) {
    case "date":
      return rule.date.startsWith(`${year}-`) ? [parseDate(rule.date)] : [];
    case "easter":
      return [easterSunday(year) + rule.days];
    case "nth_weekday":
      return nthWeekday(year, rule.month, rule.weekday, rule.nth);
    case "yearly": {
      const day = dayOf(year, rule.month, rule.day);
      // The 29th of February, in a year without one.
      if (day >= dayOf(year, rule.month + 1, 1)) return [];
      return [day, ...observedOn(day, rule.observed)];
    }
  }
}

function observedOn(day: EpochDay, observed: "nearest_weekday" | "next_monday" | null): EpochDay[] {
  const weekday = isoWeekday(day);
  if (observed === null || weekday < saturday) return [];
  if (weekday === sunday) return [day + 1];
  return [observed === "nearest_weekday" ? day - 1 : day + 2];
}

/** None in a month that has no fifth such day. */
function nthWeekday(year: number, month: number, weekday: number, nth: number): EpochDay[] {
  const next = dayOf(year, month + 1, 1);
  if (nth < 0) return [next - 1 - ((isoWeekday(next - 1) - weekday + 7) % 7)];
  const first = dayOf(year, month, 1);
  const day = first + ((weekday - isoWeekday(first) + 7) % 7) + 7 * (nth - 1);
  return day < next ? [day] : [];
}

/** Of the Gregorian calendar, by the rule of Meeus, Jones and Butcher. */
function easterSunday(year: number): EpochDay {
  const golden = year % 19;
  const [century, ofCentury] = [Math.floor(year / 100), year % 100];
  const leapless = Math.floor((century + 8) / 25);
  const moon = (19 * golden + century - Math.floor(century / 4) - Math.floor((century - leapless + 1) / 3) + 15) % 30;
  const week = (32 + 2 * (century % 4) + 2 * Math.floor(ofCentury / 4) - moon - (ofCentury % 4)) % 7;
  const late = Math.floor((golden + 11 * moon + 22 * week) / 451);
  const n = moon + week - 7 * late + 114;
  return dayOf(year, Math.floor(n / 31), (n % 31) + 1);
}

const yearOf = (day: EpochDay): number => new Date(day * dayMs).getUTCFullYear();
/** A month of 13 is the next year's first. */
const dayOf = (year: number, month: number, day: number): EpochDay => Date.UTC(year, month - 1, day) / dayMs;
