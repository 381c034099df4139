/**
 * Parts a day's visits into those a plan may move and those that stand fast, and cuts the calendars around the latter. Pure.
 */
import type { TechnicianId, TicketId } from "../contract/ids.ts";
import type { StayReason } from "../contract/plan-responses.ts";
import type { Job } from "../workforce/ability.ts";
import type { AvailabilityRules, CalendarTechnician } from "../workforce/availability.ts";
import type { RosterBooking, RosterEntry } from "../workforce/calendar.ts";
import type { TimeRange } from "../workforce/shift-ranges.ts";
import { lanesOf, type Lane } from "./lanes.ts";
import type { PlanTicket } from "./plan-tickets.ts";

export type Person = { readonly entry: RosterEntry; readonly calendar: CalendarTechnician };

/** A lane as the problem's technician, with whose it is. */
export type PlannedLane = Lane & { readonly id: string; readonly person: Person };

/** A ticket the plan may place or move. `stands` is its present time, with whoever is to come then: nobody, or all of its crew. */
export type Candidate = {
  readonly ticket: PlanTicket;
  /** How many go to it at once. */
  readonly people: number;
  readonly stands: Standing | null;
};

type Standing = TimeRange & { readonly techId: TechnicianId | null; readonly helperIds: readonly TechnicianId[] };

/**
 * A candidate as the problem's visits, one for each who goes; `lane` is where it stands, null while nobody is to come, and `helpers`
 * who goes along.
 */
export type PlannedVisit = Candidate & {
  readonly job: Job;
  readonly minutes: number;
  readonly lane: PlannedLane | null;
  readonly helpers: readonly HelperVisit[];
};

/** A helper's part of a visit, as a visit of the problem's own. */
export type HelperVisit = { readonly id: string; readonly lane: PlannedLane | null };

export type FixedDay = {
  readonly lanes: readonly PlannedLane[];
  readonly candidates: readonly Candidate[];
  readonly stays: ReadonlyMap<StayReason, number>;
};

/**
 * @param people whose days are planned
 * @param span from the first to the last instant at which a visit may start
 * @param asked.peopleFor how many go to a ticket at once
 * @param asked.isClosed whether the ticket's site leaves no time for the visit: at its present time, or at any within the span
 */
export function fixWork(
  people: readonly Person[],
  tickets: readonly PlanTicket[],
  span: TimeRange,
  rules: AvailabilityRules,
  {
    peopleFor,
    isClosed,
  }: {
    readonly peopleFor: (ticket: PlanTicket) => number;
    readonly isClosed: (ticket: PlanTicket, stands: TimeRange | null) => boolean;
  },
): FixedDay {
  const bookings = Map.groupBy(
    people.flatMap(({ entry }) => entry.bookings.map((one): Booked => ({ ...one, techId: entry.id }))),
    ({ ticketId }) => ticketId,
  );
  const stays = new Map<StayReason, number>();
  const stay = (reason: StayReason): void => void stays.set(reason, (stays.get(reason) ?? 0) + 1);
  let candidates = tickets.flatMap((ticket): Candidate[] => {
    const candidate = candidateOf({ ticket, people: peopleFor(ticket) }, bookings.get(ticket.id) ?? [], span);
    if (typeof candidate === "object" && !isClosed(ticket, candidate.stands)) return [candidate];
    stay(typeof candidate === "object" ? "SITE_CLOSED" : candidate);
    return [];
  });
  const known = new Set(tickets.map(({ id }) => id));
  const booked = people.flatMap(({ entry }) => entry.bookings.filter((one) => isWithin(one, span)));
  for (const one of new Map(booked.map((each) => [each.ticketId, each])).values())
    if (!known.has(one.ticketId)) stay(whyUnknown(one));

  const overlapped = new Set(people.flatMap(({ entry }) => overlapping(entry.bookings)));
  for (;;) {
    const moving = new Set(candidates.map(({ ticket }) => ticket.id));
    const lanes = people.flatMap((person) => {
      const { bookings: own, beyondPlan } = person.entry;
      const fixed = [...own.filter(({ ticketId }) => !moving.has(ticketId)), ...beyondPlan];
      return lanesOf(person.calendar, fixed, span, rules).map((lane, at) => ({
        ...lane,
        id: `${person.entry.id}#${at + 1}`,
        person,
      }));
    });
    const homeless = candidates.filter(
      ({ ticket, stands }) =>
        stands !== null &&
        stands.techId !== null &&
        ([stands.techId, ...stands.helperIds].some((techId) => !laneFor(lanes, { ...stands, techId })) ||
          overlapped.has(ticket.id)),
    );
    if (homeless.length === 0) return { lanes, candidates, stays };
    // Booked where nobody may be booked now: it stays until a person sees to it, and the calendar is cut around it.
    for (const _ of homeless) stay("OUTSIDE_HOURS");
    candidates = candidates.filter((one) => !homeless.includes(one));
  }
}

type Booked = RosterBooking & { readonly techId: TechnicianId };

const isWithin = ({ start }: TimeRange, span: TimeRange): boolean => start >= span.start && start < span.end;

/** The tickets of bookings that another lies over: made while the technician had no hours on record. */
const overlapping = (bookings: readonly RosterBooking[]): TicketId[] =>
  bookings
    .filter((one) => bookings.some((other) => other !== one && other.start < one.end && one.start < other.end))
    .map(({ ticketId }) => ticketId);

/** The lane a booking lies in; undefined when there is none, or a pause lies in the booking. */
export const laneFor = (
  lanes: Iterable<PlannedLane>,
  at: TimeRange & { readonly techId: TechnicianId | null },
): PlannedLane | undefined =>
  [...lanes].find(
    ({ person, start, end, pauses }) =>
      person.entry.id === at.techId &&
      start <= at.start &&
      at.end <= end &&
      !pauses.some((pause) => pause.start < at.end && at.start < pause.end),
  );

function candidateOf(
  { ticket, people }: Pick<Candidate, "ticket" | "people">,
  booked: readonly Booked[],
  span: TimeRange,
): Candidate | StayReason {
  if (ticket.paused) return "PAUSED";
  if (ticket.state === "READY_TO_SCHEDULE" || ticket.scheduled_start === null || ticket.scheduled_end === null)
    return { ticket, people, stands: null };
  if (ticket.parted_minutes !== null) return "IN_PARTS";
  const at = { start: Date.parse(ticket.scheduled_start), end: Date.parse(ticket.scheduled_end) };
  if (at.start < span.start) return "STARTS_SOON";
  const techId = ticket.assigned_tech_id;
  if (techId === null && ticket.helpers === ticket.helpers_missing)
    return { ticket, people, stands: { ...at, techId, helperIds: [] } };
  const there = booked.filter(({ start, end }) => start === at.start && end === at.end);
  const lead = there.find(({ role }) => role === "lead");
  const helperIds = there.filter(({ role }) => role === "helper").map((one) => one.techId);
  if (techId !== null && lead?.techId !== techId) return "TECHNICIAN_LEFT_OUT";
  // Whoever is booked of a crew that is not whole was told; a person completes it.
  return helperIds.length + 1 === people
    ? { ticket, people, stands: { ...at, techId, helperIds: helperIds.toSorted() } }
    : "CREW";
}

function whyUnknown({ state, part }: RosterBooking): StayReason {
  if (part !== null && state === "SCHEDULED") return "IN_PARTS";
  if (state === "PENDING_CUSTOMER_CONFIRMATION") return "HELD";
  return state === "SCHEDULED" ? "OUT_OF_SCOPE" : "UNDER_WAY";
}
