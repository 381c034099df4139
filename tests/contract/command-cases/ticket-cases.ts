// The commands of dispatch/contract/ticket-commands.ts; see case.ts.

import type { ticketCommands } from "../../../dispatch/contract/ticket-commands.ts";
import { cancellable, type StateName } from "../roles-and-states.ts";
import { autonomyCases } from "./autonomy-cases.ts";
import { one, type CasesFor, type Obeyed } from "./case.ts";
import { intakeCases } from "./intake-cases.ts";
import { t, uuid } from "./samples.ts";

const triage = (outcome: StateName, from: StateName): Obeyed => ({
  way: outcome,
  body: () => ({ priority: "URGENT", incident_type: "DOOR_WONT_LATCH", nte_cents: 90_000, workflow_outcome: outcome }),
  path:
    from === "READY_TO_SCHEDULE" ? [] : from === "TRIAGED" || outcome === "TRIAGED" ? [outcome] : ["TRIAGED", outcome],
});
const decide = (
  decision: "APPROVED" | "DENIED",
  approvalFrom: "triage" | "change" | "limit",
  to: StateName,
): Obeyed => ({
  way: `${decision} after ${approvalFrom}`,
  plan: { approvalFrom },
  body: (_api, { approvalId }) => ({ approval_id: approvalId, decision, notes: "as agreed on the phone" }),
  path: [to],
});

export const ticketCases = {
  ...intakeCases,
  ...autonomyCases,
  "ticket.request_info": {
    path: `${t}/request-info`,
    roles: ["dispatcher", "agent"],
    from: ["NEW", "TRIAGED"],
    to: ["NEEDS_INFO"],
    status: 200,
    obeyed: one(() => ({ questions: ["Which door is it?"] }), "NEEDS_INFO"),
    fields: {
      good: [{ questions: ["Which door?"] }, { questions: ["a", "b"] }],
      bad: [
        [{ questions: undefined }, "questions"],
        [{ questions: [] }, "questions"],
        [{ questions: "Which door?" }, "questions"],
        [{ questions: ["a", " "] }, "questions"],
        [{ questions: ["a", null] }, "questions"],
      ],
    },
  },
  "ticket.triage": {
    path: `${t}/triage`,
    roles: ["dispatcher", "agent"],
    from: ["NEW", "NEEDS_INFO", "TRIAGED", "READY_TO_SCHEDULE"],
    to: ["TRIAGED", "READY_TO_SCHEDULE", "APPROVAL_REQUIRED"],
    status: 200,
    obeyed: (from) =>
      (["TRIAGED", "READY_TO_SCHEDULE", "APPROVAL_REQUIRED"] as const)
        .filter((outcome) => (from === "READY_TO_SCHEDULE" ? outcome === from : outcome !== from))
        .map((outcome) => triage(outcome, from)),
    fields: {
      good: [
        { priority: "emergency", incident_type: "FRAME_OR_GLASS_DAMAGE", expected_version: 7 },
        {
          priority: "URGENT",
          incident_type: "frame_or_glass_damage",
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
  },
  "ticket.cancel": {
    path: `${t}/cancel`,
    roles: ["dispatcher", "approver"],
    from: cancellable,
    to: ["CANCELLED"],
    status: 200,
    obeyed: one(() => ({ reason: "the customer fixed it", cancellation_code: "CUSTOMER" }), "CANCELLED"),
    fields: {
      good: [{ reason: "abc" }, { reason: "they\nfixed it", cancellation_code: "C1" }],
      bad: [
        [{ reason: undefined }, "reason"],
        [{ reason: " ab " }, "reason"],
        [{ cancellation_code: "" }, "cancellation_code"],
      ],
    },
  },
  "ticket.close": {
    path: `${t}/close`,
    roles: ["dispatcher", "finance"],
    from: ["INVOICED"],
    to: ["CLOSED"],
    status: 200,
    obeyed: one(() => ({ closure_note: "paid by card" }), "CLOSED"),
    fields: { good: [{}, { closure_note: "paid\nin cash" }], bad: [[{ closure_note: 7 }, "closure_note"]] },
  },
  "ticket.return_visit": {
    path: `${t}/return-visit`,
    roles: ["dispatcher"],
    from: ["ON_HOLD"],
    to: ["READY_TO_SCHEDULE"],
    status: 200,
    obeyed: one(() => ({ note: "parts next week" }), "READY_TO_SCHEDULE"),
    fields: { good: [{}, { note: "parts" }], bad: [[{ note: [] }, "note"]] },
  },
  "approval.decide": {
    path: `${t}/approval/decide`,
    roles: ["approver", "dispatcher"],
    from: ["APPROVAL_REQUIRED"],
    to: ["READY_TO_SCHEDULE", "IN_PROGRESS", "TRIAGED", "VERIFIED"],
    status: 200,
    obeyed: () => [
      decide("APPROVED", "triage", "READY_TO_SCHEDULE"),
      decide("DENIED", "triage", "TRIAGED"),
      decide("APPROVED", "change", "IN_PROGRESS"),
      decide("DENIED", "change", "IN_PROGRESS"),
      decide("APPROVED", "limit", "VERIFIED"),
      decide("DENIED", "limit", "VERIFIED"),
    ],
    fields: {
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
  },
  "qa.verify": {
    path: `${t}/qa/verify`,
    roles: ["qa", "dispatcher"],
    from: ["COMPLETED_PENDING_VERIFICATION"],
    to: ["VERIFIED"],
    status: 200,
    obeyed: one((api) => ({ timestamp: api.clock.iso, result: "PASS" }), "VERIFIED"),
    fields: {
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
  },
  "qa.return_work": {
    path: `${t}/qa/return-work`,
    roles: ["qa", "dispatcher"],
    from: ["COMPLETED_PENDING_VERIFICATION"],
    to: ["IN_PROGRESS"],
    status: 200,
    obeyed: one(() => ({ reasons: ["the door still sticks"] }), "IN_PROGRESS"),
    fields: {
      good: [{ reasons: ["sticks"] }, { reasons: ["a", "b"], required_evidence_keys: [] }],
      bad: [
        [{ reasons: [] }, "reasons"],
        [{ reasons: undefined }, "reasons"],
        [{ required_evidence_keys: "photo" }, "required_evidence_keys"],
      ],
    },
  },
  "qa.reopen": {
    path: `${t}/qa/reopen`,
    roles: ["qa", "dispatcher"],
    from: ["VERIFIED"],
    to: ["IN_PROGRESS", "READY_TO_SCHEDULE"],
    status: 200,
    obeyed: () =>
      (["IN_PROGRESS", "READY_TO_SCHEDULE"] as const).map((outcome) => ({
        way: outcome,
        body: () => ({ reasons: ["the second day is missing"], workflow_outcome: outcome }),
        path: [outcome],
      })),
    fields: {
      good: [
        { reasons: ["a"] },
        { reasons: ["a", "b"], required_evidence_keys: ["k"], workflow_outcome: "IN_PROGRESS" },
      ],
      bad: [
        [{ reasons: [] }, "reasons"],
        [{ reasons: undefined }, "reasons"],
        [{ required_evidence_keys: "photo" }, "required_evidence_keys"],
        [{ workflow_outcome: "NEW" }, "workflow_outcome"],
      ],
    },
  },
  "billing.request_limit": {
    path: `${t}/billing/request-limit`,
    roles: ["finance", "dispatcher"],
    from: ["VERIFIED"],
    to: ["APPROVAL_REQUIRED"],
    status: 200,
    obeyed: one(() => ({ amount_delta_cents: 5_000, reason: "the frame was bent" }), "APPROVAL_REQUIRED"),
    fields: {
      good: [{ amount_delta_cents: 1, reason: "x" }],
      bad: [
        [{ amount_delta_cents: 0 }, "amount_delta_cents"],
        [{ amount_delta_cents: undefined }, "amount_delta_cents"],
        [{ reason: "" }, "reason"],
        [{ reason: undefined }, "reason"],
      ],
    },
  },
  "billing.generate_invoice": {
    path: `${t}/billing/generate-invoice`,
    roles: ["finance"],
    from: ["VERIFIED", "CLOSED", "CANCELLED"],
    to: ["INVOICED", "CLOSED", "CANCELLED"],
    status: 200,
    obeyed: (from) => [
      {
        plan: { cancelledIn: "IN_PROGRESS" },
        // What is closed has an invoice, and gets another once that is credited whole.
        arrange: async (api, { id }) =>
          from === "CLOSED" &&
          api.run("billing.credit", { as: "finance", ticket: id, body: { all: true, reason: "the wrong door" } }),
        body: () => ({ adjustments: [{ description: "goodwill", amount_cents: -500 }] }),
        path: from === "VERIFIED" ? ["INVOICED"] : [],
      },
    ],
    fields: {
      good: [
        {},
        { adjustments: [] },
        { adjustments: [{ description: "goodwill", amount_cents: -1, applies_to: "labor" }] },
      ],
      bad: [
        [{ adjustments: {} }, "adjustments"],
        [{ adjustments: [{ description: "x" }] }, "adjustments"],
        [{ adjustments: [{ description: "x", amount_cents: 0.1 }] }, "adjustments"],
        [{ adjustments: [{ description: "x", amount_cents: 1, applies_to: "adjustment" }] }, "adjustments"],
      ],
    },
  },
} satisfies CasesFor<keyof typeof ticketCommands>;
