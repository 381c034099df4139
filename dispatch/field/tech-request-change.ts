// tech.request_change: asks for a higher limit or another scope; the work waits for the decision.

import type { ApprovalId } from "../contract/ids.ts";
import { newId } from "../kernel/clock.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { requestApproval } from "./approvals.ts";

export const techRequestChange = ticketCommand({
  name: "tech.request_change",
  decide({ actor, input, ticket, now }) {
    const request = {
      id: newId<ApprovalId>(Date.parse(now)),
      ticketId: ticket.id,
      type: input.approval_type,
      amountDeltaCents: input.amount_delta_cents ?? 0,
      reason: input.reason,
      source: "tech.request_change",
      returnState: "IN_PROGRESS" as const,
      ...(input.evidence_refs && { evidenceRefs: input.evidence_refs }),
      requestedBy: actor.id,
      requestedAt: now,
    };
    return {
      path: ["APPROVAL_REQUIRED"],
      change: { pending_approval_id: request.id },
      payload: {
        approval_id: request.id,
        approval_type: request.type,
        amount_delta_cents: request.amountDeltaCents,
        reason: request.reason,
        evidence_refs: input.evidence_refs ?? [],
      },
      write: (tx) => [requestApproval(tx, request)],
      body: (after) => ({
        ticket: after,
        approval: {
          id: request.id,
          status: "PENDING",
          approval_type: request.type,
          amount_delta_cents: request.amountDeltaCents,
          reason: request.reason,
          requested_at: now,
        },
      }),
    };
  },
});
