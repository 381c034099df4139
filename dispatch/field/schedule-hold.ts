// schedule.hold: keeps the ticket's place while its customer makes up their mind.

import { newId } from "../kernel/clock.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { insertHold, selectActiveHold } from "./schedule-holds.ts";
import { requireHoldWindow } from "./visit-window.ts";
import { utcWindow } from "./windows.ts";

export const scheduleHold = ticketCommand({
  name: "schedule.hold",
  load: (tx, { ticketId }) => tx.row(selectActiveHold, [ticketId]),
  decide({ desk, input, ticket, now, clockTime }, active) {
    if (active)
      throw new Refusal("SCHEDULE_HOLD_STATE_CONFLICT", {
        from_state: ticket.state,
        to_state: ticket.state,
        hold_id: active.id,
      });
    const window = utcWindow(input.confirmation_window);
    requireHoldWindow({ policy: desk.policy, clockTime }, window);
    const holdId = newId(Date.parse(now));
    const snapshotId = newId(Date.parse(now));
    // Who was sent is called back and stays booked: what ends the hold leaves the sending to do once more.
    const sent = ticket.state === "DISPATCHED";
    return {
      path: sent ? ["SCHEDULED", "PENDING_CUSTOMER_CONFIRMATION"] : ["PENDING_CUSTOMER_CONFIRMATION"],
      payload: {
        hold_id: holdId,
        snapshot_id: snapshotId,
        hold_reason: input.hold_reason,
        confirmation_window: window,
      },
      parts: [
        insertHold({
          id: holdId,
          snapshot_id: snapshotId,
          ticket_id: ticket.id,
          hold_state: "ACTIVE",
          hold_reason: input.hold_reason,
          prior_state: sent ? "SCHEDULED" : ticket.state,
          prior_start: ticket.scheduled_start,
          prior_end: ticket.scheduled_end,
          confirm_from: window.start,
          confirm_until: window.end,
          created_at: now,
        }),
      ],
      body: (after) => ({
        ticket: after,
        hold_id: holdId,
        snapshot_id: snapshotId,
        hold_state: "ACTIVE",
        confirmation_window: window,
      }),
    };
  },
});
