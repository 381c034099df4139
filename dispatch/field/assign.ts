// Putting a technician on a ticket: whether they can be sent, and the booking that follows. Dispatch and override ask
// the same questions here.

import type { TechnicianId, TicketId } from "../contract/ids.ts";
import type { BookingBody } from "../contract/responses.ts";
import type { Session } from "../db/pool.ts";
import { newId } from "../kernel/clock.ts";
import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { withoutDemands, type IneligibleReason } from "../workforce/ability.ts";
import { assessWindow } from "../workforce/availability.ts";
import { bookingValues, insertBooking, settleBookings } from "../workforce/bookings.ts";
import { loadRoster, type Asked, type RosterEntry } from "../workforce/calendar.ts";
import { consultOn, drivingBy } from "../travel/driving.ts";
import { jobAt, loadSiteDemand, placeOfSite, type SiteDemand } from "../workforce/site-demand.ts";

/** What a command that puts this person on the ticket must know of the roads first. */
export const consultOnAssignee = (desk: Desk, { technician, site }: Assignee) =>
  consultOn(desk.travel, technician ? [technician] : [], placeOfSite(site));

export type Assignee = { readonly technician: RosterEntry | null; readonly site: SiteDemand | null };

/**
 * @param options.without a ticket whose booking does not count, since it is to be given back
 * @param options.insist whether somebody who was taken off the ticket may have it again
 */
export async function loadAssignee(
  tx: Session,
  ticketId: TicketId,
  techId: TechnicianId | null,
  options: Pick<Asked, "without" | "insist"> = {},
): Promise<Assignee> {
  const [roster, site] = await Promise.all([
    techId === null ? [] : loadRoster(tx, { ticketId, techId, ...options }),
    loadSiteDemand(tx, ticketId),
  ]);
  return { technician: roster[0] ?? null, site };
}

// A person who sends somebody outside their hours, or from another zone, knows something the roster does not; nobody
// may be sent who is away, drained, or somewhere else at that time.
const alwaysBinding = new Set<IneligibleReason>(["INACTIVE", "DRAINED", "EXCLUDED", "BOOKED", "TIME_OFF"]);
const strictlyBinding = new Set<IneligibleReason>([...alwaysBinding, "NO_SHIFT", "OFF_SHIFT"]);

const anyHours = { technicianWithoutShift: "eligible", zoneMustMatch: false } as const;

/**
 * The booking an assignment makes; null when the ticket has no time yet.
 * @throws Refusal ASSIGNMENT_NOT_FOUND, TECH_UNAVAILABLE
 */
export function bookingFor(
  desk: Desk,
  ticket: TicketRow,
  techId: TechnicianId,
  { technician, site }: Assignee,
  now: string,
): BookingBody | null {
  if (!technician) throw new Refusal("ASSIGNMENT_NOT_FOUND", { tech_id: techId });
  const unavailable = (reason: IneligibleReason, detail?: string) =>
    new Refusal("TECH_UNAVAILABLE", { tech_id: techId, reason, ...(detail && { detail }) });

  const { scheduled_start, scheduled_end } = ticket;
  if (scheduled_start === null || scheduled_end === null) {
    const { ineligible } = technician.calendar({ start: Date.parse(now), end: Date.parse(now) });
    if (ineligible) throw unavailable(ineligible);
    return null;
  }
  const window = { start: Date.parse(scheduled_start), end: Date.parse(scheduled_end) };
  const { technicianWithoutShift } = desk.policy;
  const job = jobAt(site, ticket.incident_type, desk.policy);
  // Skills and zone are judged by the recommendation; here only whether this person can be there then.
  const timeOnly = withoutDemands(job);
  const verdict = assessWindow(technician.calendar(window), timeOnly, window, {
    technicianWithoutShift,
    zoneMustMatch: false,
    ...drivingBy(desk.travel),
  });
  const binding = technicianWithoutShift === "excluded" ? strictlyBinding : alwaysBinding;
  if (!verdict.free && binding.has(verdict.reason)) throw unavailable(verdict.reason, verdict.detail);
  // The rule names one reason only; behind hours that do not bind, time off and bookings still do.
  const besides = verdict.free
    ? verdict
    : assessWindow(technician.aroundTheClock(window), timeOnly, window, { ...anyHours, ...drivingBy(desk.travel) });
  if (!besides.free && binding.has(besides.reason)) throw unavailable(besides.reason, besides.detail);
  return {
    id: newId(Date.parse(now)),
    technician_id: technician.id,
    ticket_id: ticket.id,
    start: scheduled_start,
    end: scheduled_end,
    state: "firm",
    exclusive: technician.calendared,
    travel_before_minutes: Math.ceil((verdict.free && verdict.travelBeforeMinutes) || 0),
    travel_source: verdict.free ? verdict.travelSource : null,
  };
}

/** Replaces the ticket's live booking; with null it only ends the one there is. */
export const rebook = (
  tx: Session,
  ticketId: TicketId,
  booking: BookingBody | null,
  now: string,
): Promise<unknown>[] => [
  tx.row(settleBookings, [ticketId, "released", now]),
  ...(booking ? [tx.row(insertBooking, bookingValues(booking, now))] : []),
];
