// For the request fields' test: of each command bodies that are good, and single changes that make one bad, with the field
// that is then at fault.

import type { CommandName } from "../../dispatch/contract/index.ts";
import { planRules } from "./plan-rules.ts";
import { rosterRules } from "./roster-rules.ts";

export type Rules = {
  /** The first is changed by `bad`; all must be accepted. */
  readonly good: readonly [object, ...object[]];
  readonly bad: readonly (readonly [change: object, field: string])[];
};

const uuid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
const window = { start: "2026-05-01T10:00:00Z", end: "2026-05-01T12:00:00Z" };
const backwards = { start: window.end, end: window.start };
const empty = { start: window.start, end: window.start };
const place = { account_id: uuid, site_id: uuid };
const completion = { checklist_status: { work_performed: true, more: false } };
const autonomy: Rules = {
  good: [{}, { scope_type: "GLOBAL", reason: "night" }, { scope_type: "INCIDENT", incident_type: "GLASS" }],
  bad: [
    [{ scope_type: "SITE" }, "scope_type"],
    [{ scope_type: "global" }, "scope_type"],
    [{ reason: 7 }, "reason"],
    [{ scope_type: "INCIDENT" }, "incident_type"],
    [{ scope_type: "TICKET", ticket_id: "17" }, "ticket_id"],
  ],
};
const completing: Rules = {
  good: [
    completion,
    { checklist_status: {}, no_signature_reason: "", evidence_refs: [] },
    { ...completion, work: {} },
    {
      ...completion,
      work: {
        labor_minutes: 0,
        travel_minutes: 1,
        parts: [{ sku: "A", description: "Strike", quantity: 0.5, unit_price_cents: 0 }],
      },
    },
    { ...completion, evidence_refs: [uuid, "s3://bucket/key"] },
  ],
  bad: [
    [{ checklist_status: undefined }, "checklist_status"],
    [{ checklist_status: [] }, "checklist_status"],
    [{ checklist_status: { work_performed: "true" } }, "checklist_status"],
    [{ no_signature_reason: true }, "no_signature_reason"],
    [{ evidence_refs: "s3://bucket/key" }, "evidence_refs"],
    [{ evidence_refs: [7] }, "evidence_refs"],
    [{ work: { labor_minutes: -1 } }, "work"],
    [{ work: { travel_minutes: 1.5 } }, "work"],
    [{ work: { parts: [{ sku: "A", description: "Strike", quantity: 0, unit_price_cents: 5 }] } }, "work"],
    [{ work: { parts: [{ sku: "A", quantity: 1, unit_price_cents: 5 }] } }, "work"],
    [{ work: { parts: [{ sku: "A", description: "Strike", quantity: 1, unit_price_cents: 5.5 }] } }, "work"],
  ],
};

export const fieldRules: { readonly [Tool in CommandName]: Rules } = {
  "ticket.create": {
    good: [
      { ...place, summary: "x" },
      { ...place, summary: ` ${"x".repeat(500)} `, description: "y".repeat(10_000), nte_cents: 0, asset_id: uuid },
      { ...place, summary: "Tür klemmt 🚪", description: "line\none\ttab", nte_cents: 1_000_000_000_000 },
    ],
    bad: [
      [{ account_id: undefined }, "account_id"],
      [{ account_id: "acme" }, "account_id"],
      [{ site_id: `{${uuid}}` }, "site_id"],
      [{ site_id: uuid.replaceAll("-", "") }, "site_id"],
      [{ asset_id: "" }, "asset_id"],
      [{ summary: undefined }, "summary"],
      [{ summary: "  " }, "summary"],
      [{ summary: "x".repeat(501) }, "summary"],
      [{ summary: 7 }, "summary"],
      [{ summary: "two\nlines" }, "summary"],
      [{ description: "y".repeat(10_001) }, "description"],
      [{ nte_cents: -1 }, "nte_cents"],
      [{ nte_cents: 0.5 }, "nte_cents"],
      [{ nte_cents: "100" }, "nte_cents"],
      [{ nte_cents: 1e300 }, "nte_cents"],
    ],
  },
  "ticket.blind_intake": {
    good: [
      {
        ...place,
        summary: "x",
        incident_type: "GLASS",
        customer_name: "Kim",
        contact_email: "k@x.org",
        priority: "routine",
        identity_confidence: 0,
        classification_confidence: 100,
      },
      {
        ...place,
        summary: "x",
        incident_type: "glass",
        customer_name: "Kim",
        contact_phone: "555-0100",
        priority: "Urgent",
        identity_confidence: 50.5,
        classification_confidence: 0.1,
        sop_handoff_acknowledged: false,
        sop_handoff_prompt: "ask\ntwice",
      },
    ],
    bad: [
      [{ incident_type: undefined }, "incident_type"],
      [{ customer_name: undefined }, "customer_name"],
      [{ customer_name: "" }, "customer_name"],
      [{ priority: undefined }, "priority"],
      [{ priority: "SOON" }, "priority"],
      [{ identity_confidence: undefined }, "identity_confidence"],
      [{ identity_confidence: 101 }, "identity_confidence"],
      [{ classification_confidence: "99" }, "classification_confidence"],
      [{ sop_handoff_acknowledged: "yes" }, "sop_handoff_acknowledged"],
      [{ contact_phone: "123456" }, "contact_phone"],
      [{ contact_email: "@x.org" }, "contact_email"],
    ],
  },
  "ticket.request_info": {
    good: [{ questions: ["Which door?"] }, { questions: ["a", "b"] }],
    bad: [
      [{ questions: undefined }, "questions"],
      [{ questions: [] }, "questions"],
      [{ questions: "Which door?" }, "questions"],
      [{ questions: ["a", " "] }, "questions"],
      [{ questions: ["a", null] }, "questions"],
    ],
  },
  "ticket.triage": {
    good: [
      { priority: "emergency", incident_type: "GLASS" },
      {
        priority: "URGENT",
        incident_type: "glass",
        nte_cents: 5,
        requires_approval: true,
        ready_to_schedule: false,
        approval_reason: "",
        approval_amount_delta_cents: 0,
        sop_handoff_acknowledged: true,
      },
    ],
    bad: [
      [{ priority: undefined }, "priority"],
      [{ incident_type: "" }, "incident_type"],
      [{ workflow_outcome: "NEW" }, "workflow_outcome"],
      [{ workflow_outcome: "triaged" }, "workflow_outcome"],
      [{ requires_approval: "true" }, "requires_approval"],
      [{ ready_to_schedule: 1 }, "ready_to_schedule"],
      [{ approval_amount_delta_cents: -1 }, "approval_amount_delta_cents"],
      [{ nte_cents: null }, "nte_cents"],
    ],
  },
  "ticket.cancel": {
    good: [{ reason: "abc" }, { reason: "they\nfixed it", cancellation_code: "C1" }],
    bad: [
      [{ reason: undefined }, "reason"],
      [{ reason: " ab " }, "reason"],
      [{ cancellation_code: "" }, "cancellation_code"],
    ],
  },
  "ticket.close": { good: [{}, { closure_note: "paid\nin cash" }], bad: [[{ closure_note: 7 }, "closure_note"]] },
  "ticket.return_visit": { good: [{}, { note: "parts" }], bad: [[{ note: [] }, "note"]] },
  "approval.decide": {
    good: [
      { approval_id: uuid, decision: "APPROVED" },
      { approval_id: uuid.toUpperCase(), decision: "DENIED", notes: "no" },
    ],
    bad: [
      [{ approval_id: "17" }, "approval_id"],
      [{ decision: "MAYBE" }, "decision"],
      [{ decision: undefined }, "decision"],
      [{ notes: {} }, "notes"],
    ],
  },
  "qa.verify": {
    good: [
      { timestamp: "2026-05-01T10:00:00Z", result: "PASS" },
      { timestamp: "2026-05-01T10:00:00.123456+05:30", result: "FAIL", notes: "x" },
    ],
    bad: [
      [{ timestamp: undefined }, "timestamp"],
      [{ timestamp: "2026-05-01" }, "timestamp"],
      [{ result: "pass" }, "result"],
    ],
  },
  "qa.return_work": {
    good: [{ reasons: ["sticks"] }, { reasons: ["a", "b"], required_evidence_keys: [] }],
    bad: [
      [{ reasons: [] }, "reasons"],
      [{ reasons: undefined }, "reasons"],
      [{ required_evidence_keys: "photo" }, "required_evidence_keys"],
    ],
  },
  "billing.generate_invoice": {
    good: [{}, { adjustments: [] }, { adjustments: [{ description: "goodwill", amount_cents: -1 }] }],
    bad: [
      [{ adjustments: {} }, "adjustments"],
      [{ adjustments: [{ description: "x" }] }, "adjustments"],
      [{ adjustments: [{ description: "x", amount_cents: 0.1 }] }, "adjustments"],
    ],
  },
  "ops.autonomy.pause": autonomy,
  "ops.autonomy.rollback": autonomy,
  "schedule.propose": {
    good: [
      { options: [window] },
      { options: [window, { start: "2026-05-02T10:00:00+02:00", end: "2026-05-02T10:00:00Z" }] },
    ],
    bad: [
      [{ options: undefined }, "options"],
      [{ options: [] }, "options"],
      [{ options: window }, "options"],
      [{ options: [window, backwards] }, "options"],
      [{ options: [empty] }, "options"],
      [{ options: [{ start: window.start }] }, "options"],
      [{ options: [{ ...window, end: "2026-05-01T12:00:00" }] }, "options"],
    ],
  },
  "schedule.confirm": {
    good: [window, { start: "2026-05-01t10:00:00z", end: "2026-05-01 12:00Z" }],
    bad: [
      [{ start: undefined }, "start"],
      [{ end: undefined }, "end"],
      [backwards, ""],
      [empty, ""],
      [{ start: "2026-02-30T10:00:00Z" }, "start"],
      [{ start: "2025-02-29T10:00:00Z" }, "start"],
      [{ start: "2026-13-01T10:00:00Z" }, "start"],
      [{ start: "2026-05-01T25:00:00Z" }, "start"],
      [{ start: "2026-05-01T10:60:00Z" }, "start"],
      [{ start: "2026-05-01T10:00:00+99:00" }, "start"],
      [{ start: "10000-05-01T10:00:00Z" }, "start"],
      [{ start: "0001-05-01T10:00:00Z" }, "start"],
      [{ start: "May 1, 2026 10:00 UTC" }, "start"],
      [{ start: 1_777_629_600_000 }, "start"],
    ],
  },
  "schedule.book": {
    good: [
      {},
      { earliest: window.start, latest: window.end, duration_minutes: 5, tech_id: uuid, strategy: "least_travel" },
    ],
    bad: [
      [{ earliest: "now" }, "earliest"],
      [{ latest: 5 }, "latest"],
      [{ duration_minutes: 4 }, "duration_minutes"],
      [{ duration_minutes: 1_441 }, "duration_minutes"],
      [{ tech_id: "ana" }, "tech_id"],
      [{ strategy: "BEST" }, "strategy"],
    ],
  },
  "schedule.reopen": {
    good: [{ reason: "x" }],
    bad: [
      [{ reason: undefined }, "reason"],
      [{ reason: " " }, "reason"],
    ],
  },
  "schedule.hold": {
    good: [
      { hold_reason: "CUSTOMER_PENDING", confirmation_window: window },
      { hold_reason: "customer_Unreachable", confirmation_window: window },
      { hold_reason: "customer_confirmation_stale", confirmation_window: window },
    ],
    bad: [
      [{ hold_reason: undefined }, "hold_reason"],
      [{ hold_reason: "LATER" }, "hold_reason"],
      [{ confirmation_window: undefined }, "confirmation_window"],
      [{ confirmation_window: backwards }, "confirmation_window"],
      [{ confirmation_window: { start: window.start } }, "confirmation_window"],
    ],
  },
  "schedule.release": {
    good: [{ customer_confirmation_log: "x" }, { customer_confirmation_id: uuid }],
    bad: [
      [{ customer_confirmation_log: undefined }, "customer_confirmation"],
      [{ customer_confirmation_log: " " }, "customer_confirmation_log"],
      [{ customer_confirmation_log: 7 }, "customer_confirmation_log"],
    ],
  },
  "schedule.rollback": {
    good: [{ confirmation_id: uuid }, { confirmation_id: uuid, reason: "x" }],
    bad: [
      [{ confirmation_id: undefined }, "confirmation_id"],
      [{ reason: 7 }, "reason"],
    ],
  },
  "assignment.recommend": {
    good: [
      { service_type: "DEFAULT" },
      { service_type: "glass_v2", recommendation_limit: 20, preferred_window: window },
    ],
    bad: [
      [{ service_type: undefined }, "service_type"],
      [{ service_type: "" }, "service_type"],
      [{ recommendation_limit: 0 }, "recommendation_limit"],
      [{ recommendation_limit: 21 }, "recommendation_limit"],
      [{ preferred_window: backwards }, "preferred_window"],
    ],
  },
  "assignment.dispatch": {
    good: [
      { tech_id: uuid },
      { tech_id: uuid, provider_id: uuid, recommendation_snapshot_id: null, dispatch_mode: "STANDARD" },
      {
        tech_id: uuid,
        recommendation_snapshot_id: "",
        dispatch_mode: "EMERGENCY_BYPASS",
        dispatch_rationale: "",
        dispatch_confirmation: false,
      },
      { tech_id: uuid, recommendation_snapshot_id: uuid, dispatch_mode: "WORKER_AUTO" },
    ],
    bad: [
      [{ tech_id: undefined }, "tech_id"],
      [{ tech_id: null }, "tech_id"],
      [{ provider_id: "p" }, "provider_id"],
      [{ recommendation_snapshot_id: "newest" }, "recommendation_snapshot_id"],
      [{ dispatch_mode: "FAST" }, "dispatch_mode"],
      [{ dispatch_rationale: 7 }, "dispatch_rationale"],
      [{ dispatch_confirmation: "true" }, "dispatch_confirmation"],
    ],
  },
  "assignment.override": {
    good: [
      { override_type: "reassign_tech", reason_code: "capacity", note: "ten chars.", tech_id: uuid },
      { override_type: "reassign_provider", reason_code: "other", note: "ten chars.", provider_id: uuid },
      { override_type: "direct_dispatch_bypass", reason_code: "skill_mismatch", note: "ten chars.", tech_id: uuid },
    ],
    bad: [
      [{ override_type: undefined }, "override_type"],
      [{ override_type: "REASSIGN_TECH" }, "override_type"],
      [{ reason_code: "mood" }, "reason_code"],
      [{ note: "too short" }, "note"],
      [{ tech_id: undefined }, "tech_id"],
      [{ override_type: "reassign_provider" }, "provider_id"],
    ],
  },
  "assignment.unassign": {
    good: [{ reason_code: "customer_request", note: "ten chars." }],
    bad: [
      [{ reason_code: undefined }, "reason_code"],
      [{ reason_code: "parts" }, "reason_code"],
      [{ note: " too short " }, "note"],
    ],
  },
  "tech.check_in": {
    good: [{ timestamp: window.start }, { timestamp: window.start, location: { lat: -90, lon: 180 } }],
    bad: [
      [{ timestamp: undefined }, "timestamp"],
      [{ timestamp: "now" }, "timestamp"],
      [{ location: { lat: 91, lon: 0 } }, "location"],
      [{ location: { lat: 0 } }, "location"],
      [{ location: [0, 0] }, "location"],
      [{ location: { lat: "0", lon: 0 } }, "location"],
    ],
  },
  "tech.hold": {
    good: [{ reason_code: "parts" }, { reason_code: "weather", note: "snow" }],
    bad: [
      [{ reason_code: undefined }, "reason_code"],
      [{ reason_code: "capacity" }, "reason_code"],
    ],
  },
  "tech.resume": { good: [{}, { note: "go" }], bad: [[{ note: 1 }, "note"]] },
  "tech.request_change": {
    good: [
      { approval_type: "PROPOSAL", reason: "x" },
      { approval_type: "NTE_INCREASE", reason: "x", amount_delta_cents: 0, evidence_refs: [] },
    ],
    bad: [
      [{ approval_type: "RAISE" }, "approval_type"],
      [{ reason: undefined }, "reason"],
      [{ amount_delta_cents: -5 }, "amount_delta_cents"],
      [{ evidence_refs: [""] }, "evidence_refs"],
    ],
  },
  "closeout.request_upload": {
    good: [
      { kind: "PHOTO", content_type: "image/jpeg", size_bytes: 1, sha256: "aB".repeat(32) },
      { kind: "x", content_type: "image/gif", size_bytes: 1e9, sha256: "0".repeat(64), evidence_key: "k" },
    ],
    bad: [
      [{ kind: undefined }, "kind"],
      [{ content_type: undefined }, "content_type"],
      [{ size_bytes: undefined }, "size_bytes"],
      [{ size_bytes: 0 }, "size_bytes"],
      [{ size_bytes: "10" }, "size_bytes"],
      [{ sha256: undefined }, "sha256"],
      [{ sha256: "g".repeat(64) }, "sha256"],
      [{ evidence_key: "" }, "evidence_key"],
    ],
  },
  "closeout.add_evidence": {
    good: [
      { kind: "PHOTO", uri: "s3://b/k" },
      {
        kind: "NOTE",
        uri: "anything",
        checksum: "c",
        evidence_key: "k",
        metadata: { any: [{ depth: null }], ключ: "✓" },
      },
    ],
    bad: [
      [{ kind: "" }, "kind"],
      [{ uri: undefined }, "uri"],
      [{ uri: "x".repeat(2_049) }, "uri"],
      [{ metadata: [] }, "metadata"],
      [{ metadata: { bad: "\u0000" } }, "metadata"],
      [{ metadata: { "\u0007": "bell" } }, "metadata"],
      [{ metadata: { half: "\ud83d" } }, "metadata"],
    ],
  },
  "closeout.candidate": completing,
  "tech.complete": completing,
  ...rosterRules,
  ...planRules,
};
