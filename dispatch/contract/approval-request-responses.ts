// What answers about approval requests look like.

import { answeredId, nullable, Type, type Static } from "./fields.ts";
import { approvalRequestStates } from "./approval-request-states.ts";
import type { ReceiptId, TicketId } from "./ids.ts";

const text = () => Type.String();
const time = () => Type.String({ format: "date-time" });
const anything = () => Type.Record(Type.String(), Type.Unknown());

export const approvalRequest = Type.Object({
  approval_request_id: text(),
  /** As people say it: A-000123. */
  number: text(),
  status: Type.Enum([...approvalRequestStates]),
  /** What is to be done, and to what. */
  tool: text(),
  target: Type.Object({ aggregate: text(), id: nullable(text()) }),
  ticket_id: nullable(answeredId<TicketId>()),
  arguments: anything(),
  /** What it would have changed when it was asked for; what is not known before it is done is left out. */
  foreseen: anything(),
  rule: text(),
  severity: Type.Enum(["warning", "critical"]),
  reason: text(),
  /** Whether somebody else than whoever asked must decide. */
  four_eyes: Type.Boolean(),
  asked_by: text(),
  claimed_by: nullable(text()),
  /** Of one that asks anew: the request before, and what has become different since. */
  asks_again_for: nullable(text()),
  differs: Type.Array(text()),
  created_at: time(),
  expires_at: time(),
  decided_by: nullable(text()),
  decided_at: nullable(time()),
  decision_reason: nullable(text()),
  /** What became of it once it was approved: the receipt of the command, or why there is none. */
  receipt_id: nullable(answeredId<ReceiptId>()),
  error: nullable(Type.Object({ code: text(), message: text() })),
  asked_again: nullable(text()),
  finished_at: nullable(time()),
  version: Type.Integer(),
});
export type ApprovalRequestBody = Static<typeof approvalRequest>;

export const approvalRequests = Type.Object({ approval_requests: Type.Array(approvalRequest) });
