// schedule.hold: keeps the ticket's place while its customer makes up their mind.

import { newId } from "../kernel/clock.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { insertHold, selectActiveHold } from "./schedule-holds.ts";
import { utcWindow } from "./windows.ts";

export const scheduleHold = ticketCommand({
  name: "schedule.hold",
  load: (tx, { ticketId }) => tx.row(selectActiveHold, [ticketId]),
  decide({ input, ticket, now }, active) {
    if (active)
      throw new Refusal("SCHEDULE_HOLD_STATE_CONFLICT", {
        from_state: ticket.state,
        to_state: ticket.state,
        hold_id: active.id,
      });
    const window = utcWindow(input.confirmation_window);
    const holdId = newId(Date.parse(now));
    const snapshotId = newId(Date.parse(now));
    return {
      path: ["PENDING_CUSTOMER_CONFIRMATION"],
      payload: {
        hold_id: holdId,
        snapshot_id: snapshotId,
        hold_reason: input.hold_reason,
        confirmation_window: window,
      },
      write: (tx) => [
        tx.row(insertHold, [
          holdId,
          snapshotId,
          ticket.id,
          input.hold_reason,
          ticket.state,
          ticket.scheduled_start,
          ticket.scheduled_end,
          window.start,
          window.end,
          now,
        ]),
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
