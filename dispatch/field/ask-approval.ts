// Asking an approver: the ticket waits in APPROVAL_REQUIRED until somebody else than who asked has decided.

import type { ApprovalId } from "../contract/ids.ts";
import type { TicketBody } from "../contract/responses.ts";
import type { TicketState } from "../contract/states.ts";
import type { Actor } from "../kernel/actor.ts";
import { newId } from "../kernel/clock.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { requestApproval } from "./approvals.ts";

type Asking = { readonly actor: Actor; readonly ticket: TicketRow; readonly now: string };
type Question = {
  readonly approval_type: "NTE_INCREASE" | "PROPOSAL";
  readonly amount_delta_cents?: number | undefined;
  readonly reason: string;
  readonly evidence_refs?: readonly string[] | undefined;
};

/** What a command that asks decides. @param returnState where the ticket goes on from, whatever is decided */
export function askApproval(
  { actor, ticket, now }: Asking,
  question: Question,
  source: string,
  returnState: TicketState,
) {
  const { approval_type, amount_delta_cents = 0, reason, evidence_refs: evidenceRefs } = question;
  const id = newId<ApprovalId>(Date.parse(now));
  const request = {
    id,
    ticketId: ticket.id,
    type: approval_type,
    amountDeltaCents: amount_delta_cents,
    reason,
    source,
    returnState,
    ...(evidenceRefs && { evidenceRefs }),
    requestedBy: actor.id,
    requestedAt: now,
  };
  return {
    path: ["APPROVAL_REQUIRED" as const],
    change: { pending_approval_id: id },
    payload: { approval_id: id, approval_type, amount_delta_cents, reason, evidence_refs: evidenceRefs ?? [] },
    parts: [requestApproval(request)],
    body: (after: TicketBody) => ({
      ticket: after,
      approval: { id, status: "PENDING" as const, approval_type, amount_delta_cents, reason, requested_at: now },
    }),
  };
}
