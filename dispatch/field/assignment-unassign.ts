// assignment.unassign: takes the technician off; the ticket is scheduled and free again.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { settleBookings } from "../workforce/bookings.ts";

export const assignmentUnassign = ticketCommand({
  name: "assignment.unassign",
  decide: ({ input, ticket, now }) => ({
    path: ["SCHEDULED"],
    change: { assigned_tech_id: null, assigned_provider_id: null },
    payload: { reason_code: input.reason_code, note: input.note, previous_tech_id: ticket.assigned_tech_id },
    write: (tx) => [tx.row(settleBookings, [ticket.id, "released", now])],
    body: (after) => after,
  }),
});
