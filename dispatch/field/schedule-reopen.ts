// schedule.reopen: takes a time back and schedules anew.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { settleBookings } from "../workforce/bookings.ts";

export const scheduleReopen = ticketCommand({
  name: "schedule.reopen",
  decide: ({ input, ticket, now }) => ({
    path: ["READY_TO_SCHEDULE"],
    change: {
      scheduled_start: null,
      scheduled_end: null,
      proposed_windows: [],
      assigned_tech_id: null,
      assigned_provider_id: null,
    },
    payload: { reason: input.reason, previous_start: ticket.scheduled_start, previous_end: ticket.scheduled_end },
    write: (tx) => [tx.row(settleBookings, [ticket.id, "released", now])],
    body: (after) => after,
  }),
});
