// assignment.transfer: work that is under way goes to a colleague. The state stays; the labour so far is reported here and stays
// with who did it. Whoever helps goes on helping.

import { invalidField } from "../kernel/refusal.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { insertBookings, settleLead, settleMember } from "../workforce/bookings.ts";
import { helpersOf } from "../workforce/crew.ts";
import { bookingFor, consultOnAssignee, fromNowOn, isAhead, loadAssignee, untilItsEnd } from "./assign.ts";
import { crewChange } from "./crew.ts";
import { loadBillingFacts, priceVisits, withReport } from "./billable.ts";
import { ticketAt } from "./local-times.ts";
import { waivedOnSite, type Waived } from "./may-go.ts";
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
    const booking = bookingFor({ ...call, ticket: untilItsEnd(ticket, clockTime) }, assignee, {
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
        booking_id: waiting ? null : booking.id,
        travel_source: booking.travel_source,
      },
      write: (tx) => [
        // Whoever is still at it has been there; work that waits keeps nobody's time until it goes on.
        tx.row(settleLead, [ticket.id, ticket.state === "ON_HOLD" ? "released" : "done", now]),
        ...(helped ? [tx.row(settleMember, [ticket.id, "done", now, techId])] : []),
        ...(waiting ? [] : insertBookings(tx, [booking], now)),
      ],
      body: (after) => ticketAt(after, assignee.site),
    };
  },
});

/** Of somebody for work that waits, what they are is asked, and not what they have to do now. */
const anyTime = (waived: Waived): Waived =>
  new Set([...waived, "OFF_SHIFT", "NO_SHIFT", "TIME_OFF", "BOOKED", "BUSY", "AT_LIMIT"] as const);
