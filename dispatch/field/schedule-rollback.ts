// schedule.rollback: withdraws a hold; what stood before it stands again.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { endHold, restoredBy, selectActiveHold } from "./schedule-holds.ts";

export const scheduleRollback = ticketCommand({
  name: "schedule.rollback",
  load: (tx, { ticketId }) => tx.row(selectActiveHold, [ticketId]),
  decide({ input, ticket, now, clockTime }, hold) {
    if (!hold)
      throw new Refusal("HOLD_SNAPSHOT_MISSING", {
        snapshot_id: null,
        hold_id: null,
        confirmation_log: input.confirmation_id,
      });
    if (input.confirmation_id.toLowerCase() !== hold.id) {
      throw new Refusal("SCHEDULE_HOLD_STATE_CONFLICT", {
        from_state: ticket.state,
        to_state: hold.prior_state,
        hold_id: hold.id,
        confirmation_id: input.confirmation_id,
      });
    }
    const { state, change } = restoredBy(hold, clockTime);
    const reason = input.reason ?? null;
    return {
      path: [state],
      change,
      payload: { hold_id: hold.id, snapshot_id: hold.snapshot_id, restored_state: state, reason },
      parts: [endHold(ticket.id, "ROLLED_BACK", now)],
      body: (after) => ({
        ticket: after,
        hold_id: hold.id,
        snapshot_id: hold.snapshot_id,
        restored_state: state,
        restored_window: { start: change.scheduled_start, end: change.scheduled_end },
        reason,
      }),
    };
  },
});
