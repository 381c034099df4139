// assignment.transfer: work that is under way goes to a colleague. The state stays; the labour so far is reported here and stays
// with who did it.

import { plusMinutes } from "../kernel/clock.ts";
import { invalidField } from "../kernel/refusal.ts";
import { ticketCommand, type TicketCall } from "../ticket/ticket-command.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { insertBooking, bookingValues, settleBookings } from "../workforce/bookings.ts";
import { bookingFor, consultOnAssignee, fromNowOn, loadAssignee } from "./assign.ts";
import { loadBillingFacts, priceVisits, withReport } from "./billable.ts";
import { ticketAt } from "./local-times.ts";
import { waivedInSending, type Waived } from "./may-go.ts";
import { visitsOf } from "./visits.ts";

export const assignmentTransfer = ticketCommand({
  name: "assignment.transfer",
  alone: true,
  async load(tx, call) {
    const { input, ticketId, clockTime } = call;
    const [assignee, facts] = await Promise.all([
      loadAssignee(tx, call, input.tech_id, fromNowOn(clockTime)),
      input.work ? loadBillingFacts(tx, ticketId) : null,
    ]);
    return { assignee, facts };
  },
  consult: ({ desk }, { assignee }) => consultOnAssignee(desk, assignee),
  decide(call, { assignee, facts }) {
    const { desk, input, ticket, now, clockTime } = call;
    const { tech_id: techId, reason, work = null } = input;
    if (techId === ticket.assigned_tech_id)
      throw invalidField("tech_id", "other", "has this work already; name the colleague who takes it over");
    if (facts) {
      const { trail, region } = withReport(facts, "assignment.transfer", call);
      priceVisits(call, visitsOf(trail), region, []);
    }
    const waiting = ticket.state === "ON_HOLD" && !isAhead(ticket, clockTime);
    const booking = bookingFor({ ...call, ticket: untilItsEnd(call) }, assignee, {
      techId,
      waived: waiting ? anyTime(waivedInSending(desk.policy)) : waivedInSending(desk.policy),
    });
    return {
      change: { assigned_tech_id: techId, assigned_provider_id: assignee.technician?.providerId ?? null },
      payload: {
        tech_id: techId,
        previous_tech_id: ticket.assigned_tech_id,
        reason,
        work,
        booking_id: waiting ? null : booking.id,
        travel_source: booking.travel_source,
      },
      write: (tx) => [
        // Whoever is still at it has been there; work that waits keeps nobody's time until it goes on.
        tx.row(settleBookings, [ticket.id, ticket.state === "ON_HOLD" ? "released" : "done", now]),
        ...(waiting ? [] : [tx.row(insertBooking, bookingValues(booking, now))]),
      ],
      body: (after) => ticketAt(after, assignee.site),
    };
  },
});

const isAhead = ({ scheduled_end: end }: TicketRow, clockTime: string): boolean => end !== null && end > clockTime;

/**
 * The ticket with the time its work is to take from now on: to its planned end, or as long as was planned where it began early,
 * or as its kind takes where that end has passed.
 */
function untilItsEnd({ ticket, clockTime }: TicketCall<"assignment.transfer">): TicketRow {
  const { scheduled_start: start, scheduled_end: end } = ticket;
  if (start === null || end === null || !isAhead(ticket, clockTime))
    return { ...ticket, scheduled_start: null, scheduled_end: null };
  const planned = Date.parse(end) - Math.max(Date.parse(start), Date.parse(clockTime));
  return { ...ticket, scheduled_start: clockTime, scheduled_end: plusMinutes(clockTime, planned / 60_000) };
}

/** Of somebody for work that waits, what they are is asked, and not what they have to do now. */
const anyTime = (waived: Waived): Waived =>
  new Set([...waived, "OFF_SHIFT", "NO_SHIFT", "TIME_OFF", "BOOKED", "BUSY", "AT_LIMIT"] as const);
