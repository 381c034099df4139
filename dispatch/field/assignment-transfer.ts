// assignment.transfer: work that is under way goes to a colleague. The state stays; the labour so far is reported here and stays
// with who did it. Whoever helps goes on helping.

import { invalidField } from "../kernel/refusal.ts";
import { ticketCommand, type TicketCall } from "../ticket/ticket-command.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { insertBookings, selectParts, settleLead, settleMember } from "../workforce/bookings.ts";
import { crewChange, helpersOf } from "../workforce/crew.ts";
import { bookingsFor, consultOnAssignee, fromNowOn, isAhead, loadAssignee, partsIn, untilItsEnd } from "./assign.ts";
import { loadBillingFacts, priceVisits, withReport } from "./billable.ts";
import { ticketAt } from "./local-times.ts";
import { waivedOnSite, type Waived } from "./may-go.ts";
import { visitsOf } from "./visits.ts";

export const assignmentTransfer = ticketCommand({
  name: "assignment.transfer",
  alone: true,
  async load(tx, call) {
    const { input, ticketId, clockTime } = call;
    const [assignee, facts, parts] = await Promise.all([
      loadAssignee(tx, call, input.tech_id, fromNowOn(clockTime)),
      input.work ? loadBillingFacts(tx, ticketId) : null,
      tx.rows(selectParts, [ticketId]),
    ]);
    return { assignee, facts, parts };
  },
  consult: ({ desk }, { assignee }) => consultOnAssignee(desk, assignee),
  decide(call, { assignee, facts, parts }) {
    const { desk, input, ticket, now, clockTime } = call;
    const { tech_id: techId, reason, work = null } = input;
    if (techId === ticket.assigned_tech_id)
      throw invalidField("tech_id", "other", "has this work already; name the colleague who takes it over");
    if (facts) {
      const { trail, ...place } = withReport(facts, "assignment.transfer", call);
      priceVisits(call, visitsOf(trail), place, []);
    }
    const waiting = ticket.state === "ON_HOLD" && !isAhead(ticket, clockTime);
    const left = (ticket.parted_minutes === null ? null : partsLeft(call, parts)) ?? untilItsEnd(ticket, clockTime);
    const bookings = bookingsFor({ ...call, ticket: left }, assignee, {
      techId,
      waived: waiting ? anyTime(waivedOnSite(desk.policy)) : waivedOnSite(desk.policy),
    });
    // Whoever helped and now leads is one helper less.
    const helped = helpersOf(assignee.company.crew).some(({ tech_id }) => tech_id === techId);
    return {
      change: {
        assigned_tech_id: techId,
        assigned_provider_id: assignee.technician?.providerId ?? null,
        ...(helped && crewChange(ticket, ticket.helpers_missing + 1)),
      },
      payload: {
        tech_id: techId,
        previous_tech_id: ticket.assigned_tech_id,
        reason,
        work,
        booking_id: waiting ? null : bookings.first.id,
        travel_source: bookings.first.travel_source,
        ...(waiting ? {} : partsIn(bookings)),
      },
      parts: [
        // Whoever is still at it has been there; work that waits keeps nobody's time until it goes on.
        settleLead(ticket.id, ticket.state === "ON_HOLD" ? "released" : "done", now),
        ...(helped ? [settleMember(ticket.id, "done", now, techId)] : []),
        ...(waiting ? [] : insertBookings(bookings.all, now)),
      ],
      body: (after) => ticketAt(after, assignee.site),
    };
  },
});

/**
 * Of a visit in parts: what is left of them, from now or from the next part, to the last one's end; null when they are over. A
 * part that began early is left whole.
 */
function partsLeft(
  { ticket, clockTime }: TicketCall<"assignment.transfer">,
  parts: readonly { readonly start: string; readonly end: string }[],
): TicketRow | null {
  const ahead = parts
    .filter(({ end }) => end > clockTime)
    .map(({ start, end }) => ({ start: start < clockTime ? clockTime : start, end }));
  const [first, last] = [ahead[0], ahead.at(-1)];
  if (!first || !last) return null;
  const minutes = ahead.reduce((sum, { start, end }) => sum + (Date.parse(end) - Date.parse(start)) / 60_000, 0);
  return { ...ticket, scheduled_start: first.start, scheduled_end: last.end, parted_minutes: minutes };
}

/** Of somebody for work that waits, what they are is asked, and not what they have to do now. */
const anyTime = (waived: Waived): Waived =>
  new Set([...waived, "OFF_SHIFT", "NO_SHIFT", "TIME_OFF", "BOOKED", "BUSY", "AT_LIMIT"] as const);
