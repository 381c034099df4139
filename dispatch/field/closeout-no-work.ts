// closeout.no_work: ends a call-out that had nothing to do: nobody let the technician in, it was called off at the door, it was
// not needed or not safe. It is checked like any work, by the template of its reason, and billed as a trip.

import { isModel } from "../kernel/actor.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { settleBookings } from "../workforce/bookings.ts";
import { loadChainOfTicket, requireAutonomy } from "./autonomy.ts";
import { checkCloseout, requireCloseout } from "./closeout-check.ts";
import { insertCompletion } from "./completions.ts";
import { selectEvidenceFacts } from "./evidence-rows.ts";
import { demandsOf, selectTrail, visitSpanOf } from "./visits.ts";

export const closeoutNoWork = ticketCommand({
  name: "closeout.no_work",
  async load(tx, { ticketId }) {
    const [pauses, trail, evidence] = await Promise.all([
      loadChainOfTicket(tx, ticketId),
      tx.rows(selectTrail, [ticketId]),
      tx.rows(selectEvidenceFacts, [ticketId]),
    ]);
    return { pauses, trail, evidence };
  },
  decide({ desk, actor, input, ticket, now, eventId }, { pauses, trail, evidence }) {
    requireAutonomy(pauses, ticket);
    const { reason_code, note, evidence_refs = null } = input;
    const claim = {
      demands: demandsOf(trail),
      visit: visitSpanOf(trail, ticket, now),
      checklist: {},
      noSignatureReason: note,
      evidenceRefs: evidence_refs,
      noWork: reason_code,
      byModel: isModel(actor),
    };
    const warnings = requireCloseout(checkCloseout(desk, ticket, evidence, claim));
    return {
      path: ["COMPLETED_PENDING_VERIFICATION"],
      warnings,
      // Whoever says so stood at the door, checked in or not.
      change: { arrived_at: ticket.arrived_at ?? now },
      payload: { reason_code, note, evidence_refs, evidence_items: evidence.length },
      parts: [
        insertCompletion({
          ticketId: ticket.id,
          eventId,
          checklist: {},
          no_signature_reason: note,
          evidence_refs,
          work: null,
          no_work: reason_code,
          now,
        }),
        settleBookings(ticket.id, "done", now),
      ],
      body: (after) => after,
    };
  },
});
