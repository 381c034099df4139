// approval.decide: one decision per request, by somebody else than who asked. Who asked, and for what, is what the history says: a
// row that says otherwise, or a ticket that is not as its last event left it, is decided by nobody.

import { isTicketState, ticketEdges } from "../contract/states.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { isRowOf } from "../kernel/row-hash.ts";
import { ticketAggregate } from "../ticket/ticket-aggregate.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import {
  isAsAsked,
  selectApproval,
  selectRequestEvent,
  settleApproval,
  type ApprovalRow,
  type RequestEvent,
} from "./approvals.ts";
import { isHigherNte, raisedNte } from "./limit.ts";
import { policyOf } from "../ticket/policy-of.ts";

/** Where a ticket goes that triage has asked for; what is denied later leaves the work as it was agreed before. */
const beforeWork = "READY_TO_SCHEDULE";

export const approvalDecide = ticketCommand({
  name: "approval.decide",
  async load(tx, { input, ticketId }) {
    const named = [input.approval_id, ticketId];
    const [approval, asked] = await Promise.all([tx.row(selectApproval, named), tx.row(selectRequestEvent, named)]);
    return { approval, asked };
  },
  decide({ desk, actor, input, ticket, now }, { approval, asked }) {
    if (!approval) throw new Refusal("APPROVAL_NOT_FOUND", { approval_id: input.approval_id });
    if (approval.status !== "PENDING") {
      const { id: approval_id, status, evidence } = approval;
      throw new Refusal("APPROVAL_NOT_PENDING", { approval_id, status, return_state: evidence.return_state });
    }
    if (approval.requested_by === actor.id || asked?.actor_id === actor.id)
      throw new Refusal("SELF_APPROVAL_FORBIDDEN", { approval_id: approval.id });

    const approved = input.decision === "APPROVED";
    const { return_state: returnState } = approval.evidence;
    const next = !approved && returnState === beforeWork ? "TRIAGED" : returnState;
    if (!isTicketState(next) || !ticketEdges.get(ticket.state)?.includes(next)) {
      throw new Refusal("INVALID_APPROVAL_TARGET_STATE", { return_state: next });
    }
    requireAsAsked(ticket, approval, asked);
    const raise = approved && approval.approval_type === "NTE_INCREASE" ? approval.amount_delta_cents : 0;
    const { nte_before_cents: before = ticket.nte_cents } = approval.evidence;
    const rules = policyOf(desk, ticket).invoice;
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
      parts: [
        settleApproval({
          id: approval.id,
          status: input.decision,
          decided_by: actor.id,
          decided_at: now,
          notes: input.notes ?? null,
        }),
      ],
      body: (after) => after,
    };
  },
});

/** @throws Refusal AUDIT_MISMATCH */
function requireAsAsked(ticket: TicketRow, approval: ApprovalRow, asked: RequestEvent | null): void {
  const isTicketChanged =
    asked !== null && asked.ticket_hash !== null && isRowOf(ticketAggregate, ticket, asked.ticket_hash) === false;
  if (asked && isAsAsked(approval, asked) && !isTicketChanged) return;
  throw new Refusal("AUDIT_MISMATCH", { approval_id: approval.id, changed: isTicketChanged ? "ticket" : "approval" });
}
