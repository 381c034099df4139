// ticket.triage: sets priority, incident type and limit, and sends the ticket on its way.

import type { ApprovalId } from "../contract/ids.ts";
import type { InputOf } from "../contract/index.ts";
import type { TicketState } from "../contract/states.ts";
import { newId } from "../kernel/clock.ts";
import { changesOf } from "../ticket/ticket-changes.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { abilityWarnings, missingAbilities, selectAbilities } from "../workforce/missing-abilities.ts";
import { requestApproval, selectBarredRaise } from "./approvals.ts";
import { intakeThresholds, requireCertainIntake } from "./intake-guard.ts";
import { checkIncidentType } from "./known-incident-type.ts";
import { requireSettableNte } from "./limit.ts";
import { policyOf } from "../ticket/policy-of.ts";

type Outcome = "TRIAGED" | "READY_TO_SCHEDULE" | "APPROVAL_REQUIRED";

export const ticketTriage = ticketCommand({
  name: "ticket.triage",
  target: ({ input }) => outcomeOf(input),
  async load(tx, { ticketId }) {
    const [people, barred] = await Promise.all([tx.rows(selectAbilities, []), tx.row(selectBarredRaise, [ticketId])]);
    return { people, barred };
  },
  decide({ desk, actor, input, ticket, now }, { people, barred }) {
    const policy = policyOf(desk, ticket);
    const missing = missingAbilities(input.incident_type, policy, people);
    const typeWarnings = checkIncidentType(policy, input.incident_type);
    const outcome = outcomeOf(input);
    requireSettableNte(ticket, input.nte_cents, barred, policy.invoice);
    const acknowledged = ticket.sop_handoff_acknowledged || (input.sop_handoff_acknowledged ?? false);
    if (outcome === "READY_TO_SCHEDULE") requireCertainIntake(ticket, acknowledged, intakeThresholds(desk));

    const path = pathTo(outcome, ticket.state);
    const approvalId = outcome === "APPROVAL_REQUIRED" ? newId<ApprovalId>(Date.parse(now)) : null;
    const handoffDone = outcome === "READY_TO_SCHEDULE" && ticket.identity_signature !== null;
    const change = {
      priority: input.priority,
      incident_type: input.incident_type,
      nte_cents: input.nte_cents ?? ticket.nte_cents,
      sop_handoff_acknowledged: acknowledged,
      ...(handoffDone && { sop_handoff_required: false, sop_handoff_prompt: null }),
      pending_approval_id: approvalId,
    };
    return {
      path,
      change,
      payload: {
        priority: input.priority,
        incident_type: input.incident_type,
        workflow_outcome: outcome,
        ...(approvalId && { approval_id: approvalId }),
        // Judged before: what it was taken for until now.
        ...(ticket.incident_type !== null && { changes: changesOf(desk, ticket, change, now) }),
        ...(missing && { nobody_has: missing }),
        ...(path.length > 1 && { derived_transitions: [ticket.state, ...path] }),
      },
      parts:
        approvalId === null
          ? []
          : [
              requestApproval({
                id: approvalId,
                ticketId: ticket.id,
                type: "NTE_INCREASE",
                amountDeltaCents: input.approval_amount_delta_cents ?? 0,
                reason: input.approval_reason || "TRIAGE_REQUIRES_APPROVAL",
                source: "ticket.triage",
                returnState: "READY_TO_SCHEDULE",
                ...(change.nte_cents !== ticket.nte_cents && { nteBeforeCents: ticket.nte_cents }),
                requestedBy: actor.id,
                requestedAt: now,
              }),
            ],
      warnings: [...typeWarnings, ...abilityWarnings(missing)],
      body: (after) => after,
    };
  },
});

function outcomeOf(input: InputOf<"ticket.triage">): Outcome {
  if (input.workflow_outcome) return input.workflow_outcome;
  if (input.requires_approval) return "APPROVAL_REQUIRED";
  return input.ready_to_schedule ? "READY_TO_SCHEDULE" : "TRIAGED";
}

/**
 * Everything goes through TRIAGED; from there it is one step, and TRIAGED to itself is none. What waits for a time already may
 * be judged again and stays where it is; it has no way back.
 */
function pathTo(outcome: Outcome, from: TicketState): TicketState[] {
  if (from === "READY_TO_SCHEDULE") return outcome === from ? [] : [outcome];
  return from === "TRIAGED" || outcome === "TRIAGED" ? [outcome] : ["TRIAGED", outcome];
}
