// ticket.cancel: calls the work off, and with it the booking, the hold and the request for approval.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { settleBookings } from "../workforce/bookings.ts";
import { settleApproval } from "./approvals.ts";
import { endHold } from "./schedule-holds.ts";

export const ticketCancel = ticketCommand({
  name: "ticket.cancel",
  decide({ actor, input, ticket, now }) {
    const { pending_approval_id: approvalId } = ticket;
    return {
      path: ["CANCELLED"],
      change: { pending_approval_id: null },
      payload: { reason: input.reason, cancellation_code: input.cancellation_code ?? null },
      write: (tx) => [
        tx.row(settleBookings, [ticket.id, "released", now]),
        ...(ticket.state === "PENDING_CUSTOMER_CONFIRMATION" ? [tx.row(endHold, [ticket.id, "WITHDRAWN", now])] : []),
        ...(approvalId === null
          ? []
          : [tx.row(settleApproval, [approvalId, "WITHDRAWN", actor.id, now, input.reason])]),
      ],
      body: (after) => after,
    };
  },
});
