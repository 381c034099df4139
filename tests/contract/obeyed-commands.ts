// For the matrix: what a command looks like when it is to be obeyed from a state, and where it then leads.

import type { CommandName } from "../../dispatch/contract/index.ts";
import type { TestApi } from "../support/api.ts";
import { ben } from "../support/directory.ts";
import { addAllEvidence, completion, freeWindow, type BuiltTicket, type Plan } from "../support/ticket-builder.ts";
import type { StateName } from "./command-table.ts";

export type Obeyed = {
  /** Tells the ways a command can be obeyed from one state apart. */
  readonly way?: string;
  /** How the ticket it is given on was built. */
  readonly plan?: Plan;
  readonly arrange?: (api: TestApi, ticket: BuiltTicket) => Promise<unknown>;
  readonly body: (api: TestApi, ticket: BuiltTicket) => object;
  /** The states passed through, the last one included; empty when the state stays. */
  readonly path: readonly StateName[];
};

const triage = (outcome: StateName, from: StateName): Obeyed => ({
  way: outcome,
  body: () => ({ priority: "URGENT", incident_type: "DOOR_WONT_LATCH", nte_cents: 90_000, workflow_outcome: outcome }),
  path: from === "TRIAGED" || outcome === "TRIAGED" ? [outcome] : ["TRIAGED", outcome],
});
const decide = (decision: "APPROVED" | "DENIED", approvalFrom: "triage" | "change", to: StateName): Obeyed => ({
  way: `${decision} after ${approvalFrom}`,
  plan: { approvalFrom },
  body: (_api, { approvalId }) => ({ approval_id: approvalId, decision, notes: "as agreed on the phone" }),
  path: [to],
});
const ending = (field: string) =>
  (["READY_TO_SCHEDULE", "SCHEDULE_PROPOSED", "SCHEDULED"] as const).map((heldIn): Obeyed => ({
    way: `held in ${heldIn}`,
    plan: { heldIn },
    body: (_api, { holdId }) => ({ [field]: holdId }),
    path: [heldIn],
  }));
const override = {
  override_type: "reassign_tech",
  reason_code: "capacity",
  note: "Ana is stuck in traffic",
  tech_id: ben,
};

const one = (body: Obeyed["body"], ...path: StateName[]): Obeyed[] => [{ body, path }];

/** Every way in which a command on a ticket can be obeyed from a state it allows. */
export function waysToObey(tool: CommandName, from: StateName): readonly Obeyed[] {
  switch (tool) {
    case "ticket.request_info":
      return one(() => ({ questions: ["Which door is it?"] }), "NEEDS_INFO");
    case "ticket.triage":
      return (["TRIAGED", "READY_TO_SCHEDULE", "APPROVAL_REQUIRED"] as const)
        .filter((outcome) => outcome !== from)
        .map((outcome) => triage(outcome, from));
    case "ticket.cancel":
      return one(() => ({ reason: "the customer fixed it", cancellation_code: "CUSTOMER" }), "CANCELLED");
    case "ticket.close":
      return one(() => ({ closure_note: "paid by card" }), "CLOSED");
    case "schedule.propose":
      return one((api) => ({ options: [freeWindow(api), freeWindow(api)] }), "SCHEDULE_PROPOSED");
    case "schedule.confirm":
      return one((_api, { window }) => window, "SCHEDULED");
    case "schedule.book":
      return one(() => ({ strategy: "earliest" }), "SCHEDULE_PROPOSED", "SCHEDULED");
    case "schedule.reopen":
      return one(() => ({ reason: "customer is away then" }), "READY_TO_SCHEDULE");
    case "schedule.hold":
      return one(
        (api) => ({
          hold_reason: "customer_pending",
          confirmation_window: { start: api.clock.iso, end: api.clock.in(60) },
        }),
        "PENDING_CUSTOMER_CONFIRMATION",
      );
    case "schedule.release":
      return ending("customer_confirmation_log");
    case "schedule.rollback":
      return ending("confirmation_id");
    case "assignment.recommend":
      return one(() => ({ service_type: "DEFAULT" }));
    case "assignment.dispatch":
      return from === "SCHEDULED"
        ? one((_api, { techId }) => ({ tech_id: techId, dispatch_mode: "STANDARD" }), "DISPATCHED")
        : [{ plan: { priority: "EMERGENCY" }, body: (_api, { techId }) => bypass(techId), path: ["DISPATCHED"] }];
    case "assignment.override":
      return one(() => override, ...(from === "SCHEDULED" ? (["DISPATCHED"] as const) : []));
    case "assignment.unassign":
      return one(() => ({ reason_code: "safety", note: "the van broke down" }), "SCHEDULED");
    case "tech.check_in":
      return one(
        (api) => ({ timestamp: api.clock.iso, location: { lat: 37.8, lon: -122.3 } }),
        "ON_SITE",
        "IN_PROGRESS",
      );
    case "tech.hold":
      return one(() => ({ reason_code: "parts", note: "strike plate on order" }), "ON_HOLD");
    case "tech.resume":
      return one(() => ({ note: "parts are here" }), "IN_PROGRESS");
    case "ticket.return_visit":
      return one(() => ({ note: "parts next week" }), "READY_TO_SCHEDULE");
    case "tech.request_change":
      return one(() => ({ approval_type: "PROPOSAL", reason: "the closer leaks as well" }), "APPROVAL_REQUIRED");
    case "approval.decide":
      return [
        decide("APPROVED", "triage", "READY_TO_SCHEDULE"),
        decide("DENIED", "triage", "TRIAGED"),
        decide("APPROVED", "change", "IN_PROGRESS"),
        decide("DENIED", "change", "TRIAGED"),
      ];
    case "closeout.request_upload":
      return one(() => ({ kind: "PHOTO", content_type: "image/png", size_bytes: 1_000, sha256: "ab".repeat(32) }));
    case "closeout.add_evidence":
      return one(() => ({ kind: "PHOTO", uri: "s3://camera-roll/door.png", evidence_key: "photo_of_the_street" }));
    case "closeout.candidate":
    case "tech.complete":
      return [
        {
          arrange: (api, { id }) => addAllEvidence(api, id),
          body: () => completion,
          path: ["COMPLETED_PENDING_VERIFICATION"],
        },
      ];
    case "qa.verify":
      return one((api) => ({ timestamp: api.clock.iso, result: "PASS" }), "VERIFIED");
    case "qa.return_work":
      return one(() => ({ reasons: ["the door still sticks"] }), "IN_PROGRESS");
    case "billing.generate_invoice":
      return one(() => ({ adjustments: [{ description: "goodwill", amount_cents: -500 }] }), "INVOICED");
    case "ticket.create":
    case "ticket.blind_intake":
    case "ops.autonomy.pause":
    case "ops.autonomy.rollback":
    case "roster.upsert":
    case "roster.set_shifts":
    case "roster.time_off":
    case "roster.drain":
    case "roster.undrain":
    case "roster.sign_off":
    case "plan.optimize":
    case "plan.apply":
    case "plan.cancel":
      return [];
  }
}

const bypass = (techId: string) => ({
  tech_id: techId,
  dispatch_mode: "EMERGENCY_BYPASS",
  dispatch_rationale: "shop front open at night",
  dispatch_confirmation: true,
});
