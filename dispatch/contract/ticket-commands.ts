// What may be asked of a ticket from intake to close: one entry per command.

import { defineCommands } from "./entry.ts";
import {
  cents,
  expectedVersion,
  freeText,
  idOf,
  incidentType,
  line,
  maxCents,
  note,
  oneOf,
  optional,
  priority,
  ticketRef,
  time,
  Type,
  uuid,
} from "./fields.ts";
import type { AccountId, ApprovalId, SiteId } from "./ids.ts";
import * as body from "./responses.ts";
import { cancellableStates } from "./states.ts";
import * as sample from "./sample-values.ts";

const account = () => idOf<AccountId>("Account that pays; its id as directory.search gives it");
const site = () => idOf<SiteId>("Site of that account where the work is; its id as directory.search gives it");
const confidence = (description: string) => Type.Number({ minimum: 0, maximum: 100, description });
const nte = (absence: string) => cents(`Not-to-exceed limit agreed with the customer, in cents; absent: ${absence}`);
const summary = () => line(500, { description: "The problem in one line" });
const description = () => freeText(10_000, { description: "The problem in the customer's words; absent: none" });

const reasons = () =>
  Type.Array(line(1_000), { minItems: 1, maxItems: 50, description: "What has to be put right, one reason each" });
const demandedKeys = () =>
  Type.Array(line(100), {
    maxItems: 50,
    description:
      "Evidence keys of which a new object must be brought before the work can be completed again; absent: none",
  });

const handoff = (absence: string) =>
  Type.Boolean({ description: `True when a person has done the SOP handoff for this call; absent: ${absence}` });

export const ticketCommands = defineCommands({
  "ticket.create": {
    path: "/tickets",
    roles: ["dispatcher", "agent"],
    aggregate: "ticket",
    effect: "creates",
    from: [],
    to: ["NEW"],
    status: 201,
    summary:
      "Open a NEW ticket for a known account and site; ticket.triage classifies it afterwards. For a " +
      "call whose caller and fault are already known use ticket.blind_intake.",
    next: ["ticket.triage", "ticket.request_info"],
    input: Type.Object({
      account_id: account(),
      site_id: site(),
      summary: summary(),
      asset_id: optional(uuid("The door or unit the work is on, one of that site; absent: none named")),
      description: optional(description()),
      nte_cents: optional(nte("0")),
    }),
    example: {
      account_id: sample.account,
      site_id: sample.site,
      summary: "Shop front door cannot be locked",
      description: "The pane next to the lock is broken; the customer waits on site.",
      nte_cents: 88_000,
    },
    output: body.ticket,
  },
  "ticket.blind_intake": {
    path: "/tickets/intake",
    roles: ["dispatcher", "agent"],
    aggregate: "ticket",
    effect: "creates",
    from: [],
    to: ["READY_TO_SCHEDULE", "TRIAGED"],
    status: 201,
    summary:
      "Open and classify a ticket from a call in one step. It becomes READY_TO_SCHEDULE only when " +
      "caller, fault and SOP handoff are certain, else TRIAGED; the same call made again is refused.",
    next: ["schedule.slots", "schedule.book", "ticket.triage"],
    input: Type.Object({
      account_id: account(),
      site_id: site(),
      summary: summary(),
      incident_type: incidentType(),
      customer_name: line(200, { description: "Who called" }),
      contact_phone: optional(
        line(60, {
          description: "Caller's phone; only its 7 to 16 digits are kept; required unless contact_email is given",
        }),
      ),
      contact_email: optional(line(254, { description: "Caller's email; required unless contact_phone is given" })),
      priority: priority(),
      description: optional(description()),
      nte_cents: optional(nte("0")),
      identity_confidence: confidence(
        "How certain it is who called, 0 to 100, decimals cut off; too low and the ticket only becomes TRIAGED",
      ),
      classification_confidence: confidence(
        "How certain the incident type is, 0 to 100, decimals cut off; too low and the ticket only becomes TRIAGED",
      ),
      sop_handoff_acknowledged: optional(handoff("false")),
      sop_handoff_prompt: optional(
        freeText(2_000, {
          description: "What a person has to check by the SOP while the ticket is uncertain; absent: a standard text",
        }),
      ),
    }),
    example: {
      account_id: sample.account,
      site_id: sample.site,
      summary: "Front door does not latch",
      incident_type: "DOOR_WONT_LATCH",
      customer_name: "Kim Park",
      contact_phone: "510 555 0100",
      priority: "URGENT",
      nte_cents: 45_000,
      identity_confidence: 95,
      classification_confidence: 90,
      sop_handoff_acknowledged: true,
    },
    output: body.ticket,
  },
  "ticket.request_info": {
    path: "/tickets/{ticketId}/request-info",
    roles: ["dispatcher", "agent"],
    aggregate: "ticket",
    effect: "changes",
    from: ["NEW", "TRIAGED"],
    to: ["NEEDS_INFO"],
    status: 200,
    summary:
      "Park a ticket in NEEDS_INFO with questions for the customer. It contacts nobody: ask them " +
      "yourself, and once they answer call ticket.triage.",
    next: ["ticket.triage", "ticket.cancel"],
    input: Type.Object({
      questions: Type.Array(line(1_000), {
        minItems: 1,
        maxItems: 50,
        description: "What the customer has to answer, one question each",
      }),
    }),
    example: { questions: ["Which door is it, and does it still close?", "Who will be on site tomorrow morning?"] },
    output: body.ticket,
  },
  "ticket.triage": {
    path: "/tickets/{ticketId}/triage",
    roles: ["dispatcher", "agent"],
    aggregate: "ticket",
    effect: "changes",
    from: ["NEW", "NEEDS_INFO", "TRIAGED", "READY_TO_SCHEDULE"],
    to: ["TRIAGED", "READY_TO_SCHEDULE", "APPROVAL_REQUIRED"],
    status: 200,
    summary:
      "Set priority, incident type and cost limit, and choose what follows: TRIAGED (default), READY_TO_SCHEDULE (again, to " +
      "put them right), or APPROVAL_REQUIRED, which asks an approver. It books nothing.",
    next: ["schedule.slots", "schedule.book", "schedule.propose", "approval.decide"],
    input: Type.Object({
      priority: priority(),
      incident_type: incidentType(),
      nte_cents: optional(nte("as it was")),
      workflow_outcome: optional(
        oneOf(
          ["TRIAGED", "READY_TO_SCHEDULE", "APPROVAL_REQUIRED"],
          "State to go to; absent: requires_approval, then ready_to_schedule decides",
        ),
      ),
      requires_approval: optional(
        Type.Boolean({
          description: "True: go to APPROVAL_REQUIRED, unless workflow_outcome says otherwise; absent: false",
        }),
      ),
      ready_to_schedule: optional(
        Type.Boolean({
          description:
            "True: go to READY_TO_SCHEDULE, unless workflow_outcome or requires_approval decides; absent: false, so TRIAGED",
        }),
      ),
      approval_reason: optional(
        freeText(2_000, { description: "Why approval is needed; absent: TRIAGE_REQUIRES_APPROVAL" }),
      ),
      approval_amount_delta_cents: optional(cents("How much approval raises the limit by, in cents; absent: 0")),
      sop_handoff_acknowledged: optional(handoff("as it was")),
      expected_version: expectedVersion(),
    }),
    example: {
      priority: "EMERGENCY",
      incident_type: "CANNOT_SECURE_ENTRY",
      nte_cents: 88_000,
      ready_to_schedule: true,
    },
    output: body.ticket,
  },
  "ticket.cancel": {
    path: "/tickets/{ticketId}/cancel",
    roles: ["dispatcher", "approver"],
    aggregate: "ticket",
    effect: "changes",
    from: cancellableStates,
    to: ["CANCELLED"],
    status: 200,
    summary:
      "Call the work off for good, at any time before it is completed; its booking, hold and open " +
      "approval end with it. To close work that is done and invoiced use ticket.close.",
    next: [],
    input: Type.Object({
      reason: note("Why the work is called off, at least 3 characters", 3),
      cancellation_code: optional(
        line(100, { description: "The desk's own code for the reason, e.g. CUSTOMER; absent: none" }),
      ),
    }),
    example: { reason: "The customer repaired the door", cancellation_code: "CUSTOMER" },
    output: body.ticket,
  },
  "ticket.close": {
    path: "/tickets/{ticketId}/close",
    roles: ["dispatcher", "finance"],
    aggregate: "ticket",
    effect: "changes",
    from: ["INVOICED"],
    to: ["CLOSED"],
    status: 200,
    summary:
      "Close an INVOICED ticket for good and store its closeout packet. To call off work that is not done use ticket.cancel.",
    next: [],
    input: Type.Object({ closure_note: optional(note("Remark on closing, kept in the history; absent: none")) }),
    example: { closure_note: "Paid by card" },
    output: body.closed,
  },
  "ticket.return_visit": {
    path: "/tickets/{ticketId}/return-visit",
    roles: ["dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    from: ["ON_HOLD"],
    to: ["READY_TO_SCHEDULE"],
    status: 200,
    summary:
      "Send work that is ON_HOLD back to scheduling for another visit; its time and technician are " +
      "cleared. To go on within the same visit use tech.resume.",
    next: ["schedule.slots", "schedule.book", "schedule.propose"],
    input: Type.Object({ note: optional(note("Why another visit is needed; absent: none")) }),
    example: { note: "The strike plate arrives next week" },
    output: body.ticket,
  },
  "approval.decide": {
    path: "/tickets/{ticketId}/approval/decide",
    roles: ["approver", "dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["APPROVAL_REQUIRED"],
    to: ["READY_TO_SCHEDULE", "IN_PROGRESS", "TRIAGED", "VERIFIED"],
    status: 200,
    summary:
      "Approve or deny a pending request; nobody decides their own. An approved NTE_INCREASE raises the " +
      "cost limit at once; after a denial the work goes on as it was agreed before, or stays TRIAGED where none has begun.",
    next: ["schedule.slots", "tech.complete", "ticket.triage", "billing.generate_invoice"],
    input: Type.Object({
      approval_id: idOf<ApprovalId>("The request: the ticket's pending_approval_id, or an id from approval.list"),
      decision: oneOf(["APPROVED", "DENIED"], "What the approver decided"),
      notes: optional(note("Why it was decided so; absent: none")),
    }),
    example: { approval_id: sample.approval, decision: "APPROVED", notes: "Agreed with the customer by phone" },
    output: body.ticket,
  },
  "qa.verify": {
    path: "/tickets/{ticketId}/qa/verify",
    roles: ["qa", "dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["COMPLETED_PENDING_VERIFICATION"],
    to: ["VERIFIED"],
    status: 200,
    summary:
      "Confirm that completed work is good, so that it can be invoiced; the closeout requirements are " +
      "checked once more. A FAIL changes nothing: send the work back with qa.return_work.",
    next: ["billing.generate_invoice"],
    input: Type.Object({
      timestamp: time("When the check was made; ISO 8601 with zone"),
      result: oneOf(["PASS", "FAIL"], "PASS confirms the work; FAIL is refused, with the notes"),
      notes: optional(note("What was checked; absent: none")),
    }),
    example: { timestamp: sample.time.afterwards, result: "PASS", notes: "Photos show the door latched" },
    output: body.ticket,
  },
  "qa.return_work": {
    path: "/tickets/{ticketId}/qa/return-work",
    roles: ["qa", "dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["COMPLETED_PENDING_VERIFICATION"],
    to: ["IN_PROGRESS"],
    status: 200,
    summary:
      "Send completed work back to the technician, IN_PROGRESS, with reasons. Use it in place of qa.verify when the work is not good.",
    next: ["tech.job_packet", "closeout.request_upload", "tech.complete"],
    input: Type.Object({ reasons: reasons(), required_evidence_keys: optional(demandedKeys()) }),
    example: {
      reasons: ["The photo does not show the strike plate"],
      required_evidence_keys: ["photo_after_latched_alignment"],
    },
    output: body.ticket,
  },
  "qa.reopen": {
    path: "/tickets/{ticketId}/qa/reopen",
    roles: ["qa", "dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["VERIFIED"],
    to: ["IN_PROGRESS", "READY_TO_SCHEDULE"],
    status: 200,
    summary:
      "Take VERIFIED work back with reasons, before it is invoiced: to be put right by who did it, or on another visit. " +
      "Work that is not verified yet goes back by qa.return_work.",
    said: ["reopen it because the photo shows another door"],
    next: ["tech.job_packet", "tech.complete", "schedule.slots", "schedule.book"],
    input: Type.Object({
      reasons: reasons(),
      required_evidence_keys: optional(demandedKeys()),
      workflow_outcome: optional(
        oneOf(
          ["IN_PROGRESS", "READY_TO_SCHEDULE"],
          "IN_PROGRESS: the same technician goes on; READY_TO_SCHEDULE: another visit is planned; absent: IN_PROGRESS",
        ),
      ),
    }),
    example: { reasons: ["The hours of the second day are missing"] },
    output: body.ticket,
  },
  "billing.request_limit": {
    path: "/tickets/{ticketId}/billing/request-limit",
    roles: ["finance", "dispatcher"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["VERIFIED"],
    to: ["APPROVAL_REQUIRED"],
    status: 200,
    summary:
      "Ask for a higher cost limit for VERIFIED work whose invoice would exceed it; it is VERIFIED again once approval.decide " +
      "has said yes or no. During the work use tech.request_change.",
    said: ["ask for $200 more because the frame was bent"],
    next: ["approval.decide", "approval.list"],
    input: Type.Object({
      amount_delta_cents: Type.Integer({
        minimum: 1,
        maximum: maxCents,
        description: "How much more than the limit it costs, in cents; approval raises the limit by it",
      }),
      reason: note("Why it cost more, for the approver", 1),
    }),
    example: { amount_delta_cents: 12_500, reason: "The frame had to be straightened first" },
    output: body.changeRequested,
  },
  "billing.generate_invoice": {
    path: "/tickets/{ticketId}/billing/generate-invoice",
    roles: ["finance"],
    aggregate: "ticket",
    effect: "changes",
    executes: true,
    from: ["VERIFIED", "CLOSED", "CANCELLED"],
    to: ["INVOICED", "CLOSED", "CANCELLED"],
    status: 200,
    summary:
      "Invoice VERIFIED work, all visits, by the price book with adjustments; refused above the cost limit. A CANCELLED call-out to " +
      "which somebody came is billed and stays so; CLOSED work anew once credited whole. Sends and closes nothing.",
    next: ["invoice.get", "ticket.close"],
    input: Type.Object({
      purchase_order: optional(
        line(60, { description: "The customer's own order number, printed on the invoice; absent: none" }),
      ),
      adjustments: optional(
        Type.Array(
          Type.Object({
            description: line(500, { description: "What the invoice line says" }),
            amount_cents: Type.Integer({
              minimum: -1_000_000_000_000,
              maximum: 1_000_000_000_000,
              description: "In cents, before tax; negative for a credit, which lowers the tax of its lines as well",
            }),
            applies_to: optional(
              oneOf(
                ["labor", "travel", "materials", "trip"],
                "The lines it belongs to, and whose tax it has; absent: a credit lowers all lines in proportion, a charge is untaxed",
              ),
            ),
          }),
          { maxItems: 50, description: "Lines beside work and trip charge; absent: none" },
        ),
      ),
    }),
    example: { adjustments: [{ description: "Goodwill", amount_cents: -500 }] },
    output: body.invoiced,
  },
  "ops.autonomy.pause": {
    path: "/ops/autonomy/pause",
    roles: ["dispatcher"],
    aggregate: "desk",
    effect: "touches",
    from: [],
    to: [],
    status: 200,
    summary:
      "Stop all completions, and the worker, in a scope: everywhere, for an incident type, or for one " +
      "ticket. Other commands go on; ops.autonomy.rollback resumes.",
    next: ["ops.autonomy.state", "ops.autonomy.rollback"],
    input: autonomyInput(),
    example: { scope_type: "INCIDENT", incident_type: "AUTO_OPERATOR_FAULT", reason: "The maker recalls its sensors" },
    output: body.control,
  },
  "ops.autonomy.rollback": {
    path: "/ops/autonomy/rollback",
    roles: ["dispatcher"],
    aggregate: "desk",
    effect: "touches",
    from: [],
    to: [],
    status: 200,
    summary:
      "Resume completions and the worker in exactly the scope given, ending its pause; a narrower scope " +
      "keeps its own setting. It undoes no other work.",
    next: ["ops.autonomy.state"],
    input: autonomyInput(),
    example: { scope_type: "INCIDENT", incident_type: "AUTO_OPERATOR_FAULT", reason: "The recall is over" },
    output: body.control,
  },
});

function autonomyInput() {
  const scope = (value: string) => ({ properties: { scope_type: { const: value } }, required: ["scope_type"] });
  const only = (scopeType: string, field: string) => ({
    if: scope(scopeType),
    then: { required: [field] },
    else: { not: { required: [field] } },
  });
  return Type.Object(
    {
      scope_type: optional(
        oneOf(
          ["GLOBAL", "INCIDENT", "TICKET"],
          "How far it reaches: all; INCIDENT, with incident_type; TICKET, with ticket_id; absent: GLOBAL",
        ),
      ),
      incident_type: optional(incidentType("; only with scope INCIDENT")),
      ticket_id: optional(ticketRef("The ticket; only with scope TICKET, and then required")),
      reason: optional(note("Why, for whoever meets the pause; absent: none")),
    },
    {
      description: "incident_type goes with scope INCIDENT and ticket_id with TICKET, always and only",
      allOf: [only("INCIDENT", "incident_type"), only("TICKET", "ticket_id")],
    },
  );
}
