// schedule.release: the customer agreed; what stood before the hold stands again.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { endHold, restoredBy, selectActiveHold } from "./schedule-holds.ts";

export const scheduleRelease = ticketCommand({
  name: "schedule.release",
  load: (tx, { ticketId }) => tx.row(selectActiveHold, [ticketId]),
  decide({ input, ticket, now, clockTime }, hold) {
    const named = input.customer_confirmation_log ?? input.customer_confirmation_id;
    if (named === undefined) throw invalidField("customer_confirmation_log", "required", "is required: the hold_id");
    if (!hold)
      throw new Refusal("HOLD_SNAPSHOT_MISSING", { snapshot_id: null, hold_id: null, confirmation_log: named });
    if (named.toLowerCase() !== hold.id) {
      throw new Refusal("HOLD_CONFIRMATION_MISSING", {
        snapshot_id: hold.snapshot_id,
        hold_id: hold.id,
        confirmation_log: named,
      });
    }
    const { state, change } = restoredBy(hold, clockTime);
    return {
      path: [state],
      change,
      payload: { hold_id: hold.id, snapshot_id: hold.snapshot_id, restored_state: state },
      parts: [endHold(ticket.id, "RELEASED", now)],
      body: (after) => ({
        ticket: after,
        hold_id: hold.id,
        snapshot_id: hold.snapshot_id,
        restored_state: state,
        restored_window: { start: change.scheduled_start, end: change.scheduled_end },
      }),
    };
  },
});
