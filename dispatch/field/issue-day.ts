// The day a document is issued on, and the day it is due: days of the calendar where the work was done.

import { localIso } from "../workforce/local-time.ts";

/** YYYY-MM-DD in a time zone; in UTC where the site names none that is known. */
export const issueDay = (now: string, timeZone: string | undefined): string =>
  ((timeZone === undefined ? null : localIso(Date.parse(now), timeZone)) ?? new Date(now).toISOString()).slice(0, 10);

/** So many days later. */
export function dayAfter(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}
