// approval.decide: one decision per request, by somebody else than who asked.

import { isTicketState, ticketEdges } from "../contract/states.ts";
import { maxCents } from "../contract/fields.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { settleBookings } from "../workforce/bookings.ts";
import { selectApproval, settleApproval } from "./approvals.ts";

/** Work under way that may not go on ends its visit: the technician is free, and the ticket is scheduled anew. */
const noVisit = {
  scheduled_start: null,
  scheduled_end: null,
  proposed_windows: [],
  assigned_tech_id: null,
  assigned_provider_id: null,
};

export const approvalDecide = ticketCommand({
  name: "approval.decide",
  load: (tx, { input, ticketId }) => tx.row(selectApproval, [input.approval_id, ticketId]),
  decide({ actor, input, ticket, now }, approval) {
    if (!approval) throw new Refusal("APPROVAL_NOT_FOUND", { approval_id: input.approval_id });
    if (approval.status !== "PENDING") {
      const { id: approval_id, status, evidence } = approval;
      throw new Refusal("APPROVAL_NOT_PENDING", { approval_id, status, return_state: evidence.return_state });
    }
    if (approval.requested_by === actor.id) throw new Refusal("SELF_APPROVAL_FORBIDDEN", { approval_id: approval.id });

    const approved = input.decision === "APPROVED";
    const next = approved ? approval.evidence.return_state : "TRIAGED";
    if (!isTicketState(next) || !ticketEdges.get(ticket.state)?.includes(next)) {
      throw new Refusal("INVALID_APPROVAL_TARGET_STATE", { return_state: next });
    }
    const raise = approved && approval.approval_type === "NTE_INCREASE" ? approval.amount_delta_cents : 0;
    if (ticket.nte_cents + raise > maxCents) {
      throw invalidField(
        "approval_id",
        "maximum",
        `would raise the limit above ${maxCents} cents; deny it and ask for less`,
      );
    }
    return {
      path: [next],
      change: { pending_approval_id: null, nte_cents: ticket.nte_cents + raise, ...(next === "TRIAGED" && noVisit) },
      payload: {
        approval_id: approval.id,
        decision: input.decision,
        notes: input.notes ?? null,
        nte_raised_cents: raise,
      },
      write: (tx) => [
        tx.row(settleApproval, [approval.id, input.decision, actor.id, now, input.notes ?? null]),
        ...(next === "TRIAGED" ? [tx.row(settleBookings, [ticket.id, "done", now])] : []),
      ],
      body: (after) => after,
    };
  },
});
