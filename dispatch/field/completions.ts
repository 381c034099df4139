// Completions as rows: what was claimed when the work was completed, for the quality check, the packet and the invoice.

import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import type { InputOf } from "../contract/index.ts";

export type CompletionRow = {
  readonly checklist: Readonly<Record<string, boolean>>;
  readonly no_signature_reason: string | null;
  readonly evidence_refs: readonly string[] | null;
  readonly work: InputOf<"tech.complete">["work"] | null;
  /** Why there was nothing to do, by its reason code; null where there was. */
  readonly no_work: string | null;
};

export const insertCompletion = insertRow("completion_insert", "completions", [
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

export const selectNewestCompletion = statement<CompletionRow>(
  "completion_newest",
  `SELECT checklist, no_signature_reason, evidence_refs, work, no_work
   FROM completions WHERE ticket_id = $1 ORDER BY seq DESC LIMIT 1`,
);
