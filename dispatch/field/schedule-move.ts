// schedule.move: another time for a visit, also once somebody is sent. One command: the old booking goes and the new one comes
// in the same transaction, so that the customer is never without either; who was sent is called back and told. The whole crew
// moves, or none of it.

import { requireState } from "../kernel/machine.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { ticketCommand, type TicketCall } from "../ticket/ticket-command.ts";
import { consultOn } from "../travel/driving.ts";
import { crewChange, crewPayload, loadCrew, peopleFor } from "../workforce/crew.ts";
import { loadSiteDemand, placeOfSite, visitMinutes } from "../workforce/site-demand.ts";
import { arrivalKept } from "./arrival-window.ts";
import { bookingsFor, partsIn, rebook } from "./assign.ts";
import { crewAround } from "./crew.ts";
import { partsAt, spanAt, ticketAt } from "./local-times.ts";
import { nothingWaived, waivedInSending } from "./may-go.ts";
import { nobodyFree } from "./promise.ts";
import { loadRosterFor } from "./roster-for.ts";
import { requireVisitWindows } from "./visit-window.ts";
import { whoIsFree, type WhoIsFree } from "./who-is-free.ts";
import { utcWindow } from "./windows.ts";
import { closedWarnings } from "./site-closed.ts";
import { policyOf } from "../ticket/policy-of.ts";

export const scheduleMove = ticketCommand({
  name: "schedule.move",
  alone: true,
  async load(tx, call) {
    const { input, ticketId } = call;
    const { start: from, end: to } = utcWindow(input);
    const [roster, site, crew] = await Promise.all([
      loadRosterFor(tx, call, { ticketId, from, to }),
      loadSiteDemand(tx, ticketId),
      loadCrew(tx, ticketId),
    ]);
    return { roster, site, crew };
  },
  consult: ({ desk }, { roster, site }) => consultOn(desk.travel, roster, placeOfSite(site)),
  decide(call, { roster, site, crew: before }) {
    const { desk, input, ticket, now, clockTime } = call;
    requireMovable(call);
    const { start, end } = utcWindow(input);
    const arrival = arrivalKept(call, { start, end });
    const moved = { ...ticket, scheduled_start: start, scheduled_end: end };
    const asked = { desk, ticket: moved, roster, site, clockTime };
    const techId = input.tech_id ?? chosen(call, whoIsFree(asked, { start: Date.parse(start), end: Date.parse(end) }));
    const technician = roster.find(({ id }) => id === techId) ?? null;
    const bookings = bookingsFor(
      { desk, ticket: moved, now, clockTime },
      { technician, site },
      { techId, waived: waivedInSending(desk.policy) },
    );
    const company = { crew: before, people: peopleFor(before, policyOf(desk, ticket)), roster };
    const crew = crewAround({ ...call, ticket: moved }, { technician, site, company }, bookings, nothingWaived);
    if (crew.missing > 0) throw crew.refusal();
    // In parts the asked end is the latest; the visit ends with its last part.
    const until = bookings.parted.parted_minutes === undefined ? end : (bookings.all.at(-1)?.end ?? end);
    return {
      ...(ticket.state === "DISPATCHED" && { path: ["SCHEDULED"] as const }),
      change: {
        scheduled_start: start,
        scheduled_end: until,
        arrival_start: arrival?.start ?? null,
        arrival_end: arrival?.end ?? null,
        proposed_windows: [{ start, end: until }],
        assigned_tech_id: techId,
        assigned_provider_id: technician?.providerId ?? null,
        // The work stays of so many parts wherever it is moved to, until it is planned anew.
        parted_minutes: bookings.parted.parted_minutes ?? ticket.parted_minutes,
        ...crewChange(ticket, 0),
      },
      payload: {
        reason: input.reason,
        start,
        end: until,
        ...(arrival && { arrival_window: arrival }),
        tech_id: techId,
        previous_start: ticket.scheduled_start,
        previous_end: ticket.scheduled_end,
        previous_tech_id: ticket.assigned_tech_id,
        booking_id: bookings.first.id,
        travel_source: bookings.first.travel_source,
        ...partsIn(bookings),
        ...crewPayload(crew.members),
      },
      warnings: closedWarnings(desk, site, bookings.all),
      parts: rebook(ticket.id, crew.bookings, now, roster),
      body: (after) => ({
        ...ticketAt(after, site),
        booking: spanAt(bookings.first, site),
        ...partsAt(bookings, site),
        crew: [...crew.members],
      }),
    };
  },
});

type MoveCall = TicketCall<"schedule.move">;

/** @throws Refusal INVALID_STATE_TRANSITION, INVALID_REQUEST, WINDOW_IN_PAST */
function requireMovable(call: MoveCall): void {
  const { desk, actor, input, ticket, clockTime } = call;
  if (actor.role === "customer") {
    // Once somebody is on the way, the desk has to be spoken to.
    requireState(ticket.state, ["SCHEDULED"], "SCHEDULED");
    if (input.tech_id) throw invalidField("tech_id", "role", "is the desk's to choose; leave it out");
    requireTimeForWork(call);
  }
  const window = utcWindow(input);
  requireVisitWindows({ policy: policyOf(desk, ticket), ticket, clockTime }, [{ at: "", window }]);
  const mustBeAhead = desk.policy.confirmRefusesPastWindow ? window.start : window.end;
  if (Date.parse(mustBeAhead) <= Date.parse(clockTime)) {
    throw new Refusal("WINDOW_IN_PAST", { rejected: [{ ...window, reason: "IN_PAST" }], now: clockTime });
  }
}

/** When they come is the customer's to say; that the work takes less than it usually does, and than was booked, is not. */
function requireTimeForWork({ desk, input, ticket }: MoveCall): void {
  const minutesOf = (start: string, end: string) => (Date.parse(end) - Date.parse(start)) / 60_000;
  const { scheduled_start: start, scheduled_end: end } = ticket;
  const booked = start === null || end === null ? Infinity : minutesOf(start, end);
  const least = Math.min(visitMinutes(ticket.incident_type, policyOf(desk, ticket)), booked);
  const minutes = minutesOf(input.start, input.end);
  if (minutes >= least) return;
  const message = `leaves ${Math.floor(minutes)} minutes for work that takes ${least}; ask for a later end`;
  throw invalidField("end", "min_window", message);
}

/**
 * Whoever has the visit keeps it where they can.
 * @throws Refusal NO_FEASIBLE_SLOT
 */
function chosen({ actor, ticket }: MoveCall, found: WhoIsFree) {
  const { free } = found;
  const [best] = free;
  if (!best) throw nobodyFree(actor, found);
  return free.find(({ id }) => id === ticket.assigned_tech_id)?.id ?? best.id;
}
