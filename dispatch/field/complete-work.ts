// tech.complete and closeout.candidate: complete the work. They pass the same gate; a candidate, which nobody has looked
// at, is refused besides when the ticket is risky.

import type { TicketId } from "../contract/ids.ts";
import type { TicketBody } from "../contract/responses.ts";
import type { Session } from "../db/pool.ts";
import { isModel } from "../kernel/actor.ts";
import { ticketCommand, type TicketCall } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { settleBookings } from "../workforce/bookings.ts";
import { loadChainOfTicket, requireAutonomy } from "./autonomy.ts";
import { loadBillingFacts, requireBillable, withReport } from "./billable.ts";
import { checkCloseout, requireCloseout } from "./closeout-check.ts";
import { assessCandidateRisk } from "./closeout-risk.ts";
import { insertCompletion } from "./completions.ts";
import { selectEvidenceFacts } from "./evidence-rows.ts";
import { demandsOf, visitSpanOf } from "./visits.ts";
import { policyOf } from "../ticket/policy-of.ts";

async function load(tx: Session, { ticketId }: { ticketId: TicketId }) {
  const [pauses, evidence, billing] = await Promise.all([
    loadChainOfTicket(tx, ticketId),
    tx.rows(selectEvidenceFacts, [ticketId]),
    loadBillingFacts(tx, ticketId),
  ]);
  return { pauses, evidence, billing };
}

type Loaded = Awaited<ReturnType<typeof load>>;
type Completion = TicketCall<"tech.complete"> | TicketCall<"closeout.candidate">;

function completed({ desk, actor, input, ticket, now, eventId }: Completion, loaded: Loaded) {
  const { pauses, evidence, billing } = loaded;
  requireAutonomy(pauses, ticket);
  const { checklist_status: checklist, no_signature_reason = null, evidence_refs = null, work = null } = input;
  const claim = {
    demands: demandsOf(billing.trail),
    visit: visitSpanOf(billing.trail, ticket, now),
    checklist,
    noSignatureReason: no_signature_reason,
    evidenceRefs: evidence_refs,
    byModel: isModel(actor),
  };
  const warnings = requireCloseout(checkCloseout(desk, ticket, evidence, claim));
  return {
    path: ["COMPLETED_PENDING_VERIFICATION" as const],
    warnings,
    payload: { checklist_status: checklist, no_signature_reason, evidence_refs, work, evidence_items: evidence.length },
    parts: [
      insertCompletion({
        ticketId: ticket.id,
        eventId,
        checklist,
        no_signature_reason,
        evidence_refs,
        work,
        no_work: null,
        now,
      }),
      settleBookings(ticket.id, "done", now),
    ],
  };
}

export const techComplete = ticketCommand({
  name: "tech.complete",
  load,
  decide(call, loaded: Loaded) {
    const done = completed(call, loaded);
    requireBillable(call, withReport(loaded.billing, "tech.complete", call));
    return { ...done, body: (after: TicketBody) => after };
  },
});

export const closeoutCandidate = ticketCommand({
  name: "closeout.candidate",
  load,
  decide(call, loaded: Loaded) {
    const done = completed(call, loaded);
    const { desk, ticket } = call;
    const risk = assessCandidateRisk(ticket.incident_type, loaded.evidence, policyOf(desk, ticket).candidateRisk);
    if (risk.level !== "low")
      throw new Refusal("MANUAL_REVIEW_REQUIRED", { requirement_code: "AUTOMATION_RISK_BLOCK", risk_profile: risk });
    requireBillable(call, withReport(loaded.billing, "closeout.candidate", call));
    const risk_profile = { level: risk.level, reasons: [...risk.reasons] };
    return {
      ...done,
      payload: { ...done.payload, risk_profile },
      body: (after: TicketBody) => ({ ...after, risk_profile }),
    };
  },
});
