// approval.decide: one decision per request, by somebody else than who asked.

import { isTicketState, ticketEdges } from "../contract/states.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { selectApproval, settleApproval } from "./approvals.ts";
import { isHigherNte, raisedNte } from "./limit.ts";

/** Where a ticket goes that triage has asked for; what is denied later leaves the work as it was agreed before. */
const beforeWork = "READY_TO_SCHEDULE";

export const approvalDecide = ticketCommand({
  name: "approval.decide",
  load: (tx, { input, ticketId }) => tx.row(selectApproval, [input.approval_id, ticketId]),
  decide({ desk, actor, input, ticket, now }, approval) {
    if (!approval) throw new Refusal("APPROVAL_NOT_FOUND", { approval_id: input.approval_id });
    if (approval.status !== "PENDING") {
      const { id: approval_id, status, evidence } = approval;
      throw new Refusal("APPROVAL_NOT_PENDING", { approval_id, status, return_state: evidence.return_state });
    }
    if (approval.requested_by === actor.id) throw new Refusal("SELF_APPROVAL_FORBIDDEN", { approval_id: approval.id });

    const approved = input.decision === "APPROVED";
    const { return_state: returnState } = approval.evidence;
    const next = !approved && returnState === beforeWork ? "TRIAGED" : returnState;
    if (!isTicketState(next) || !ticketEdges.get(ticket.state)?.includes(next)) {
      throw new Refusal("INVALID_APPROVAL_TARGET_STATE", { return_state: next });
    }
    const raise = approved && approval.approval_type === "NTE_INCREASE" ? approval.amount_delta_cents : 0;
    const { nte_before_cents: before = ticket.nte_cents } = approval.evidence;
    const rules = desk.policy.invoice;
    // A higher limit that the request wrote down itself is denied with it.
    const isDenied = !approved && isHigherNte(ticket.nte_cents, before, rules);
    const nteCents = isDenied ? before : raisedNte(ticket.nte_cents, raise, rules);
    return {
      path: [next],
      change: { pending_approval_id: null, nte_cents: nteCents },
      payload: {
        approval_id: approval.id,
        decision: input.decision,
        notes: input.notes ?? null,
        nte_raised_cents: nteCents - ticket.nte_cents,
      },
      write: (tx) => [tx.row(settleApproval, [approval.id, input.decision, actor.id, now, input.notes ?? null])],
      body: (after) => after,
    };
  },
});
