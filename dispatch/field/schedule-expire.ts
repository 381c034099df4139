// schedule.expire_hold and schedule.expire_proposal: nobody answered in time, so the ticket is scheduled anew. The
// worker's own; no client can call them.

import type { TicketBody } from "../contract/responses.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { TicketChange, TicketRow } from "../ticket/ticket-row.ts";
import { settleBookings } from "../workforce/bookings.ts";
import { confirmationWindow, endHold, selectActiveHold } from "./schedule-holds.ts";

const withoutTime: TicketChange = {
  scheduled_start: null,
  scheduled_end: null,
  proposed_windows: [],
  assigned_tech_id: null,
  assigned_provider_id: null,
};

const scheduledAnew = (ticket: TicketRow, payload: object) => ({
  path: ["READY_TO_SCHEDULE" as const],
  change: withoutTime,
  payload: { ...payload, previous_start: ticket.scheduled_start, previous_end: ticket.scheduled_end },
  body: (after: TicketBody) => after,
});

export const scheduleExpireHold = ticketCommand({
  name: "schedule.expire_hold",
  load: (tx, { ticketId }) => tx.row(selectActiveHold, [ticketId]),
  decide({ ticket, now, clockTime }, hold) {
    // Until the last moment of its window a hold may still be released.
    if (!hold || clockTime <= hold.confirm_until) {
      throw new Refusal("SCHEDULE_HOLD_STATE_CONFLICT", {
        from_state: ticket.state,
        to_state: "READY_TO_SCHEDULE",
        hold_id: hold?.id ?? null,
      });
    }
    const payload = {
      hold_id: hold.id,
      snapshot_id: hold.snapshot_id,
      prior_state: hold.prior_state,
      confirmation_window: confirmationWindow(hold),
    };
    return {
      ...scheduledAnew(ticket, payload),
      change: { ...withoutTime, attention_code: "HOLD_ENDED" },
      parts: [endHold(ticket.id, "EXPIRED", now), settleBookings(ticket.id, "released", now)],
    };
  },
});

export const scheduleExpireProposal = ticketCommand({
  name: "schedule.expire_proposal",
  decide({ ticket, clockTime }) {
    const open = ticket.proposed_windows.filter(({ end }) => end >= clockTime);
    if (open.length > 0) throw new Refusal("WINDOW_NOT_PROPOSED", { rejected: [], proposed: open });
    return scheduledAnew(ticket, { options: ticket.proposed_windows });
  },
});
