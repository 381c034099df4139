// What may be asked of a ticket from intake to close: one entry per command.

import { defineCommands } from "./entry.ts";
import {
  cents,
  freeText,
  incidentType,
  line,
  note,
  oneOf,
  optional,
  priority,
  time,
  Type,
  uuid,
} from "./fields.ts";
import * as body from "./responses.ts";
import { cancellableStates } from "./states.ts";

const confidence = (description: string) => Type.Number({ minimum: 0, maximum: 100, description });
const nte = () => cents("Not-to-exceed limit agreed with the customer, in cents");
const summary = () => line(500, { description: "The problem in one line" });
const description = () => freeText(10_000, { description: "The problem in the customer's words" });

export const ticketCommands = defineCommands({
  "ticket.create": {
    path: "/tickets",
    roles: ["dispatcher", "agent"],
    effect: "creates_ticket",
    from: [],
    to: ["NEW"],
    status: 201,
    summary: "Open a ticket for a known account and site.",
    input: Type.Object({
      account_id: uuid(),
      site_id: uuid(),
      summary: summary(),
      asset_id: optional(uuid("The door or unit the work is on")),
      description: optional(description()),
      nte_cents: optional(nte()),
    }),
    output: body.ticket,
  },
  "ticket.blind_intake": {
    path: "/tickets/intake",
    roles: ["dispatcher", "agent"],
    effect: "creates_ticket",
    from: [],
    to: ["READY_TO_SCHEDULE", "TRIAGED"],
    status: 201,
    summary: "Open and classify a ticket from a call in one step; a repeated call is recognised and refused.",
    input: Type.Object({
      account_id: uuid(),
      site_id: uuid(),
      summary: summary(),
      incident_type: incidentType(),
      customer_name: line(200),
      contact_phone: optional(line(60, { description: "Digits are kept, 7 to 16 of them" })),
      contact_email: optional(line(254)),
      priority: priority(),
      description: optional(description()),
      nte_cents: optional(nte()),
      identity_confidence: confidence("How certain it is who called, 0 to 100"),
      classification_confidence: confidence("How certain the incident type is, 0 to 100"),
      sop_handoff_acknowledged: optional(Type.Boolean()),
      sop_handoff_prompt: optional(freeText(2_000)),
    }),
    output: body.ticket,
  },
  "ticket.request_info": {
    path: "/tickets/{ticketId}/request-info",
    roles: ["dispatcher", "agent"],
    effect: "changes_ticket",
    from: ["NEW", "TRIAGED"],
    to: ["NEEDS_INFO"],
    status: 200,
    summary: "Park a ticket until the customer has answered the questions.",
    input: Type.Object({ questions: Type.Array(line(1_000), { minItems: 1, maxItems: 50 }) }),
    output: body.ticket,
  },
  "ticket.triage": {
    path: "/tickets/{ticketId}/triage",
    roles: ["dispatcher", "agent"],
    effect: "changes_ticket",
    from: ["NEW", "NEEDS_INFO", "TRIAGED"],
    to: ["TRIAGED", "READY_TO_SCHEDULE", "APPROVAL_REQUIRED"],
    status: 200,
    summary: "Set priority, incident type and limit, and say whether work may be scheduled or needs approval first.",
    input: Type.Object({
      priority: priority(),
      incident_type: incidentType(),
      nte_cents: optional(nte()),
      workflow_outcome: optional(oneOf(["TRIAGED", "READY_TO_SCHEDULE", "APPROVAL_REQUIRED"])),
      requires_approval: optional(Type.Boolean()),
      ready_to_schedule: optional(Type.Boolean()),
      approval_reason: optional(freeText(2_000)),
      approval_amount_delta_cents: optional(cents("How much the limit is to rise, in cents")),
      sop_handoff_acknowledged: optional(Type.Boolean()),
    }),
    output: body.ticket,
  },
  "ticket.cancel": {
    path: "/tickets/{ticketId}/cancel",
    roles: ["dispatcher", "approver"],
    effect: "changes_ticket",
    from: cancellableStates,
    to: ["CANCELLED"],
    status: 200,
    summary: "Call the work off; bookings, holds and open approvals end with it.",
    input: Type.Object({ reason: note(3), cancellation_code: optional(line(100)) }),
    output: body.ticket,
  },
  "ticket.close": {
    path: "/tickets/{ticketId}/close",
    roles: ["dispatcher", "finance"],
    effect: "changes_ticket",
    from: ["INVOICED"],
    to: ["CLOSED"],
    status: 200,
    summary: "Close an invoiced ticket and store its closeout packet.",
    input: Type.Object({ closure_note: optional(note()) }),
    output: body.closed,
  },
  "ticket.return_visit": {
    path: "/tickets/{ticketId}/return-visit",
    roles: ["dispatcher"],
    effect: "changes_ticket",
    from: ["ON_HOLD"],
    to: ["READY_TO_SCHEDULE"],
    status: 200,
    summary: "Send work on hold back to scheduling for another visit.",
    input: Type.Object({ note: optional(note()) }),
    output: body.ticket,
  },
  "approval.decide": {
    path: "/tickets/{ticketId}/approval/decide",
    roles: ["approver", "dispatcher"],
    effect: "changes_ticket",
    from: ["APPROVAL_REQUIRED"],
    to: ["READY_TO_SCHEDULE", "IN_PROGRESS", "TRIAGED"],
    status: 200,
    summary: "Approve or deny a pending request; an approved limit increase takes effect at once.",
    input: Type.Object({
      approval_id: uuid(),
      decision: oneOf(["APPROVED", "DENIED"]),
      notes: optional(note()),
    }),
    output: body.ticket,
  },
  "qa.verify": {
    path: "/tickets/{ticketId}/qa/verify",
    roles: ["qa", "dispatcher"],
    effect: "changes_ticket",
    from: ["COMPLETED_PENDING_VERIFICATION"],
    to: ["VERIFIED"],
    status: 200,
    summary: "Confirm that completed work is good; the closeout requirements are checked once more.",
    input: Type.Object({ timestamp: time(), result: oneOf(["PASS", "FAIL"]), notes: optional(note()) }),
    output: body.ticket,
  },
  "qa.return_work": {
    path: "/tickets/{ticketId}/qa/return-work",
    roles: ["qa", "dispatcher"],
    effect: "changes_ticket",
    from: ["COMPLETED_PENDING_VERIFICATION"],
    to: ["IN_PROGRESS"],
    status: 200,
    summary: "Send completed work back to the technician with reasons.",
    input: Type.Object({
      reasons: Type.Array(line(1_000), { minItems: 1, maxItems: 50 }),
      required_evidence_keys: optional(Type.Array(line(100), { maxItems: 50 })),
    }),
    output: body.ticket,
  },
  "billing.generate_invoice": {
    path: "/tickets/{ticketId}/billing/generate-invoice",
    roles: ["finance"],
    effect: "changes_ticket",
    from: ["VERIFIED"],
    to: ["INVOICED"],
    status: 200,
    summary: "Invoice verified work from the price book; a total above the agreed limit is refused.",
    input: Type.Object({
      adjustments: optional(
        Type.Array(
          Type.Object({
            description: line(500),
            amount_cents: Type.Integer({ minimum: -1_000_000_000_000, maximum: 1_000_000_000_000 }),
          }),
          { maxItems: 50 },
        ),
      ),
    }),
    output: body.invoiced,
  },
  "ops.autonomy.pause": {
    path: "/ops/autonomy/pause",
    roles: ["dispatcher"],
    effect: "changes_desk",
    from: [],
    to: [],
    status: 200,
    summary: "Stop completions and the worker in a scope: everywhere, for an incident type, or for one ticket.",
    input: autonomyInput(),
    output: body.control,
  },
  "ops.autonomy.rollback": {
    path: "/ops/autonomy/rollback",
    roles: ["dispatcher"],
    effect: "changes_desk",
    from: [],
    to: [],
    status: 200,
    summary: "End a pause in a scope.",
    input: autonomyInput(),
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
      scope_type: optional(oneOf(["GLOBAL", "INCIDENT", "TICKET"], "Default GLOBAL")),
      incident_type: optional(incidentType()),
      ticket_id: optional(uuid()),
      reason: optional(note()),
    },
    {
      description: "incident_type goes with scope INCIDENT and ticket_id with TICKET, always and only",
      allOf: [only("INCIDENT", "incident_type"), only("TICKET", "ticket_id")],
    },
  );
}
