// schedule.reopen: takes a time back and schedules anew. Where there is none any more it has been taken back already.

import type { TicketState } from "../contract/states.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { settleBookings } from "../workforce/bookings.ts";

export const scheduleReopen = ticketCommand({
  name: "schedule.reopen",
  decide: ({ input, ticket, now }) => ({
    path: pathBack(ticket.state),
    change: {
      scheduled_start: null,
      scheduled_end: null,
      proposed_windows: [],
      assigned_tech_id: null,
      assigned_provider_id: null,
    },
    payload: { reason: input.reason, previous_start: ticket.scheduled_start, previous_end: ticket.scheduled_end },
    parts: [settleBookings(ticket.id, "released", now)],
    body: (after) => after,
  }),
});

function pathBack(state: TicketState): TicketState[] {
  if (state === "READY_TO_SCHEDULE") return [];
  return state === "DISPATCHED" ? ["SCHEDULED", "READY_TO_SCHEDULE"] : ["READY_TO_SCHEDULE"];
}
