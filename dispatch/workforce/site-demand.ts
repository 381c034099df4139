// What a ticket's site asks of whoever comes: where it is, in which zone, when it is open, and what the incident
// type needs.

import type { TicketId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { ofIncidentType } from "../policy/incident-type.ts";
import type { Policy } from "../policy/policy.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { anyService, type Job } from "./ability.ts";
import type { Priority } from "../contract/fields.ts";
import { openHours, type SiteHours } from "./open-hours.ts";
import type { VisitWork } from "./assess-visit.ts";
import { placeOf } from "./calendar.ts";
import { zoneOfSite } from "./site-zone.ts";
import type { Place } from "../travel/estimate.ts";

export type SiteDemand = {
  /** Its zone (site-zone.ts). */
  readonly region: string | null;
  readonly lat: number | null;
  readonly lon: number | null;
} & SiteHours;

/** With where its taxes are looked up: that its zone is another one changes no tax. */
export type SiteOnRecord = SiteDemand & { readonly tax_region: string | null };

const selectSiteDemand = statement<SiteOnRecord>(
  "site_demand",
  `SELECT ${zoneOfSite("s")} AS region, coalesce(nullif(trim(s.tax_region), ''), nullif(trim(s.region), '')) AS tax_region,
          s.lat, s.lon, s.timezone, s.hours, s.holiday_calendar
   FROM tickets t JOIN sites s ON s.id = t.site_id WHERE t.id = $1`,
);

export const loadSiteDemand = (db: Session, ticketId: TicketId): Promise<SiteOnRecord | null> =>
  db.row(selectSiteDemand, [ticketId]);

export const placeOfSite = (site: SiteDemand | null): Place | null => site && placeOf(site);

/** The work that is to be done: of what kind, where that is named, and how urgent. */
export type Work = { readonly incident_type: string | null; readonly priority: Priority };

/** The job as the availability rule sees it. An emergency is not bound to the site's hours. */
export function jobAt(site: SiteDemand | null, { incident_type: incidentType, priority }: Work, policy: Policy): Job {
  const type = ofIncidentType(policy.incidentTypes, incidentType);
  return {
    place: placeOfSite(site),
    region: site?.region ?? null,
    serviceType: incidentType ?? anyService,
    requiredSkills: type?.requiredSkills ?? [],
    requiredTools: type?.requiredTools ?? [],
    hours: site && openHours(site, policy),
    hoursWaived: priority === "EMERGENCY",
  };
}

/** How many people go to a visit when nobody says: as many as the incident type does, else one. */
export const crewSize = (incidentType: string | null, policy: Policy): number =>
  ofIncidentType(policy.incidentTypes, incidentType)?.crewSize ?? 1;

/** How long a visit takes when nobody says: the incident type's duration, else an hour. */
export const visitMinutes = (incidentType: string | null, policy: Policy): number =>
  ofIncidentType(policy.incidentTypes, incidentType)?.defaultDurationMinutes ?? 60;

/** How long one piece of such work may be at most. */
export const longestMinutes = (incidentType: string | null, policy: Policy): number =>
  ofIncidentType(policy.incidentTypes, incidentType)?.maxWindowMinutes ?? policy.windows.maxMinutes;

/** What is to be done of a ticket within its time; null where a crew does it, which never works in parts. */
export const workOf = (
  { incident_type: type, parted_minutes: parted }: Pick<TicketRow, "incident_type" | "parted_minutes">,
  policy: Policy,
): VisitWork | null =>
  parted === null && crewSize(type, policy) > 1
    ? null
    : {
        minutes: parted ?? visitMinutes(type, policy),
        longestMinutes: longestMinutes(type, policy),
        inParts: parted !== null,
      };
