// ticket.cancel: calls the work off, and with it the booking, the hold and the request for approval.

import { cancellableStates } from "../contract/states.ts";
import { wrongState } from "../kernel/machine.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { settleBookings } from "../workforce/bookings.ts";
import { selectPendingApproval, settleApproval } from "./approvals.ts";
import { endHold } from "./schedule-holds.ts";

export const ticketCancel = ticketCommand({
  name: "ticket.cancel",
  load: (tx, { ticketId }) => tx.row(selectPendingApproval, [ticketId]),
  decide({ actor, input, ticket, now }, pending) {
    const { pending_approval_id: approvalId } = ticket;
    // Work that is done and waits for more money goes on as done work.
    const returnState = pending?.evidence.return_state;
    if (returnState === "VERIFIED") throw wrongState(returnState, "CANCELLED", cancellableStates);
    return {
      path: ["CANCELLED"],
      change: { pending_approval_id: null },
      payload: { reason: input.reason, cancellation_code: input.cancellation_code ?? null },
      parts: [
        settleBookings(ticket.id, "released", now),
        ...(ticket.state === "PENDING_CUSTOMER_CONFIRMATION" ? [endHold(ticket.id, "WITHDRAWN", now)] : []),
        ...(approvalId === null
          ? []
          : [
              settleApproval({
                id: approvalId,
                status: "WITHDRAWN",
                decided_by: actor.id,
                decided_at: now,
                notes: input.reason,
              }),
            ]),
      ],
      body: (after) => after,
    };
  },
});
