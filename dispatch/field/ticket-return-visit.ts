// ticket.return_visit: sends work on hold back to scheduling; whoever comes next time is chosen anew.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { settleBookings } from "../workforce/bookings.ts";

export const ticketReturnVisit = ticketCommand({
  name: "ticket.return_visit",
  decide: ({ input, ticket, now }) => ({
    path: ["READY_TO_SCHEDULE"],
    change: {
      scheduled_start: null,
      scheduled_end: null,
      proposed_windows: [],
      assigned_tech_id: null,
      assigned_provider_id: null,
    },
    payload: { note: input.note ?? null, previous_tech_id: ticket.assigned_tech_id },
    parts: [settleBookings(ticket.id, "done", now)],
    body: (after) => after,
  }),
});
