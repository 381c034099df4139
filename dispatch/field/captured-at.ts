// When a picture was taken: the camera's own clock read with its offset from UTC, or with the site's time zone where the camera
// tells none. Pure.

import type { Exif } from "../storage/exif.ts";
import { isTimeZone, localToInstant, parseDate, parseTime } from "../workforce/local-time.ts";

/** The instant, ISO 8601 in UTC; null where the camera says no time, or the zone is none. */
export function instantOf({ takenAt, offset }: Exif, timeZone: string): string | null {
  if (takenAt === null) return null;
  if (offset !== null) return new Date(`${takenAt}${offset}`).toISOString();
  if (!isTimeZone(timeZone)) return null;
  const [date = "", time = ""] = takenAt.split("T");
  const instant = localToInstant(parseDate(date), parseTime(time.slice(0, 5)), timeZone);
  return new Date(instant + Number(time.slice(6)) * 1_000).toISOString();
}
