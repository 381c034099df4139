// At which rates a visit is charged: the usual ones within the desk's business hours, by the clock of where the work is. Pure.

import type { BusinessHours, PriceBookEntry, RatedTime, Rates } from "../policy/policy.ts";
import { ratedTimes } from "../policy/policy.ts";
import { holidaysBetween } from "../workforce/holidays.ts";
import { isoWeekday, isTimeZone, localDay } from "../workforce/local-time.ts";
import { openHours } from "../workforce/open-hours.ts";

const calendar = "business";
const minuteMs = 60_000;
const saturday = 6;

/**
 * What an instant is beside ordinary, in the order in which rates are looked for.
 * @param instant epoch milliseconds
 * @param hours null: every hour is an ordinary one
 * @param timezone of the site; where it is none that is known every hour is an ordinary one
 */
export function ratedTimesAt(instant: number, hours: BusinessHours | null, timezone: string | undefined): RatedTime[] {
  if (hours === null || timezone === undefined || !isTimeZone(timezone)) return [];
  const { weekly, holidays } = hours;
  const open = openHours(
    { timezone, hours: weekly, holiday_calendar: calendar },
    { holidayCalendars: { [calendar]: holidays } },
  );
  if (open?.closedWithin({ start: instant, end: instant + minuteMs }).every(({ start }) => start > instant)) return [];
  const day = localDay(instant, timezone);
  const is: { readonly [time in RatedTime]: boolean } = {
    holiday: holidaysBetween(holidays, day, day).has(day),
    weekend: isoWeekday(day) >= saturday,
    after_hours: true,
  };
  return ratedTimes.filter((time) => is[time]);
}

/** The rates of the first of these times that has its own, and which that is; else the usual ones. */
export function ratesOf(entry: PriceBookEntry, times: readonly RatedTime[]): { rates: Rates; time: RatedTime | null } {
  for (const time of times) {
    const rates = entry.at[time];
    if (rates) return { rates, time };
  }
  return { rates: entry, time: null };
}
