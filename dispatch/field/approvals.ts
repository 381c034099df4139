// Approvals as rows: asked for by triage or by a technician, decided once.

import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import type { ApprovalId, TicketId } from "../contract/ids.ts";
import type { ApprovalBody } from "../contract/responses.ts";
import type { TicketState } from "../contract/states.ts";
import type { JsonObject } from "../kernel/json.ts";
import { addedPart, amendedPart, isPartOf, type PartChange, type PartEntry, type PartTable } from "../kernel/parts.ts";
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

/** The event that asked for an approval, and what the ticket's newest event says of the ticket. */
export type RequestEvent = {
  readonly actor_id: string;
  readonly payload: JsonObject;
  readonly parts: readonly PartEntry[] | null;
  readonly ticket_hash: string | null;
};

// Events behind the ticket's head are nobody's: whoever may add one has not added it to the chain.
export const selectRequestEvent = statement<RequestEvent>(
  "approval_request_event",
  `SELECT e.actor_id, e.payload, e.parts,
          (SELECT n.row_hash FROM audit_events n
           WHERE n.aggregate = 'ticket' AND n.aggregate_id = t.id::text AND n.seq = t.audit_seq) AS ticket_hash
   FROM tickets t JOIN audit_events e ON e.aggregate = 'ticket' AND e.aggregate_id = t.id::text
   WHERE t.id = $2 AND e.seq BETWEEN 1 AND t.audit_seq AND e.payload ->> 'approval_id' = $1 AND e.tool_name <> 'approval.decide'
   ORDER BY e.seq LIMIT 1`,
);

/**
 * Whether an approval is what its event asked for. An event from before there were hashes says who asked, and mostly for what.
 */
export function isAsAsked(approval: ApprovalRow, { actor_id: asked, payload, parts }: RequestEvent): boolean {
  const added = parts?.find((part) => "added" in part && part.added === "approvals" && part.id === approval.id);
  if (added && "hash" in added) {
    const row = { ...approval, part_of: approval.ticket_id };
    return isPartOf(approvalParts, row, added.hash) !== false;
  }
  const { amount_delta_cents: amount = approval.amount_delta_cents, approval_type: type = approval.approval_type } =
    payload;
  return approval.requested_by === asked && approval.amount_delta_cents === amount && approval.approval_type === type;
}

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

const selectOfTickets = statement<
  Omit<ApprovalRow, "ticket_id" | "id"> & {
    readonly id: string;
    readonly part_of: string;
    readonly decided_by: string | null;
    readonly decided_at: string | null;
    readonly notes: string | null;
  }
>(
  "approvals_of_tickets",
  `SELECT id, ticket_id AS part_of, status, approval_type, amount_delta_cents, reason, evidence, requested_by, requested_at,
          decided_by, decided_at, notes
   FROM approvals WHERE ticket_id = ANY ($1)`,
);

export const approvalParts: PartTable = {
  name: "approvals",
  select: selectOfTickets,
  fixed: {
    1: ["id", "part_of", "approval_type", "amount_delta_cents", "reason", "evidence", "requested_by", "requested_at"],
  },
  changing: ["status", "decided_by", "decided_at", "notes"],
  amended: (row, { id, ...decision }) => (row["id"] === id && row["status"] === "PENDING" ? decision : null),
};

const settle = statement(
  "approval_settle",
  `UPDATE approvals SET status = $2, decided_by = $3, decided_at = $4, notes = $5 WHERE id = $1 AND status = 'PENDING'`,
);

type Settled = {
  readonly id: ApprovalId;
  readonly status: string;
  readonly decided_by: string;
  readonly decided_at: string;
  readonly notes: string | null;
};

/** Ends a request that waits. */
export const settleApproval = (settled: Settled): PartChange =>
  amendedPart(approvalParts, settled, (tx) => [
    tx.row(settle, [settled.id, settled.status, settled.decided_by, settled.decided_at, settled.notes]),
  ]);

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

/** A request that waits for its decision. */
export function requestApproval(a: ApprovalRequest): PartChange {
  const evidence = {
    source: a.source,
    return_state: a.returnState,
    ...(a.evidenceRefs && { evidence_refs: a.evidenceRefs }),
    ...(a.nteBeforeCents !== undefined && { nte_before_cents: a.nteBeforeCents }),
  };
  const row = {
    id: a.id,
    ticket_id: a.ticketId,
    status: "PENDING",
    approval_type: a.type,
    amount_delta_cents: a.amountDeltaCents,
    reason: a.reason,
    evidence,
    requested_by: a.requestedBy,
    requested_at: a.requestedAt,
  };
  return addedPart(approvalParts, { ...row, part_of: a.ticketId }, (tx) => [
    insertApproval(tx, { ...row, evidence: JSON.stringify(evidence) }),
  ]);
}
