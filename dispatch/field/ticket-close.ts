// ticket.close: stores the closeout packet, everything about the ticket in one file, and closes it.

import { createHash } from "node:crypto";
import type { EvidenceBody } from "../contract/responses.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { ticketBody } from "../ticket/ticket-row.ts";
import { selectNewestCompletion } from "./completions.ts";
import { evidenceBody, selectEvidence } from "./evidence-rows.ts";
import { loadInvoices, standingInvoice } from "./invoices.ts";
import { selectTimeline } from "./timeline.ts";

export const ticketClose = ticketCommand({
  name: "ticket.close",
  async prepare({ desk: { db, store }, actor, ticket }) {
    const [timeline, evidence, completion, invoices] = await Promise.all([
      db.rows(selectTimeline, [ticket.id, null, 100_000, true]),
      db.rows(selectEvidence, [ticket.id, null, null, null]),
      db.row(selectNewestCompletion, [ticket.id]),
      loadInvoices(db, ticket.id),
    ]);
    const chainHead = { seq: ticket.audit_seq, hash: ticket.audit_hash };
    // It goes to the customer, and names what is theirs.
    const reader = { accounts: new Set([ticket.account_id]), sites: new Set([ticket.site_id]) };
    const packet = {
      schema: "dispatch.closeout_packet/1",
      ticket: ticketBody(ticket, actor),
      timeline,
      evidence: evidence.map((row) => withoutPlace(evidenceBody(row, reader))),
      checklist: completion?.checklist ?? {},
      no_signature_reason: completion?.no_signature_reason ?? null,
      invoice: standingInvoice(invoices),
      invoices: invoices.map(({ invoice, creditNotes }) => ({ invoice, credit_notes: creditNotes })),
      chain_head: chainHead,
    };
    const bytes = Buffer.from(JSON.stringify(packet));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    // Named by its content: a repeated try writes the same object, and nothing else can take its place.
    const objectKey = `closeout/${ticket.id}/${sha256}.json`;
    await store.writeOnce(objectKey, bytes, "application/json");
    return { object_key: objectKey, sha256, size_bytes: bytes.length };
  },
  decide: ({ input }, _loaded, packet) => ({
    path: ["CLOSED"],
    payload: { closure_note: input.closure_note ?? null, closeout_packet: packet },
    body: (ticket) => ({ ticket, closeout_packet: packet }),
  }),
});

/** The packet leaves the desk: where somebody stood when they took a picture does not. */
const withoutPlace = ({ place: _place, distance_m: _distance, ...item }: EvidenceBody) => item;
