// The one registry of refusals: code, HTTP status, policy dimension, the sentence a caller reads, and whether an
// operator wants it counted. The generated error table mirrors it; nothing else may invent a code.

export type Dimension =
  | "role"
  | "tool"
  | "scope"
  | "state"
  | "policy"
  | "identity"
  | "evidence"
  | "assignment"
  | "scheduling";

/** What a stored rejection counts towards in /ops/alerts. */
export type Signal = "completion_rejection" | "idempotency_conflict" | "auth_policy_rejection" | "duplicate_intake";

export type ErrorEntry = {
  readonly status: number;
  readonly message: string;
  readonly dimension?: Dimension;
  readonly signal?: Signal;
  /** Where a refusal is about something other than the call's own row: which field of its details names that. */
  readonly concerns?: { readonly aggregate: string; readonly field: string };
};

const define = <const T extends Record<string, ErrorEntry>>(entries: T): T => entries;

export const errorRegistry = define({
  INVALID_JSON: { status: 400, message: "The body is not a JSON object in UTF-8." },
  INVALID_REQUEST: {
    status: 400,
    message: "A field of the request breaks a rule; field names the first, validation_errors each.",
  },
  INVALID_QUERY: {
    status: 400,
    message: "A query parameter breaks a rule; field names the first, validation_errors each.",
  },
  INVALID_TASK_ID: { status: 400, message: "The task id in the path is not a uuid." },
  REASON_REQUIRED: {
    status: 400,
    message: "Another is at work on this task: say why, in a reason of at least 10 characters.",
  },
  INVALID_SUBJECT: {
    status: 400,
    message: "No such event is taken here from this caller; allowed_subjects says which are.",
  },
  INVALID_ROOM_NAME: {
    status: 400,
    message: "The target is no name: 1 to 63 letters, digits, _ or -, of a room, an alias or a group.",
  },
  COMMAND_LENGTH: { status: 400, message: "A command has 1 to 2,000 characters." },
  COMMAND_CHARACTERS: {
    status: 400,
    message: "A command is one line without control characters; a longer text goes with task.dispatch.",
  },
  INVALID_TICKET_ID: { status: 400, message: "The ticket id in the path is not a uuid." },
  MISSING_IDEMPOTENCY_KEY: {
    status: 400,
    message: "Commands need the header Idempotency-Key: one uuid per intent, the same again for every retry.",
  },
  INVALID_IDEMPOTENCY_KEY: { status: 400, message: "The header Idempotency-Key is not a uuid." },
  MISSING_ACTOR_CONTEXT: {
    status: 400,
    dimension: "role",
    message: "Send a bearer token, or the development headers X-Actor-Id and X-Actor-Role.",
  },
  INVALID_ACTOR_CONTEXT: {
    status: 400,
    dimension: "role",
    message: "A development header has a value that is not allowed.",
  },
  BLIND_INTAKE_VALIDATION_FAILED: {
    status: 400,
    dimension: "identity",
    message: "A blind intake needs contact_phone or contact_email, so that the customer can be reached.",
  },
  AUTH_REQUIRED: {
    status: 401,
    signal: "auth_policy_rejection",
    message: "Send an Authorization header with a bearer token.",
  },
  AGENT_ID_REQUIRED: {
    status: 401,
    signal: "auth_policy_rejection",
    message: "Send the header X-Agent-ID: who calls, by the slug or id that the credential is for.",
  },
  AGENT_ID_MISMATCH: {
    status: 401,
    signal: "auth_policy_rejection",
    message: "The credential is for another id than X-Agent-ID says.",
  },
  INVALID_AUTH_TOKEN: {
    status: 401,
    dimension: "policy",
    signal: "auth_policy_rejection",
    message: "The bearer token cannot be verified.",
  },
  INVALID_AUTH_CLAIMS: {
    status: 401,
    signal: "auth_policy_rejection",
    message: "The bearer token is genuine, but a claim in it is missing or not acceptable.",
  },
  HOST_NOT_ALLOWED: {
    status: 403,
    message:
      "While development headers are on, only this machine's own names and the host of DISPATCH_API_PUBLIC_URL are served as " +
      "Host; allowed_hosts has them. Set that variable to the address clients use, or " +
      "DISPATCH_AUTH_ALLOW_DEV_HEADERS=false and use tokens.",
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    message:
      "While development headers are on, nothing is done for pages of other origins; allowed_hosts has the hosts of those that " +
      "are served. Ask from none, or set DISPATCH_AUTH_ALLOW_DEV_HEADERS=false and use tokens.",
  },
  FORBIDDEN: {
    status: 403,
    dimension: "role",
    signal: "auth_policy_rejection",
    message: "This role may not use this tool.",
  },
  TOOL_NOT_ALLOWED: {
    status: 403,
    dimension: "tool",
    signal: "auth_policy_rejection",
    message: "X-Tool-Name names another tool than the one this endpoint serves.",
  },
  FORBIDDEN_SCOPE: {
    status: 403,
    dimension: "scope",
    signal: "auth_policy_rejection",
    message: "The account or site lies outside the caller's scope.",
  },
  NOT_ASSIGNEE: {
    status: 403,
    dimension: "role",
    message: "The task is given to another; only its assignee may say this of it.",
  },
  NOT_ASSIGNED_TECH: { status: 403, dimension: "role", message: "The ticket is assigned to another technician." },
  HUMAN_APPROVAL_REQUIRED: {
    status: 403,
    dimension: "policy",
    message:
      "A model may not do this alone; let a person allow this very call, then send it again with the same Idempotency-Key.",
  },
  HUMAN_REQUIRED: {
    status: 403,
    dimension: "role",
    message: "This is a person's to do, and a model or a service asked for it.",
  },
  SELF_APPROVAL_FORBIDDEN: {
    status: 403,
    dimension: "role",
    message: "Whoever asked for an approval may not decide it; let somebody else decide.",
  },
  COMMAND_NOT_ALLOWED: {
    status: 403,
    dimension: "policy",
    message: "No room is told this: its first word must be one of allowed_prefixes, which the policy names.",
  },
  NOT_FOUND: { status: 404, message: "There is nothing at this path." },
  METHOD_NOT_ALLOWED: { status: 405, message: "This path does not answer that method; see the Allow header." },
  TICKET_NOT_FOUND: { status: 404, message: "No ticket has this id." },
  APPROVAL_NOT_FOUND: { status: 404, message: "This ticket has no approval with this id." },
  ACCOUNT_NOT_FOUND: { status: 404, message: "No account has this id." },
  SITE_NOT_FOUND: { status: 404, message: "This account has no site with this id." },
  ASSET_NOT_FOUND: { status: 404, message: "This site has no asset with this id." },
  TECHNICIAN_NOT_FOUND: { status: 404, message: "No technician has this id." },
  CONTACT_NOT_FOUND: { status: 404, message: "No contact has this id." },
  PLAN_NOT_FOUND: { status: 404, message: "No plan has this id." },
  INVOICE_NOT_FOUND: { status: 404, message: "There is no such invoice or credit note." },
  EVIDENCE_NOT_FOUND: { status: 404, message: "The ticket has no evidence with this id." },
  TASK_NOT_FOUND: { status: 404, message: "No task has this id." },
  WORKER_NOT_FOUND: { status: 404, message: "No worker of desk tasks is called this." },
  ROOM_NOT_FOUND: { status: 404, message: "No room, alias or group is called this; room.list shows which there are." },
  PUSH_NOT_FOUND: { status: 404, message: "No push has this id." },
  EVENT_NOT_FOUND: { status: 404, message: "No room's event has this id." },
  APPROVAL_REQUEST_NOT_FOUND: { status: 404, message: "No approval request has this number; they look like A-000123." },
  RECEIPT_NOT_FOUND: { status: 404, message: "No receipt has this id." },
  IDEMPOTENCY_PAYLOAD_MISMATCH: {
    status: 409,
    signal: "idempotency_conflict",
    message: "This Idempotency-Key was used for another path or body; a new intent needs a new key.",
  },
  IDEMPOTENCY_IN_FLIGHT: { status: 409, message: "The same call is still running; ask again after Retry-After." },
  INVALID_STATE_TRANSITION: {
    status: 409,
    dimension: "state",
    message: "The state does not allow this; allowed_from_states says which do, and allowed_to_states where it leads.",
  },
  APPROVAL_OUTDATED: {
    status: 409,
    dimension: "policy",
    message:
      "What was allowed is no longer what would be done, and nothing was done; differs says what is different, and a person is asked anew.",
  },
  APPROVAL_NOT_NEEDED: {
    status: 409,
    dimension: "policy",
    message:
      "No rule asks a person about this call, and it was only asked whether one does; send it without Dispatch-Ask.",
  },
  VERSION_CONFLICT: {
    status: 409,
    dimension: "state",
    message:
      "It has changed since expected_version was read, and nothing of this was done. Read it again, and send what still holds " +
      "with current_version.",
  },
  STILL_IN_USE: {
    status: 409,
    dimension: "state",
    message: "Open work hangs on it: tickets says which. Close, cancel or correct those first.",
  },
  ARCHIVED: {
    status: 409,
    dimension: "state",
    message:
      "It was archived and takes no new work: kind and id say what. Name another one, or bring it back by its upsert with restore true.",
  },
  DUPLICATE_INTAKE: {
    status: 409,
    dimension: "identity",
    signal: "duplicate_intake",
    concerns: { aggregate: "ticket", field: "duplicate_ticket_id" },
    message: "The same call is already open as another ticket; work on duplicate_ticket_id instead.",
  },
  LOW_IDENTITY_CONFIDENCE: {
    status: 409,
    dimension: "identity",
    message:
      "It is not certain enough who called; confirm the customer, then triage without scheduling or take the intake anew.",
  },
  LOW_CLASSIFICATION_CONFIDENCE: {
    status: 409,
    dimension: "identity",
    message:
      "It is not certain enough what is wrong; confirm the incident type, then triage without scheduling or take the intake anew.",
  },
  SOP_HANDOFF_REQUIRED: {
    status: 409,
    dimension: "policy",
    message: "The SOP handoff has not been acknowledged; send sop_handoff_acknowledged once it is done.",
  },
  WORKER_NOT_ELIGIBLE: {
    status: 409,
    dimension: "assignment",
    message: "The worker cannot take this task now; reason says why.",
  },
  WORKER_NOT_ASLEEP: {
    status: 409,
    dimension: "assignment",
    message: "The worker does not sleep; presence says what they do.",
  },
  ROOM_NAME_TAKEN: {
    status: 409,
    dimension: "assignment",
    message: "Another room has this name, alias or group already; taken says which, and by what.",
  },
  ROOM_ADDRESS_TAKEN: {
    status: 409,
    dimension: "assignment",
    message: "Another room is at this address already: change that one, or give another address.",
  },
  ROOM_WORKER_TAKEN: {
    status: 409,
    dimension: "assignment",
    message: "This worker sits in another room already: change that one, or name another worker.",
  },
  CONTROL_ROOM_REFUSED: {
    status: 409,
    dimension: "assignment",
    message: "A control room is told nothing, read by nobody else and not reset: choose a room where a worker sits.",
  },
  PUSH_QUEUE_FULL: {
    status: 409,
    dimension: "assignment",
    message: "A hundred commands wait for this room already: see with room.status why it takes none.",
  },
  AGENT_REPLACED: {
    status: 409,
    dimension: "assignment",
    message: "Another run of this worker has started since: stop this one, its tasks were given out again.",
  },
  ASSIGNMENT_NOT_FOUND: {
    status: 409,
    dimension: "assignment",
    message: "The technician, or the recommendation snapshot, is unknown.",
  },
  TECH_UNAVAILABLE: {
    status: 409,
    dimension: "assignment",
    message: "The technician cannot take this work then; reason says why.",
  },
  ASSIGNMENT_RECOMMENDATION_MISMATCH: {
    status: 409,
    dimension: "assignment",
    message:
      "The technician is not the first of the named recommendation; dispatch that one, or ask for a new recommendation.",
  },
  ASSIGNMENT_CAPABILITY_MISMATCH: {
    status: 409,
    dimension: "assignment",
    message: "The technician cannot do this work: missing_skills, missing_tools or the service type say why.",
  },
  ASSIGNMENT_ZONE_MISMATCH: {
    status: 409,
    dimension: "assignment",
    message: "The technician does not work in the site's region.",
  },
  ASSIGNMENT_LIMIT: {
    status: 409,
    dimension: "assignment",
    message:
      "The technician has as many jobs at once as max_concurrent allows; send another, or override with a reason.",
  },
  ASSIGNMENT_BYPASS_DENIED: {
    status: 409,
    dimension: "policy",
    message: "Dispatching past scheduling needs everything in missing_fields.",
  },
  NO_FEASIBLE_SLOT: {
    status: 409,
    dimension: "scheduling",
    message: "Nobody can take this work in the asked time; rejected says why for each technician.",
  },
  WINDOW_NOT_PROPOSED: {
    status: 409,
    dimension: "scheduling",
    message: "The window is none of those that were proposed; confirm one of them or propose anew.",
  },
  WINDOW_IN_PAST: {
    status: 409,
    dimension: "scheduling",
    message: "The window has already begun; propose a later one.",
  },
  SLOT_TAKEN: {
    status: 409,
    dimension: "scheduling",
    message: "The slot was taken a moment ago; ask for slots again.",
  },
  PLAN_STALE: {
    status: 409,
    dimension: "scheduling",
    message: "What the plan was made from has changed; changes says what. Make a new plan with plan.optimize.",
  },
  PLAN_NOT_OPEN: {
    status: 409,
    dimension: "scheduling",
    message: "Only a proposal that is still open allows this; plan_status says what this plan is.",
  },
  SCHEDULE_HOLD_STATE_CONFLICT: {
    status: 409,
    dimension: "scheduling",
    message: "The ticket's state, or the named hold, does not allow this.",
  },
  HOLD_SNAPSHOT_MISSING: { status: 409, dimension: "scheduling", message: "No hold is kept for this ticket." },
  HOLD_CONFIRMATION_MISSING: {
    status: 409,
    dimension: "scheduling",
    message: "customer_confirmation_log is not the id of the hold that is kept.",
  },
  CUSTOMER_CONFIRMATION_STALE: {
    status: 409,
    dimension: "scheduling",
    message: "The time to confirm has passed; the ticket returns to scheduling.",
  },
  APPROVAL_NOT_PENDING: { status: 409, message: "This approval has been decided before." },
  INVALID_APPROVAL_TARGET_STATE: { status: 409, message: "The approval returns to a state this ticket cannot take." },
  AUDIT_MISMATCH: {
    status: 409,
    message:
      "What is to be decided is not as its history says; somebody changed it past the pipeline. Run pnpm dispatch:audit:verify.",
  },
  CLOSEOUT_REQUIREMENTS_INCOMPLETE: {
    status: 409,
    dimension: "evidence",
    signal: "completion_rejection",
    message: "The work cannot be completed yet; requirement_code and the missing keys say what is needed.",
  },
  MANUAL_REVIEW_REQUIRED: {
    status: 409,
    dimension: "policy",
    signal: "completion_rejection",
    message: "This ticket is too risky to be completed by a candidate; a person completes it with tech.complete.",
  },
  AUTONOMY_DISABLED: {
    status: 409,
    dimension: "policy",
    message: "This scope is paused; resume it with ops.autonomy.rollback when it is safe.",
  },
  QA_VERIFICATION_FAILED: {
    status: 409,
    message: "The check failed and nothing changed; send the work back with qa.return_work.",
  },
  NTE_EXCEEDED: {
    status: 409,
    dimension: "policy",
    message:
      "The invoice would exceed the not-to-exceed limit. Ask for a higher one: tech.request_change while work is under way, " +
      "billing.request_limit once it is verified; or lower the invoice by an adjustment.",
  },
  NOTHING_TO_INVOICE: {
    status: 409,
    dimension: "policy",
    message:
      "There is nothing to invoice: reason says whether nobody had come before the work was called off, or an invoice exists.",
  },
  DOCUMENT_INCOMPLETE: {
    status: 409,
    dimension: "policy",
    message:
      "The document was issued without something that an electronic invoice must have: missing says what, and where it is said for " +
      "those to come. Its PDF is there.",
  },
  NOTHING_TO_CREDIT: {
    status: 409,
    dimension: "policy",
    message:
      "More would be credited than is left of the invoice: lines says what is left of each line it was asked for, without tax.",
  },
  UPDATE_NOT_POSSIBLE: {
    status: 409,
    dimension: "state",
    message: "What fields names can no longer be changed in this state; allowed_from_states says where it could.",
  },
  BOOKING_AT_STAKE: {
    status: 409,
    dimension: "scheduling",
    message:
      "The change would break what is booked or offered; fields says which of it. Send it again with replan true to give the " +
      "time and the technician back, or leave those fields out.",
  },
  NTE_RAISE_REFUSED: {
    status: 409,
    dimension: "policy",
    message:
      "An approver has denied a higher limit, or has yet to decide; approval_id is the request. Ask again with " +
      "requires_approval and approval_amount_delta_cents, or leave nte_cents at or below what it is.",
  },
  EVIDENCE_NOT_STORED: {
    status: 409,
    dimension: "evidence",
    message: "The object the evidence names is not in the store; upload it first.",
  },
  EVIDENCE_CHECKSUM_MISMATCH: {
    status: 409,
    dimension: "evidence",
    message: "The stored object differs from what was announced; upload it again.",
  },
  EVIDENCE_LIMIT: {
    status: 409,
    dimension: "evidence",
    message:
      "The ticket has as much evidence, announced uploads included, as the policy allows one ticket (evidence.max_items_per_ticket). " +
      "Leave out what proves nothing new; an operator can raise the limit.",
  },
  EVIDENCE_DUPLICATE: {
    status: 409,
    dimension: "evidence",
    message: "The same file is on record already; duplicate_of names ticket and key. Bring another one.",
  },
  MERGED: {
    status: 410,
    message:
      "It was merged into another one; name that instead: into is its id, null where your scope does not reach it.",
  },
  PAYLOAD_TOO_LARGE: { status: 413, message: "The body is larger than 256 KiB." },
  EVIDENCE_TOO_LARGE: {
    status: 413,
    message: "The file is larger than max_bytes, which depends on its type; make it smaller.",
  },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    message: "The file ends before the Range that was asked for begins; Content-Range says how long it is.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    message: "This type of file is not accepted here; accepted lists those that are.",
  },
  RATE_LIMITED: { status: 429, message: "Too many commands from this actor; wait for Retry-After." },
  AUTH_CONFIG_ERROR: {
    status: 500,
    dimension: "policy",
    signal: "auth_policy_rejection",
    message: "A bearer token came, but the server has no key to verify it with.",
  },
  INTERNAL_ERROR: { status: 500, message: "A defect in dispatch-api; the reference finds it in the log." },
  DEPENDENCY_UNAVAILABLE: {
    status: 503,
    message: "A part Dispatch depends on is away; retry with the same Idempotency-Key.",
  },
});

export type ErrorCode = keyof typeof errorRegistry;
/** Codes that say which side of the policy refused. */
export type PolicyErrorCode = {
  [C in ErrorCode]: (typeof errorRegistry)[C] extends { readonly dimension: Dimension } ? C : never;
}[ErrorCode];

/** Every code with its entry, in the registry's order. */
export const errorEntries: readonly (readonly [ErrorCode, ErrorEntry])[] = Object.entries(errorRegistry).flatMap(
  ([code, entry]) => (isErrorCode(code) ? [[code, entry] as const] : []),
);

/** Tells whether a text is a code of the registry. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorRegistry, text);
}

/** The codes whose stored rejections count towards a signal. */
export function codesOf(signal: Signal): ErrorCode[] {
  return errorEntries.filter(([, entry]) => entry.signal === signal).map(([code]) => code);
}

/** Why a closeout gate stays shut. */
export const requirementCodes = [
  "TEMPLATE_NOT_FOUND",
  "MISSING_SIGNATURE_CONFIRMATION",
  "INVALID_EVIDENCE_REFERENCE",
  "MISSING_EVIDENCE",
  "MISSING_CHECKLIST",
  "MISSING_REQUIREMENTS",
  "MISSING_COMPLETION_CONTEXT",
  "AUTOMATION_RISK_BLOCK",
] as const;
export type RequirementCode = (typeof requirementCodes)[number];
