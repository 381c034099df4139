// Completions as rows: what was claimed when the work was completed, for the quality check, the packet and the invoice.

import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import type { ReceiptId, TicketId } from "../contract/ids.ts";
import type { InputOf } from "../contract/index.ts";
import { addedPart, type PartChange, type PartTable } from "../kernel/parts.ts";

export type CompletionRow = {
  readonly checklist: Readonly<Record<string, boolean>>;
  readonly no_signature_reason: string | null;
  readonly evidence_refs: readonly string[] | null;
  readonly work: InputOf<"tech.complete">["work"] | null;
  /** Why there was nothing to do, by its reason code; null where there was. */
  readonly no_work: string | null;
};

const insertStored = insertRow("completion_insert", "completions", [
  "audit_event_id",
  "ticket_id",
  "seq",
  "checklist",
  "no_signature_reason",
  "evidence_refs",
  "work",
  "no_work",
  "created_at",
]);

const selectOfTickets = statement<
  CompletionRow & { readonly id: string; readonly part_of: string; readonly created_at: string }
>(
  "completions_of_tickets",
  `SELECT audit_event_id AS id, ticket_id AS part_of, checklist, no_signature_reason, evidence_refs, work, no_work, created_at
   FROM completions WHERE ticket_id = ANY ($1)`,
);

export const completionParts: PartTable = {
  name: "completions",
  select: selectOfTickets,
  fixed: { 1: ["id", "part_of", "checklist", "no_signature_reason", "evidence_refs", "work", "no_work", "created_at"] },
  changing: [],
};

type NewCompletion = CompletionRow & {
  readonly ticketId: TicketId;
  /** Of the event that completes the work. */
  readonly eventId: ReceiptId;
  readonly now: string;
};

export const insertCompletion = ({ ticketId, eventId, now, ...claim }: NewCompletion): PartChange =>
  addedPart(completionParts, { ...claim, id: eventId, part_of: ticketId, created_at: now }, (tx, event) => [
    insertStored(tx, {
      ...claim,
      audit_event_id: event.id,
      ticket_id: ticketId,
      seq: event.seq,
      checklist: JSON.stringify(claim.checklist),
      evidence_refs: claim.evidence_refs && JSON.stringify(claim.evidence_refs),
      work: claim.work && JSON.stringify(claim.work),
      created_at: now,
    }),
  ]);

export const selectNewestCompletion = statement<CompletionRow>(
  "completion_newest",
  `SELECT checklist, no_signature_reason, evidence_refs, work, no_work
   FROM completions WHERE ticket_id = $1 ORDER BY seq DESC LIMIT 1`,
);
