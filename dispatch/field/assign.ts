// Putting a technician on a ticket: whether they can be sent, and the booking that follows. Dispatch and override ask
// the same question here, and differ in what they may pass over.

import type { SnapshotId, TechnicianId, TicketId } from "../contract/ids.ts";
import type { BookingBody } from "../contract/responses.ts";
import type { Session } from "../db/pool.ts";
import { newId, plusMinutes } from "../kernel/clock.ts";
import type { Desk } from "../kernel/desk.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { PartChange } from "../kernel/parts.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { insertBookings, settleBookings } from "../workforce/bookings.ts";
import { loadRoster, readingAt, type Asked, type RosterEntry } from "../workforce/calendar.ts";
import { helperJob, loadCrew, peopleFor, type Company } from "../workforce/crew.ts";
import { consultOn } from "../travel/driving.ts";
import type { TravelSource } from "../travel/estimate.ts";
import type { TimeRange } from "../workforce/shift-ranges.ts";
import { jobAt, loadSiteDemand, placeOfSite, visitMinutes, workOf, type SiteDemand } from "../workforce/site-demand.ts";
import { lockTechnician } from "../workforce/technicians.ts";
import { mayGo, mayNotGo, type Waived } from "./may-go.ts";
import { policyOf } from "../ticket/policy-of.ts";

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
  const people = peopleFor(crew, policyOf(desk, crew));
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

/** What an assignment books of one person: one time, or the parts of work that no shift has room for, in their order. */
export type Bookings = {
  readonly first: BookingBody;
  readonly all: readonly BookingBody[];
  /** For the ticket's change: how much work lies in parts; absent where that stays as it is. */
  readonly parted: { readonly parted_minutes?: number };
};

/**
 * The bookings an assignment makes: of the ticket's time, or what is left of it; from now on where it has none. Whoever helps is
 * there for the time they are asked for, in one piece.
 * @throws Refusal ASSIGNMENT_NOT_FOUND, or what keeps this technician from it
 */
export function bookingsFor(
  { desk, ticket, now, clockTime }: Sending,
  { technician, site }: Pick<Assignee, "technician" | "site">,
  { techId, waived, atOnce: goesNow = false, snapshot = null, role = "lead" }: Wish,
): Bookings {
  if (!technician) throw new Refusal("ASSIGNMENT_NOT_FOUND", { tech_id: techId });
  const { start, end } = goesNow ? nowFor(ticket, desk, clockTime) : timeOf(ticket, desk, clockTime);
  // Where nobody has named the kind of work on the ticket, the recommendation did.
  const kind = ticket.incident_type ?? snapshot?.service_type ?? null;
  const work = goesNow || role === "helper" ? null : workOf({ ...ticket, incident_type: kind }, policyOf(desk, ticket));
  // Of a visit in parts what is left is told from where they were to begin.
  const begins = work?.inParts === true ? (ticket.scheduled_start ?? start) : start;
  const window = { start: Date.parse(begins), end: Date.parse(end) };
  const job = jobAt(site, { ...ticket, incident_type: kind }, policyOf(desk, ticket));
  const going = { technician, job: role === "lead" ? job : helperJob(job), window, work, now: Date.parse(clockTime) };
  const verdict = mayGo(desk, going, waived);
  if (!verdict.free) throw mayNotGo(verdict, going, ticket.incident_type, snapshot?.id ?? null);
  const { travelBeforeMinutes: travelBefore, travelSource, parts } = verdict;
  const pieces = parts ?? [{ ...window, travelBefore }];
  return {
    ...bookingsOf(ticket.id, technician, pieces, { travelSource, role }, now),
    parted: parts && work ? { parted_minutes: work.minutes } : {},
  };
}

/** As bookingsFor, of somebody who goes along. */
export const bookingOfHelper = (
  sending: Sending,
  assignee: Pick<Assignee, "technician" | "site">,
  wish: Wish,
): BookingBody => bookingsFor(sending, assignee, { ...wish, role: "helper" }).first;

type Piece = TimeRange & { readonly travelBefore: number | null };

/** A booking for each piece of a visit's work. */
export function bookingsOf(
  ticketId: TicketId,
  { id: techId, calendared, bookings }: Pick<RosterEntry, "id" | "calendared" | "bookings">,
  pieces: readonly Piece[],
  { travelSource, role }: { readonly travelSource: TravelSource | null; readonly role: BookingBody["role"] },
  now: string,
): Pick<Bookings, "first" | "all"> {
  const all = pieces.map((piece, at): BookingBody => {
    // What lies beside other bookings of theirs was let through knowingly, and the database must not refuse it.
    const alone = !bookings.some((one) => one.start < piece.end && piece.start < one.end);
    return {
      id: newId(Date.parse(now)),
      technician_id: techId,
      ticket_id: ticketId,
      start: new Date(piece.start).toISOString(),
      end: new Date(piece.end).toISOString(),
      state: "firm",
      exclusive: calendared && alone,
      travel_before_minutes: Math.ceil(piece.travelBefore ?? 0),
      travel_source: travelSource,
      role,
      ...(pieces.length > 1 && { part: at + 1, of: pieces.length }),
    };
  });
  const [first] = all;
  if (!first) throw new RangeError("a visit of no piece");
  return { first, all };
}

type BookedPart = {
  readonly part: number;
  readonly of: number;
  readonly start: string;
  readonly end: string;
  readonly booking_id: string;
};

/** What history and answers say of the parts; nothing where there is one piece. */
export const partsIn = ({ all }: Pick<Bookings, "all">): { readonly parts?: readonly BookedPart[] } =>
  all.length > 1
    ? { parts: all.map(({ id, start, end }, at) => ({ part: at + 1, of: all.length, start, end, booking_id: id })) }
    : {};

const nowFor = (ticket: TicketRow, desk: Desk, clockTime: string) => ({
  start: clockTime,
  end: plusMinutes(clockTime, visitMinutes(ticket.incident_type, policyOf(desk, ticket))),
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
    return { ...ticket, scheduled_start: null, scheduled_end: null, parted_minutes: null };
  const planned = Date.parse(end) - Math.max(Date.parse(start), Date.parse(clockTime));
  const scheduled_end = plusMinutes(clockTime, planned / 60_000);
  return { ...ticket, scheduled_start: clockTime, scheduled_end, parted_minutes: null };
}

/**
 * Replaces the ticket's live bookings, all of them at once.
 * @param unlocked those who were not locked before their calendars were read
 */
export const rebook = (
  ticketId: TicketId,
  bookings: readonly BookingBody[],
  now: string,
  unlocked: readonly RosterEntry[] = [],
): PartChange[] => [settleBookings(ticketId, "released", now), ...insertBookings(bookings, now, unlocked)];
