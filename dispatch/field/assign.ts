// Putting a technician on a ticket: whether they can be sent, and the booking that follows. Dispatch and override ask
// the same question here, and differ in what they may pass over.

import type { SnapshotId, TechnicianId, TicketId } from "../contract/ids.ts";
import type { BookingBody } from "../contract/responses.ts";
import type { Session } from "../db/pool.ts";
import { newId, plusMinutes } from "../kernel/clock.ts";
import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { insertBookings, settleBookings } from "../workforce/bookings.ts";
import { loadRoster, readingAt, type Asked, type RosterEntry } from "../workforce/calendar.ts";
import { helperJob, loadCrew, peopleFor, type Company } from "../workforce/crew.ts";
import { consultOn } from "../travel/driving.ts";
import { jobAt, loadSiteDemand, placeOfSite, visitMinutes, type SiteDemand } from "../workforce/site-demand.ts";
import { lockTechnician } from "../workforce/technicians.ts";
import { mayGo, mayNotGo, type Waived } from "./may-go.ts";

/** What a command that puts this person on the ticket must know of the roads first. */
export const consultOnAssignee = (desk: Desk, { technician, site, company }: Assignee) =>
  consultOn(desk.travel, [...(technician ? [technician] : []), ...company.roster], placeOfSite(site));

export type Assignee = {
  readonly technician: RosterEntry | null;
  readonly site: SiteDemand | null;
  readonly company: Company;
};

/** Whoever may go at once is asked about all that is ahead of them, whatever time the ticket has. */
export const fromNowOn = (clockTime: string) => ({ from: clockTime, to: "infinity" });

/**
 * @param asked.without a ticket whose booking does not count, since it is to be given back
 * @param asked.insist whether somebody who was taken off the ticket may have it again
 */
export async function loadAssignee(
  tx: Session,
  { desk, ticketId, clockTime }: { readonly desk: Desk; readonly ticketId: TicketId; readonly clockTime: string },
  techId: TechnicianId | null,
  asked: Omit<Asked, "ticketId" | "techId"> = {},
): Promise<Assignee> {
  const reading = readingAt(desk.policy, clockTime);
  const [, roster, site, crew] = await Promise.all([
    // One after the other, each sees what the one before was sent to: the database keeps bookings apart, and counts none.
    techId === null ? null : tx.row(lockTechnician, [techId]),
    techId === null ? [] : loadRoster(tx, { ...asked, sending: true, ticketId, techId }, reading),
    loadSiteDemand(tx, ticketId),
    loadCrew(tx, ticketId),
  ]);
  const people = peopleFor(crew, desk.policy);
  // Only a crew is looked for among all; whoever goes alone has been named.
  const others =
    people > 1 && techId !== null
      ? await loadRoster(tx, { ...asked, insist: false, sending: true, ticketId }, reading)
      : [];
  return { technician: roster[0] ?? null, site, company: { crew, people, roster: others } };
}

type Sending = { readonly desk: Desk; readonly ticket: TicketRow; readonly now: string; readonly clockTime: string };

type Wish = {
  readonly techId: TechnicianId;
  readonly waived: Waived;
  /** Not at the ticket's time but now. */
  readonly atOnce?: boolean;
  readonly snapshot?: { readonly id: SnapshotId; readonly service_type: string } | null;
  /** As whom they go; absent: as the lead. */
  readonly role?: "lead" | "helper";
};

/**
 * The booking an assignment makes: of the ticket's time, or what is left of it; from now on where it has none.
 * @throws Refusal ASSIGNMENT_NOT_FOUND, or what keeps this technician from it
 */
export function bookingFor(
  { desk, ticket, now, clockTime }: Sending,
  { technician, site }: Pick<Assignee, "technician" | "site">,
  { techId, waived, atOnce: goesNow = false, snapshot = null, role = "lead" }: Wish,
): BookingBody {
  if (!technician) throw new Refusal("ASSIGNMENT_NOT_FOUND", { tech_id: techId });
  const { start, end } = goesNow ? nowFor(ticket, desk, clockTime) : timeOf(ticket, desk, clockTime);
  const window = { start: Date.parse(start), end: Date.parse(end) };
  // Where nobody has named the kind of work on the ticket, the recommendation did.
  const kind = ticket.incident_type ?? snapshot?.service_type ?? null;
  const work = jobAt(site, { ...ticket, incident_type: kind }, desk.policy);
  const going = { technician, job: role === "lead" ? work : helperJob(work), window, now: Date.parse(clockTime) };
  const verdict = mayGo(desk, going, waived);
  if (!verdict.free) throw mayNotGo(verdict, going, ticket.incident_type, snapshot?.id ?? null);
  // What lies beside other bookings of theirs was let through knowingly, and the database must not refuse it.
  const alone = !technician.bookings.some((one) => one.start < window.end && window.start < one.end);
  return {
    id: newId(Date.parse(now)),
    technician_id: technician.id,
    ticket_id: ticket.id,
    start,
    end,
    state: "firm",
    exclusive: technician.calendared && alone,
    travel_before_minutes: Math.ceil(verdict.travelBeforeMinutes ?? 0),
    travel_source: verdict.travelSource,
    role,
  };
}

const nowFor = ({ incident_type }: TicketRow, desk: Desk, clockTime: string) => ({
  start: clockTime,
  end: plusMinutes(clockTime, visitMinutes(incident_type, desk.policy)),
});

/** Of a window that has begun only what is left is taken from whoever comes. */
function timeOf(ticket: TicketRow, desk: Desk, clockTime: string): { start: string; end: string } {
  const { scheduled_start: start, scheduled_end: end } = ticket;
  if (start === null || end === null) return nowFor(ticket, desk, clockTime);
  return { start: start < clockTime && clockTime < end ? clockTime : start, end };
}

export const isAhead = ({ scheduled_end: end }: TicketRow, clockTime: string): boolean =>
  end !== null && end > clockTime;

/**
 * The ticket with the time its work is to take from now on: to its planned end, or as long as was planned where it began early,
 * or as its kind takes where that end has passed.
 */
export function untilItsEnd(ticket: TicketRow, clockTime: string): TicketRow {
  const { scheduled_start: start, scheduled_end: end } = ticket;
  if (start === null || end === null || !isAhead(ticket, clockTime))
    return { ...ticket, scheduled_start: null, scheduled_end: null };
  const planned = Date.parse(end) - Math.max(Date.parse(start), Date.parse(clockTime));
  return { ...ticket, scheduled_start: clockTime, scheduled_end: plusMinutes(clockTime, planned / 60_000) };
}

/**
 * Replaces the ticket's live bookings, all of them at once.
 * @param unlocked those who were not locked before their calendars were read
 */
export const rebook = (
  tx: Session,
  ticketId: TicketId,
  bookings: readonly BookingBody[],
  now: string,
  unlocked: readonly RosterEntry[] = [],
): Promise<unknown>[] => [
  tx.row(settleBookings, [ticketId, "released", now]),
  ...insertBookings(tx, bookings, now, unlocked),
];
