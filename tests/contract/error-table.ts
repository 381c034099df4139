// What the contract says of each error code, written down a second time from the document: status, the fields a refusal
// brings along, and the dimension of its policy_error.

import type { ErrorCode } from "../../dispatch/contract/errors.ts";

export type ErrorRow = {
  readonly status: number;
  readonly fields: readonly string[];
  readonly dimension?: string;
  /** The header that says when to try again, or what is allowed. */
  readonly header?: "retry-after" | "allow";
};

const fields = ["field", "validation_errors"];
const hold = ["snapshot_id", "hold_id", "confirmation_log"];
const assignment = "assignment";
const scheduling = "scheduling";
const gate = [
  "requirement_code",
  "incident_type",
  "template_version",
  "missing_evidence_keys",
  "missing_checklist_keys",
  "invalid_evidence_refs",
];
const duplicate = [
  "duplicate_ticket_id",
  "duplicate_ticket_state",
  "duplicate_created_at",
  "identity_signature",
  "duplicate_within_minutes",
];

export const errorTable: { readonly [Code in ErrorCode]: ErrorRow } = {
  INVALID_JSON: { status: 400, fields },
  INVALID_REQUEST: { status: 400, fields },
  INVALID_QUERY: { status: 400, fields },
  INVALID_TICKET_ID: { status: 400, fields: [] },
  INVALID_TASK_ID: { status: 400, fields: [] },
  REASON_REQUIRED: { status: 400, fields: ["field", "assignee", "min_length"] },
  INVALID_SUBJECT: { status: 400, fields: ["subject", "allowed_subjects"] },
  MISSING_IDEMPOTENCY_KEY: { status: 400, fields: [] },
  INVALID_IDEMPOTENCY_KEY: { status: 400, fields: [] },
  MISSING_ACTOR_CONTEXT: { status: 400, fields: [], dimension: "role" },
  INVALID_ACTOR_CONTEXT: { status: 400, fields: [], dimension: "role" },
  BLIND_INTAKE_VALIDATION_FAILED: { status: 400, fields: ["missing_contact_channel"], dimension: "identity" },
  AUTH_REQUIRED: { status: 401, fields: [] },
  AGENT_ID_REQUIRED: { status: 401, fields: [] },
  AGENT_ID_MISMATCH: { status: 401, fields: ["agent_id"] },
  INVALID_AUTH_TOKEN: { status: 401, fields: [], dimension: "policy" },
  INVALID_AUTH_CLAIMS: { status: 401, fields: [] },
  HOST_NOT_ALLOWED: { status: 403, fields: ["host", "allowed_hosts"] },
  ORIGIN_NOT_ALLOWED: { status: 403, fields: ["origin", "allowed_hosts"] },
  FORBIDDEN: { status: 403, fields: ["actor_role", "allowed_roles"], dimension: "role" },
  TOOL_NOT_ALLOWED: { status: 403, fields: ["endpoint", "tool_name"], dimension: "tool" },
  FORBIDDEN_SCOPE: { status: 403, fields: ["scope_field", "target_id"], dimension: "scope" },
  NOT_ASSIGNED_TECH: { status: 403, fields: ["assigned_tech_id"], dimension: "role" },
  NOT_ASSIGNEE: { status: 403, fields: ["assignee"], dimension: "role" },
  HUMAN_APPROVAL_REQUIRED: { status: 403, fields: ["tool_name", "rule", "severity", "reason"], dimension: "policy" },
  SELF_APPROVAL_FORBIDDEN: { status: 403, fields: ["approval_id"], dimension: "role" },
  NOT_FOUND: { status: 404, fields: [] },
  METHOD_NOT_ALLOWED: { status: 405, fields: [], header: "allow" },
  TICKET_NOT_FOUND: { status: 404, fields: ["ticket_id"] },
  APPROVAL_NOT_FOUND: { status: 404, fields: ["approval_id"] },
  TASK_NOT_FOUND: { status: 404, fields: ["task_id"] },
  WORKER_NOT_FOUND: { status: 404, fields: ["worker"] },
  ACCOUNT_NOT_FOUND: { status: 404, fields: ["account_id"] },
  SITE_NOT_FOUND: { status: 404, fields: ["site_id"] },
  ASSET_NOT_FOUND: { status: 404, fields: ["asset_id"] },
  TECHNICIAN_NOT_FOUND: { status: 404, fields: ["tech_id"] },
  CONTACT_NOT_FOUND: { status: 404, fields: ["contact_id"] },
  PLAN_NOT_FOUND: { status: 404, fields: ["plan_id"] },
  INVOICE_NOT_FOUND: { status: 404, fields: ["invoice_id"] },
  EVIDENCE_NOT_FOUND: { status: 404, fields: ["evidence_id"] },
  RECEIPT_NOT_FOUND: { status: 404, fields: ["receipt_id"] },
  IDEMPOTENCY_PAYLOAD_MISMATCH: { status: 409, fields: [] },
  IDEMPOTENCY_IN_FLIGHT: { status: 409, fields: [], header: "retry-after" },
  INVALID_STATE_TRANSITION: {
    status: 409,
    fields: ["from_state", "to_state", "allowed_from_states", "allowed_to_states"],
    dimension: "state",
  },
  VERSION_CONFLICT: { status: 409, fields: ["current_version"], dimension: "state" },
  STILL_IN_USE: { status: 409, fields: ["tickets"], dimension: "state" },
  ARCHIVED: { status: 409, fields: ["kind", "id", "archived_at"], dimension: "state" },
  DUPLICATE_INTAKE: { status: 409, fields: duplicate, dimension: "identity" },
  LOW_IDENTITY_CONFIDENCE: { status: 409, fields: ["evidence", "value", "threshold"], dimension: "identity" },
  LOW_CLASSIFICATION_CONFIDENCE: { status: 409, fields: ["evidence", "value", "threshold"], dimension: "identity" },
  SOP_HANDOFF_REQUIRED: {
    status: 409,
    fields: ["evidence", "sop_handoff_prompt", "identity_signature"],
    dimension: "policy",
  },
  ASSIGNMENT_NOT_FOUND: { status: 409, fields: ["tech_id"], dimension: assignment },
  WORKER_NOT_ELIGIBLE: { status: 409, fields: ["worker", "reason"], dimension: assignment },
  WORKER_NOT_ASLEEP: { status: 409, fields: ["worker", "presence"], dimension: assignment },
  AGENT_REPLACED: { status: 409, fields: ["current_run"], dimension: assignment },
  TECH_UNAVAILABLE: { status: 409, fields: ["tech_id", "reason"], dimension: assignment },
  ASSIGNMENT_RECOMMENDATION_MISMATCH: {
    status: 409,
    fields: ["recommendation_snapshot_id", "recommended_tech_id", "tech_id"],
    dimension: assignment,
  },
  ASSIGNMENT_CAPABILITY_MISMATCH: {
    status: 409,
    fields: [
      "service_type",
      "tech_id",
      "recommendation_snapshot_id",
      "incident_type",
      "missing_skills",
      "missing_tools",
    ],
    dimension: assignment,
  },
  ASSIGNMENT_ZONE_MISMATCH: {
    status: 409,
    fields: ["ticket_region", "tech_id", "recommendation_snapshot_id"],
    dimension: assignment,
  },
  ASSIGNMENT_LIMIT: { status: 409, fields: ["tech_id", "max_concurrent"], dimension: assignment },
  ASSIGNMENT_BYPASS_DENIED: { status: 409, fields: ["dispatch_mode", "missing_fields"], dimension: "policy" },
  NO_FEASIBLE_SLOT: { status: 409, fields: ["rejected"], dimension: scheduling },
  WINDOW_NOT_PROPOSED: { status: 409, fields: ["rejected"], dimension: scheduling },
  WINDOW_IN_PAST: { status: 409, fields: ["rejected"], dimension: scheduling },
  SLOT_TAKEN: { status: 409, fields: ["rejected"], dimension: scheduling },
  PLAN_STALE: { status: 409, fields: ["plan_id", "changes"], dimension: scheduling },
  PLAN_NOT_OPEN: { status: 409, fields: ["plan_id", "plan_status", "expires_at"], dimension: scheduling },
  SCHEDULE_HOLD_STATE_CONFLICT: { status: 409, fields: ["from_state", "to_state"], dimension: scheduling },
  HOLD_SNAPSHOT_MISSING: { status: 409, fields: hold, dimension: scheduling },
  HOLD_CONFIRMATION_MISSING: { status: 409, fields: hold, dimension: scheduling },
  CUSTOMER_CONFIRMATION_STALE: {
    status: 409,
    fields: ["snapshot_id", "hold_id", "confirmation_window"],
    dimension: scheduling,
  },
  APPROVAL_NOT_PENDING: { status: 409, fields: ["return_state"] },
  INVALID_APPROVAL_TARGET_STATE: { status: 409, fields: ["return_state"] },
  AUDIT_MISMATCH: { status: 409, fields: ["approval_id", "changed"] },
  CLOSEOUT_REQUIREMENTS_INCOMPLETE: { status: 409, fields: gate, dimension: "evidence" },
  MANUAL_REVIEW_REQUIRED: { status: 409, fields: ["requirement_code", "risk_profile"], dimension: "policy" },
  AUTONOMY_DISABLED: {
    status: 409,
    fields: ["scope_type", "scope_id", "reason", "incident_type", "ticket_id"],
    dimension: "policy",
  },
  QA_VERIFICATION_FAILED: { status: 409, fields: ["ticket_id", "notes"] },
  NTE_EXCEEDED: { status: 409, fields: ["nte_cents", "total_cents"], dimension: "policy" },
  DOCUMENT_INCOMPLETE: { status: 409, fields: ["invoice_id", "invoice_number", "missing"], dimension: "policy" },
  NOTHING_TO_CREDIT: { status: 409, fields: ["invoice_id", "invoice_number", "lines"], dimension: "policy" },
  NOTHING_TO_INVOICE: { status: 409, fields: ["reason", "invoice_number"], dimension: "policy" },
  UPDATE_NOT_POSSIBLE: { status: 409, fields: ["fields", "from_state", "allowed_from_states"], dimension: "state" },
  BOOKING_AT_STAKE: {
    status: 409,
    fields: ["fields", "scheduled_start", "scheduled_end", "assigned_tech_id"],
    dimension: scheduling,
  },
  NTE_RAISE_REFUSED: {
    status: 409,
    fields: ["nte_cents", "asked_cents", "approval_id", "approval_status"],
    dimension: "policy",
  },
  EVIDENCE_NOT_STORED: { status: 409, fields: ["uri", "expected", "actual"], dimension: "evidence" },
  EVIDENCE_CHECKSUM_MISMATCH: { status: 409, fields: ["uri", "expected", "actual"], dimension: "evidence" },
  EVIDENCE_DUPLICATE: { status: 409, fields: ["duplicate_of"], dimension: "evidence" },
  EVIDENCE_LIMIT: { status: 409, fields: ["ticket_id", "items", "max_items"], dimension: "evidence" },
  MERGED: { status: 410, fields: ["into"] },
  PAYLOAD_TOO_LARGE: { status: 413, fields: [] },
  EVIDENCE_TOO_LARGE: { status: 413, fields: ["size_bytes", "max_bytes"] },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, fields: [] },
  RANGE_NOT_SATISFIABLE: { status: 416, fields: ["size_bytes"] },
  RATE_LIMITED: { status: 429, fields: ["limit", "window_seconds"], header: "retry-after" },
  AUTH_CONFIG_ERROR: { status: 500, fields: [], dimension: "policy" },
  INTERNAL_ERROR: { status: 500, fields: ["reference"] },
  DEPENDENCY_UNAVAILABLE: { status: 503, fields: ["dependency"] },
};

/** Every reason a closeout is refused for; each is produced once as well. */
export const requirementTable = [
  "TEMPLATE_NOT_FOUND",
  "MISSING_SIGNATURE_CONFIRMATION",
  "INVALID_EVIDENCE_REFERENCE",
  "MISSING_EVIDENCE",
  "MISSING_CHECKLIST",
  "MISSING_REQUIREMENTS",
  "MISSING_COMPLETION_CONTEXT",
  "AUTOMATION_RISK_BLOCK",
] as const;
