// assignment.unassign: takes the technician off, sent or only reserved; the ticket is scheduled and free again, and does not
// go back to the same person. Whoever was to help stays booked.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { wrongState } from "../kernel/machine.ts";
import { settleLead } from "../workforce/bookings.ts";
import { takenOff } from "./taken-off.ts";

export const assignmentUnassign = ticketCommand({
  name: "assignment.unassign",
  decide({ input, ticket, now }) {
    if (ticket.assigned_tech_id === null) throw wrongState(ticket.state, "SCHEDULED", ["DISPATCHED"]);
    return {
      ...(ticket.state === "DISPATCHED" && { path: ["SCHEDULED"] as const }),
      change: { assigned_tech_id: null, assigned_provider_id: null, not_technicians: takenOff(ticket, input, now) },
      payload: { reason_code: input.reason_code, note: input.note, previous_tech_id: ticket.assigned_tech_id },
      parts: [settleLead(ticket.id, "released", now)],
      body: (after) => after,
    };
  },
});
