// An approval request as the database holds it: its row, the statements that lock, insert and update it, and the body clients see. Only the
// pipeline writes it.

import type { ApprovalRequestBody } from "../contract/approval-request-responses.ts";
import { approvalRequestEdges, type ApprovalRequestState } from "../contract/approval-request-states.ts";
import { idFrom, type AccountId, type ReceiptId, type SiteId, type TicketId } from "../contract/ids.ts";
import { insertRows } from "../db/insert-rows.ts";
import { selectRows } from "../db/select-rows.ts";
import { statement } from "../db/statement.ts";
import { updateRows } from "../db/update-rows.ts";
import type { Aggregate, KnownHead } from "../kernel/aggregate.ts";
import type { JsonObject } from "../kernel/json.ts";
import { Refusal } from "../kernel/refusal.ts";

/** What is known of a request when it is made, and never changes. */
export type NewRequest = {
  readonly tool: string;
  readonly path: string;
  readonly ids: JsonObject;
  readonly arguments: JsonObject;
  readonly request_id: string;
  readonly answer_key: string;
  readonly asked_by: string;
  /** Who asked, as the pipeline knew them: role, type, scope. */
  readonly asker: JsonObject;
  readonly target_aggregate: string;
  readonly target_id: string | null;
  readonly account_id: AccountId | null;
  readonly site_id: SiteId | null;
  readonly foreseen: JsonObject;
  /** Which version of its target it was asked for; null where it makes one, or is about the office as a whole. */
  readonly target_version: number | null;
  readonly rule: string;
  readonly severity: string;
  readonly reason: string;
  readonly four_eyes: boolean;
  readonly asks_again_for: string | null;
  readonly differs: readonly string[];
  readonly expires_at: string;
  readonly remind_at: string | null;
};

export type RequestRow = NewRequest & {
  readonly id: string;
  readonly status: ApprovalRequestState;
  readonly decided_by: string | null;
  readonly decided_at: string | null;
  readonly decision_reason: string | null;
  readonly receipt_id: ReceiptId | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly asked_again: string | null;
  readonly finished_at: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly audit_seq: number;
  readonly audit_hash: string;
  readonly audit_at: string;
};

export type RequestChange = Partial<
  Pick<
    RequestRow,
    | "remind_at"
    | "decided_by"
    | "decided_at"
    | "decision_reason"
    | "receipt_id"
    | "error_code"
    | "error_message"
    | "asked_again"
    | "finished_at"
  >
>;

const changing = {
  status: "text",
  remind_at: "timestamptz",
  decided_by: "text",
  decided_at: "timestamptz",
  decision_reason: "text",
  receipt_id: "uuid",
  error_code: "text",
  error_message: "text",
  asked_again: "text",
  finished_at: "timestamptz",
  version: "integer",
  updated_at: "timestamptz",
} as const;
const headColumns = { audit_seq: "integer", audit_hash: "text", audit_at: "timestamptz" } as const;

const columnNames = [
  "id",
  "status",
  "tool",
  "path",
  "ids",
  "arguments",
  "request_id",
  "answer_key",
  "asked_by",
  "asker",
  "target_aggregate",
  "target_id",
  "account_id",
  "site_id",
  "foreseen",
  "target_version",
  "rule",
  "severity",
  "reason",
  "four_eyes",
  "asks_again_for",
  "differs",
  "expires_at",
  "remind_at",
  "decided_by",
  "decided_at",
  "decision_reason",
  "receipt_id",
  "error_code",
  "error_message",
  "asked_again",
  "finished_at",
  "version",
  "created_at",
  "updated_at",
  "audit_seq",
  "audit_hash",
  "audit_at",
] as const satisfies readonly (keyof RequestRow)[];

export const requestColumns = columnNames.join(", ");

export const selectRequest = statement<RequestRow>(
  "approval_request_select",
  `SELECT ${requestColumns} FROM approval_requests WHERE id = $1`,
);
const selectRequests = statement<RequestRow>(
  "approval_requests_select",
  `SELECT ${requestColumns} FROM approval_requests WHERE id = ANY ($1)`,
);
const lockRequest = statement<RequestRow>(
  "approval_request_lock",
  `SELECT ${requestColumns} FROM approval_requests WHERE id = $1 FOR NO KEY UPDATE`,
);
const lockFreeRequests = selectRows<RequestRow>(
  "approval_request_lock_free",
  (ids) => `SELECT ${requestColumns} FROM approval_requests WHERE id IN (${ids}) FOR NO KEY UPDATE SKIP LOCKED`,
);
const selectHeads = statement<KnownHead>(
  "approval_request_heads",
  `SELECT id, audit_seq AS seq, audit_hash AS hash, status AS state
   FROM approval_requests WHERE id > coalesce($1, '') ORDER BY id LIMIT $2`,
);

/** The columns that its events vouch for, by version; a further one makes a further version. */
const covered: Readonly<Record<number, readonly (keyof RequestRow)[]>> = {
  1: [
    "id",
    "status",
    "tool",
    "path",
    "ids",
    "arguments",
    "request_id",
    "answer_key",
    "asked_by",
    "asker",
    "target_aggregate",
    "target_id",
    "account_id",
    "site_id",
    "foreseen",
    "target_version",
    "rule",
    "severity",
    "reason",
    "four_eyes",
    "asks_again_for",
    "differs",
    "expires_at",
    "remind_at",
    "decided_by",
    "decided_at",
    "decision_reason",
    "receipt_id",
    "error_code",
    "error_message",
    "asked_again",
    "finished_at",
    "version",
    "created_at",
    "updated_at",
  ],
};

export const requestAggregate: Aggregate<
  RequestRow,
  RequestChange,
  NewRequest,
  ApprovalRequestBody,
  ApprovalRequestState
> = {
  name: "approval_request",
  idIn: "approvalRequestId",
  edges: approvalRequestEdges,
  lock: lockRequest,
  lockFree: lockFreeRequests,
  select: selectRequest,
  selectMany: selectRequests,
  covers: { version: 1, values: (row, version) => covered[version]?.map((column) => row[column]) ?? null },
  heads: selectHeads,
  races: ["approval_requests_answer_key_key"],
  notFound: (id) => new Refusal("APPROVAL_REQUEST_NOT_FOUND", { approval_request_id: id }),
  idOf: ({ id }) => id,
  stateOf: ({ status }) => status,
  placeOf: ({ account_id, site_id }) => (account_id === null ? null : { account_id, site_id }),
  headOf: ({ audit_seq, audit_hash, audit_at }) => ({ seq: audit_seq, hash: audit_hash, at: audit_at }),
  versionOf: ({ version }) => version,
  // What is about the office as a whole is for those who reach all of it, and for whoever asked, who could do it themselves.
  guard: (actor, { id, account_id, asked_by }) => {
    if (account_id === null && (actor.accounts !== "*" || actor.sites !== "*") && actor.id !== asked_by)
      throw new Refusal("APPROVAL_REQUEST_NOT_FOUND", { approval_request_id: id });
  },
  created: (_desk, { id, fields, at }) => ({
    ...fields,
    id,
    status: "pending",
    decided_by: null,
    decided_at: null,
    decision_reason: null,
    receipt_id: null,
    error_code: null,
    error_message: null,
    asked_again: null,
    finished_at: null,
    version: 0,
    created_at: at,
    updated_at: at,
    audit_seq: 0,
    audit_hash: "",
    audit_at: at,
  }),
  changed: (_desk, row, change, path, at) => ({
    ...row,
    ...change,
    status: path.at(-1) ?? row.status,
    version: row.version + 1,
    updated_at: at,
  }),
  withHead: (row, { seq, hash, at }) => ({ ...row, audit_seq: seq, audit_hash: hash, audit_at: at }),
  insert: insertRows<RequestRow>("approval_request_insert", "approval_requests", columnNames),
  update: updateRows<RequestRow>("approval_request_update", "approval_requests", {
    key: ["id", "text"],
    set: { ...changing, ...headColumns },
  }),
  advanceHead: updateRows<RequestRow>("approval_request_advance_audit", "approval_requests", {
    key: ["id", "text"],
    set: headColumns,
  }),
  body: requestBody,
  subject: (id, event) => `approval_request.${id}.${event}`,
};

/** A-000123 of a-000123 */
export const numberOf = (id: string): string => id.toUpperCase();

export function requestBody(row: RequestRow): ApprovalRequestBody {
  const { ticketId } = row.ids;
  return {
    approval_request_id: row.id,
    number: numberOf(row.id),
    status: row.status,
    tool: row.tool,
    target: { aggregate: row.target_aggregate, id: row.target_id },
    ticket_id: typeof ticketId === "string" ? idFrom<TicketId>(ticketId) : null,
    arguments: row.arguments,
    foreseen: row.foreseen,
    rule: row.rule,
    severity: row.severity === "critical" ? "critical" : "warning",
    reason: row.reason,
    four_eyes: row.four_eyes,
    asked_by: row.asked_by,
    claimed_by: typeof row.asker["claimed_by"] === "string" ? row.asker["claimed_by"] : null,
    asks_again_for: row.asks_again_for && numberOf(row.asks_again_for),
    differs: [...row.differs],
    created_at: row.created_at,
    expires_at: row.expires_at,
    decided_by: row.decided_by,
    decided_at: row.decided_at,
    decision_reason: row.decision_reason,
    receipt_id: row.receipt_id,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? "" },
    asked_again: row.asked_again && numberOf(row.asked_again),
    finished_at: row.finished_at,
    version: row.version,
  };
}
