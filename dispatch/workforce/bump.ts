/**
 * When nobody is free for an emergency: whom to take off which booking, lowest harm first. Pure; it decides nothing.
 * Never named: work that has begun, another emergency, a time that a customer is still to confirm, and what somebody only helps with.
 */
import type { TechnicianId, TicketId } from "../contract/ids.ts";
import type { Priority } from "../contract/fields.ts";
import type { TicketState } from "../contract/states.ts";
import type { SlaTargets } from "../ticket/ticket-row.ts";
import { findInability, type Job } from "./ability.ts";
import { assessWindow, minuteMs, type AvailabilityRules, type CalendarTechnician } from "./availability.ts";
import type { RosterBooking, RosterEntry } from "./calendar.ts";
import { findSlots } from "./find-slots.ts";
import { localIso } from "./local-time.ts";
import type { TimeRange } from "./shift-ranges.ts";

export type BumpRequest = {
  readonly roster: readonly RosterEntry[];
  readonly job: Job;
  readonly window: TimeRange;
  readonly rules: AvailabilityRules;
  /** Epoch milliseconds. */
  readonly now: number;
  /** What a minute's delay costs, by priority. */
  readonly delayWeight: Readonly<Record<Priority, number>>;
  /** Whether the caller may see, and so move, this booking's ticket. */
  readonly mayMove: (booking: RosterBooking) => boolean;
};

/** One term of a cost: contribution = weight · value. */
type CostTerm = {
  readonly factor: "delay_minutes" | "travel_minutes";
  readonly value: number;
  readonly weight: number;
  readonly contribution: number;
};

export type BumpProposal = {
  readonly tech_id: TechnicianId;
  readonly tech_name: string;
  /** The ticket that would lose its technician. */
  readonly ticket_id: TicketId;
  readonly state: TicketState;
  readonly priority: Priority;
  readonly scheduled_start: string;
  readonly scheduled_end: string;
  /** When the same technician could come instead; null when not within a day of the emergency. */
  readonly earliest_start: string | null;
  /** The same times on the clock of that ticket's site. */
  readonly scheduled_start_local: string | null;
  readonly scheduled_end_local: string | null;
  readonly earliest_start_local: string | null;
  readonly timezone: string;
  /** The bumped customer's priority-weighted minutes of delay, plus minutes of driving for the emergency. */
  readonly cost: number;
  readonly factors: readonly CostTerm[];
};

const bumpableStates: readonly TicketState[] = ["SCHEDULED", "DISPATCHED"];
/** A minute on the road counts as one customer's minute of waiting at the lowest priority. */
const travelWeight = 1;
const dayMs = 86_400_000;
const shown = 5;

/** How much a delay weighs by priority: as many times more as its target is shorter than the longest. */
export function delayWeights({ EMERGENCY, URGENT, ROUTINE }: SlaTargets): Readonly<Record<Priority, number>> {
  const longest = Math.max(EMERGENCY, URGENT, ROUTINE);
  return { EMERGENCY: longest / EMERGENCY, URGENT: longest / URGENT, ROUTINE: longest / ROUTINE };
}

export const isBumpable = ({
  state,
  priority,
}: {
  readonly state: TicketState;
  readonly priority: Priority;
}): boolean => priority !== "EMERGENCY" && bumpableStates.includes(state);

export function bumpProposals(request: BumpRequest): BumpProposal[] {
  const { roster, job, window, rules, mayMove } = request;
  // The calendar is known for a day behind the emergency.
  const known = { start: window.start, end: window.end + dayMs };
  const proposals = roster
    .map((one) => ({ bookings: one.bookings, technician: one.calendar(known) }))
    .filter(({ technician }) => findInability(technician, job, { ...rules, zoneMustMatch: true }) === null)
    .flatMap(({ bookings, technician }) =>
      bookings
        // Work in parts would lose all of them for one.
        .filter((one) => one.role === "lead" && one.part === null)
        .filter((one) => isBumpable(one) && one.end > request.now && mayMove(one))
        .flatMap((booking) => proposalFor(technician, booking, request) ?? []),
    );
  return proposals.sort((a, b) => a.cost - b.cost || (a.ticket_id < b.ticket_id ? -1 : 1)).slice(0, shown);
}

/** Null when taking this booking alone away does not make room. */
function proposalFor(
  technician: CalendarTechnician,
  booking: RosterBooking,
  request: BumpRequest,
): BumpProposal | null {
  const { job, window, rules, now, delayWeight } = request;
  // Bookings that block never overlap, so a start tells one from the others.
  const relieved = { ...technician, busy: technician.busy.filter((range) => range.start !== booking.start) };
  const verdict = assessWindow(relieved, job, window, rules);
  if (!verdict.free) return null;
  const latest = window.end + dayMs;
  const {
    slots: [next],
  } = findSlots(
    [{ ...relieved, busy: [...relieved.busy, { ...window, place: job.place }] }],
    {
      place: booking.place,
      region: null,
      serviceType: null,
      requiredSkills: [],
      requiredTools: [],
      earliest: Math.max(now, booking.start),
      latest,
      durationMinutes: Math.ceil((booking.end - booking.start) / minuteMs),
      strategy: "earliest",
      limit: 1,
    },
    rules,
  );
  const delay = Math.ceil(((next ? Date.parse(next.start) : latest) - booking.start) / minuteMs);
  const factors = [
    term("delay_minutes", Math.max(0, delay), delayWeight[booking.priority]),
    term("travel_minutes", (verdict.travelBeforeMinutes ?? 0) + (verdict.travelAfterMinutes ?? 0), travelWeight),
  ];
  return {
    tech_id: technician.techId,
    tech_name: technician.techName,
    ticket_id: booking.ticketId,
    state: booking.state,
    priority: booking.priority,
    scheduled_start: new Date(booking.start).toISOString(),
    scheduled_end: new Date(booking.end).toISOString(),
    earliest_start: next?.start ?? null,
    scheduled_start_local: localIso(booking.start, booking.timezone),
    scheduled_end_local: localIso(booking.end, booking.timezone),
    earliest_start_local: next ? localIso(Date.parse(next.start), booking.timezone) : null,
    timezone: booking.timezone,
    cost: factors.reduce((sum, { contribution }) => sum + contribution, 0),
    factors,
  };
}

const term = (factor: CostTerm["factor"], value: number, weight: number): CostTerm => ({
  factor,
  value,
  weight,
  contribution: value * weight,
});
