// assignment.reserve: books a technician for a confirmed visit and sends nobody yet. The worker's own: the customer can hear a
// name, and until the sending the visit can still be moved.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { wrongState } from "../kernel/machine.ts";
import { crewChange, crewPayload } from "../workforce/crew.ts";
import { bookingsFor, consultOnAssignee, loadAssignee, partsIn, rebook } from "./assign.ts";
import { crewAround } from "./crew.ts";
import { loadChainOfTicket, requireAutonomy } from "./autonomy.ts";
import { ticketAt } from "./local-times.ts";
import { waivedInSending } from "./may-go.ts";

export const assignmentReserve = ticketCommand({
  name: "assignment.reserve",
  alone: true,
  async load(tx, call) {
    const { input, ticketId } = call;
    const [assignee, pauses] = await Promise.all([
      loadAssignee(tx, call, input.tech_id),
      loadChainOfTicket(tx, ticketId),
    ]);
    return { assignee, pauses };
  },
  consult: ({ desk }, { assignee }) => consultOnAssignee(desk, assignee),
  decide(call, { assignee, pauses }) {
    const { desk, input, ticket, now } = call;
    requireAutonomy(pauses, ticket);
    // Somebody was quicker: whom a person has put there stays.
    if (ticket.assigned_tech_id !== null) throw wrongState(ticket.state, "SCHEDULED", []);
    const bookings = bookingsFor(call, assignee, { techId: input.tech_id, waived: waivedInSending(desk.policy) });
    const crew = crewAround(call, assignee, bookings);
    if (crew.missing > 0) throw crew.refusal();
    return {
      change: {
        assigned_tech_id: input.tech_id,
        assigned_provider_id: assignee.technician?.providerId ?? null,
        ...bookings.parted,
        ...crewChange(ticket, 0),
      },
      payload: {
        tech_id: input.tech_id,
        recommendation_snapshot_id: input.recommendation_snapshot_id,
        booking_id: bookings.first.id,
        start: bookings.first.start,
        end: bookings.all.at(-1)?.end,
        travel_source: bookings.first.travel_source,
        ...partsIn(bookings),
        ...crewPayload(crew.members),
      },
      parts: rebook(ticket.id, crew.bookings, now, crew.others),
      body: (after) => ticketAt(after, assignee.site),
    };
  },
});
