// Approvals as rows: asked for by triage or by a technician, decided once.

import { statement } from "../db/statement.ts";
import type { ApprovalBody } from "../contract/responses.ts";
import type { TicketState } from "../contract/states.ts";

export type ApprovalRow = ApprovalBody & {
  readonly ticket_id: string;
  readonly evidence: {
    readonly source: string;
    readonly return_state: string;
    readonly evidence_refs?: readonly string[];
  };
  readonly requested_by: string;
};

export const insertApproval = statement(
  "approval_insert",
  `INSERT INTO approvals (id, ticket_id, status, approval_type, amount_delta_cents, reason, evidence, requested_by, requested_at)
   VALUES ($1, $2, 'PENDING', $3, $4, $5, $6, $7, $8)`,
);

export const selectApproval = statement<ApprovalRow>(
  "approval_select",
  `SELECT id, ticket_id, status, approval_type, amount_delta_cents, reason, evidence, requested_by, requested_at
   FROM approvals WHERE id = $1 AND ticket_id = $2`,
);

export const settleApproval = statement(
  "approval_settle",
  `UPDATE approvals SET status = $2, decided_by = $3, decided_at = $4, notes = $5 WHERE id = $1 AND status = 'PENDING'`,
);

export type ApprovalRequest = {
  readonly id: string;
  readonly ticketId: string;
  readonly type: "NTE_INCREASE" | "PROPOSAL";
  readonly amountDeltaCents: number;
  readonly reason: string;
  readonly source: string;
  readonly returnState: TicketState;
  readonly evidenceRefs?: readonly string[];
  readonly requestedBy: string;
  readonly requestedAt: string;
};

export function approvalValues(a: ApprovalRequest): unknown[] {
  const evidence = {
    source: a.source,
    return_state: a.returnState,
    ...(a.evidenceRefs && { evidence_refs: a.evidenceRefs }),
  };
  return [
    a.id,
    a.ticketId,
    a.type,
    a.amountDeltaCents,
    a.reason,
    JSON.stringify(evidence),
    a.requestedBy,
    a.requestedAt,
  ];
}
