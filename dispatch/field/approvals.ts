// Approvals as rows: asked for by triage or by a technician, decided once.

import { insertRow } from "../db/insert-rows.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { ApprovalId, TicketId } from "../contract/ids.ts";
import type { ApprovalBody } from "../contract/responses.ts";
import type { TicketState } from "../contract/states.ts";
import type { BarredRaise } from "./limit.ts";

export type ApprovalRow = ApprovalBody & {
  readonly ticket_id: TicketId;
  readonly evidence: {
    readonly source: string;
    readonly return_state: TicketState;
    readonly evidence_refs?: readonly string[];
    /** The limit as it was before the request wrote down another. */
    readonly nte_before_cents?: number;
  };
  readonly requested_by: string;
};

const columns = [
  "id",
  "ticket_id",
  "status",
  "approval_type",
  "amount_delta_cents",
  "reason",
  "evidence",
  "requested_by",
  "requested_at",
] as const satisfies readonly (keyof ApprovalRow)[];

const insertApproval = insertRow("approval_insert", "approvals", columns);

export const selectApproval = statement<ApprovalRow>(
  "approval_select",
  `SELECT ${columns.join(", ")} FROM approvals WHERE id = $1 AND ticket_id = $2`,
);

// A proposal with an amount asks for it by another name.
const asksForMoney = "(approval_type = 'NTE_INCREASE' OR amount_delta_cents > 0)";

/** The newest that bars the limit from being raised by anybody but an approver. */
export const selectBarredRaise = statement<BarredRaise>(
  "approval_barred_raise",
  `SELECT id, status FROM approvals
   WHERE ticket_id = $1 AND ${asksForMoney} AND status IN ('DENIED', 'PENDING')
   ORDER BY requested_at DESC, id DESC LIMIT 1`,
);

/** What became of the newest request of whoever was to do the work, or to bill it, for a higher limit. */
export const selectLastRaise = statement<Pick<ApprovalRow, "status">>(
  "approval_last_raise",
  `SELECT status FROM approvals
   WHERE ticket_id = $1 AND ${asksForMoney} AND evidence ->> 'source' IS DISTINCT FROM 'ticket.triage'
   ORDER BY requested_at DESC, id DESC LIMIT 1`,
);

export const selectPendingApproval = statement<Pick<ApprovalRow, "evidence">>(
  "approval_pending",
  `SELECT evidence FROM approvals WHERE ticket_id = $1 AND status = 'PENDING' ORDER BY requested_at DESC, id DESC LIMIT 1`,
);

export const settleApproval = statement(
  "approval_settle",
  `UPDATE approvals SET status = $2, decided_by = $3, decided_at = $4, notes = $5 WHERE id = $1 AND status = 'PENDING'`,
);

export type ApprovalRequest = {
  readonly id: ApprovalId;
  readonly ticketId: TicketId;
  readonly type: "NTE_INCREASE" | "PROPOSAL";
  readonly amountDeltaCents: number;
  readonly reason: string;
  readonly source: string;
  readonly returnState: TicketState;
  readonly evidenceRefs?: readonly string[];
  readonly nteBeforeCents?: number;
  readonly requestedBy: string;
  readonly requestedAt: string;
};

/** Queues a request that waits for its decision. */
export function requestApproval(tx: Session, a: ApprovalRequest): Promise<unknown> {
  const evidence = {
    source: a.source,
    return_state: a.returnState,
    ...(a.evidenceRefs && { evidence_refs: a.evidenceRefs }),
    ...(a.nteBeforeCents !== undefined && { nte_before_cents: a.nteBeforeCents }),
  };
  return insertApproval(tx, {
    id: a.id,
    ticket_id: a.ticketId,
    status: "PENDING",
    approval_type: a.type,
    amount_delta_cents: a.amountDeltaCents,
    reason: a.reason,
    evidence: JSON.stringify(evidence),
    requested_by: a.requestedBy,
    requested_at: a.requestedAt,
  });
}
