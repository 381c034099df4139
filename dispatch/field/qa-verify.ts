// qa.verify: confirms completed work, after the closeout requirements have been checked once more against what was
// claimed at the newest completion, and whether it could be invoiced.

import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { loadBillingFacts, requireBillable } from "./billable.ts";
import { checkCloseout, requireCloseout } from "./closeout-check.ts";
import { selectNewestCompletion } from "./completions.ts";
import { selectEvidenceFacts } from "./evidence-rows.ts";
import { demandsOf, visitSpanOf } from "./visits.ts";
import { utc } from "./windows.ts";

export const qaVerify = ticketCommand({
  name: "qa.verify",
  async load(tx, { ticketId }) {
    const [completion, evidence, billing] = await Promise.all([
      tx.row(selectNewestCompletion, [ticketId]),
      tx.rows(selectEvidenceFacts, [ticketId]),
      loadBillingFacts(tx, ticketId),
    ]);
    return { completion, evidence, billing };
  },
  decide({ desk, input, ticket, now }, { completion, evidence, billing }) {
    if (input.result === "FAIL")
      throw new Refusal("QA_VERIFICATION_FAILED", { ticket_id: ticket.id, notes: input.notes ?? null });
    if (!completion) {
      throw new Refusal("CLOSEOUT_REQUIREMENTS_INCOMPLETE", {
        requirement_code: "MISSING_COMPLETION_CONTEXT",
        incident_type: ticket.incident_type,
        template_version: null,
        missing_evidence_keys: [],
        missing_checklist_keys: [],
        invalid_evidence_refs: [],
      });
    }
    const { checklist, no_signature_reason: noSignatureReason, evidence_refs: evidenceRefs, no_work } = completion;
    const [demands, visit] = [demandsOf(billing.trail), visitSpanOf(billing.trail, ticket, now)];
    const claim = { demands, visit, checklist, noSignatureReason, evidenceRefs, noWork: no_work };
    const warnings = requireCloseout(checkCloseout(desk, ticket, evidence, claim));
    requireBillable({ desk, ticket }, billing);
    return {
      path: ["VERIFIED"],
      warnings,
      payload: { timestamp: utc(input.timestamp), result: input.result, notes: input.notes ?? null },
      body: (after) => after,
    };
  },
});
