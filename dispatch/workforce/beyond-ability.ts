// Which visits a technician is booked for and can no longer do, once the roster says other abilities of them, or other zones.

import type { TechnicianId, TicketId } from "../contract/ids.ts";
import type { BookingConflict, TechnicianBody } from "../contract/roster-responses.ts";
import type { Warning } from "../contract/warnings.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Desk } from "../kernel/desk.ts";
import { policyOfOneOfMany } from "../ticket/policy-of.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { findInability, type Abilities } from "./ability.ts";
import { availabilityRules } from "./availability.ts";
import { helperJob } from "./crew.ts";
import { conflictOf, seenBy, type ComingBooking } from "./shift-rows.ts";
import { jobAt, type SiteDemand, type Work } from "./site-demand.ts";
import { zoneOfSite } from "./site-zone.ts";

type BookedVisit = Omit<ComingBooking, "part" | "of"> &
  SiteDemand &
  Work &
  Pick<TicketRow, "policy_version"> & {
    readonly ticket_id: TicketId;
    readonly number: string;
    readonly role: "lead" | "helper";
  };

const selectBookedVisits = statement<BookedVisit>(
  "bookings_not_begun",
  `SELECT b.ticket_id, t.number, t.account_id, t.site_id, t.incident_type, t.priority, t.policy_version, b.role,
          lower(b.span) AS start, upper(b.span) AS "end",
          ${zoneOfSite("s")} AS region, s.lat, s.lon, s.timezone, s.hours, s.holiday_calendar
   FROM bookings b JOIN tickets t ON t.id = b.ticket_id JOIN sites s ON s.id = t.site_id
   WHERE b.technician_id = $1 AND b.state IN ('tentative', 'firm') AND upper(b.span) > $2 AND b.part = 1
     AND t.state IN ('PENDING_CUSTOMER_CONFIRMATION', 'SCHEDULED', 'DISPATCHED')
   ORDER BY lower(b.span), b.ticket_id LIMIT 500`,
);

/** The visits that a technician is booked for and has not begun. */
export const loadBookedVisits = (tx: Session, id: TechnicianId, now: string): Promise<BookedVisit[]> =>
  tx.rows(selectBookedVisits, [id, now]);

/** Of these visits those that were within the technician's abilities and are no longer, as far as the caller may see them. */
export function beyondAbility(
  { before, after }: { readonly before: TechnicianBody; readonly after: TechnicianBody },
  visits: readonly BookedVisit[],
  { actor, desk }: { readonly actor: Actor; readonly desk: Desk },
): { readonly visits: readonly BookedVisit[]; readonly conflicts: readonly BookingConflict[] } {
  const rules = { ...availabilityRules(desk.policy), technicianWithoutShift: "eligible" as const };
  const seen = seenBy(actor, visits);
  const found = seen.flatMap((visit) => {
    const leads = jobAt(visit, visit, policyOfOneOfMany(desk, visit));
    const job = visit.role === "lead" ? leads : helperJob(leads);
    if (findInability(abilitiesOf(before), job, rules) !== null) return [];
    const lost = findInability(abilitiesOf(after), job, rules);
    return lost ? [{ visit, detail: lost.detail }] : [];
  });
  return {
    visits: found.map(({ visit }) => visit),
    conflicts: found.map(({ visit, detail }) => ({ ...conflictOf(visit), detail })),
  };
}

export const beyondAbilityWarning = ({ name }: TechnicianBody, visits: readonly BookedVisit[]): Warning => ({
  code: "BEYOND_ABILITIES",
  message:
    `${name} is booked for ${visits.map(({ number }) => number).join(", ")} and can no longer do that: ` +
    "give each to somebody else (assignment.unassign, assignment.override), or the ability back.",
});

const abilitiesOf = ({ zones, service_types, skills, tools, abilities_on_record }: TechnicianBody): Abilities => ({
  zones,
  serviceTypes: service_types,
  skills,
  tools,
  abilitiesOnRecord: abilities_on_record,
  shifts: null,
  ineligible: null,
});
