// Which zones' coming day is still to be proposed: from one hour of the evening, on the wall clock of the zone, into the night.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { zonesOf } from "../workforce/zones-of-technician.ts";
import { localDay, localToInstant } from "../workforce/local-time.ts";

export type NightlyDay = {
  readonly day: string;
  readonly zone: string | null;
  readonly timeZone: string;
  readonly claim: string;
};

/** How long after the hour a day is still proposed, when no worker was there before. */
const nightHours = 10;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

// A zone is planned in the time zone most of its shifts are kept in; who works in several is planned in each, and what one plan has
// changed of their day makes another's proposal out of date. People without a zone have one day of all zones where
// nobody has a zone, and none otherwise.
const selectZones = statement<{ zone: string | null; timezone: string }>(
  "plan_zones",
  `SELECT upper(nullif(trim(worked.zone), '')) AS zone, mode() WITHIN GROUP (ORDER BY s.timezone) AS timezone
   FROM technicians r JOIN technician_shifts s ON s.technician_id = r.id
     LEFT JOIN LATERAL unnest(${zonesOf("r")}) AS worked (zone) ON true
   WHERE r.active GROUP BY 1 ORDER BY 1 NULLS LAST`,
);

const selectClaims = statement<{ claim: string | null }>(
  "plan_nightly_claims",
  `SELECT claim FROM plans
   WHERE claim = ANY ($1) AND status <> 'FAILED' AND NOT (status = 'RUNNING' AND running_until < $2)`,
);

/** One proposal for a day and a zone, whichever worker comes first. */
export const nightlyClaim = (day: string, zone: string | null): string => `nightly ${day} ${zone?.toUpperCase() ?? ""}`;

/** @param hour 0 to 23, on the wall clock of each zone */
export async function dueNightlyDays(db: Session, now: Date, hour: number): Promise<NightlyDay[]> {
  const zones = await db.rows(selectZones);
  const named = zones.some(({ zone }) => zone !== null) ? zones.filter(({ zone }) => zone !== null) : zones;
  const days = named.flatMap(({ zone, timezone }): NightlyDay[] => {
    const day = nightOf(now.getTime(), timezone, hour);
    return day === null ? [] : [{ day, zone, timeZone: timezone, claim: nightlyClaim(day, zone) }];
  });
  if (days.length === 0) return [];
  const claimed = await db.rows(selectClaims, [days.map(({ claim }) => claim), now.toISOString()]);
  return days.filter(({ claim }) => !claimed.some((one) => one.claim === claim));
}

/** The day that follows the evening we are in; null while it is not night yet, or not any more. */
export function nightOf(now: number, timeZone: string, hour: number): string | null {
  const today = localDay(now, timeZone);
  const evenings = [today - 1, today].map((evening) => ({
    evening,
    since: now - localToInstant(evening, hour * 60, timeZone),
  }));
  const night = evenings.find(({ since }) => since >= 0 && since < nightHours * hourMs);
  return night ? new Date((night.evening + 1) * dayMs).toISOString().slice(0, 10) : null;
}
