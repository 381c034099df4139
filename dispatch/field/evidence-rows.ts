// Evidence as rows: insert-only, each with what the server found out about its object itself.

import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import type { EvidenceBody } from "../contract/responses.ts";
import type { EvidenceItem } from "./evidence-references.ts";

export const insertEvidence = insertRow("evidence_insert", "evidence_items", [
  "id",
  "ticket_id",
  "kind",
  "uri",
  "checksum",
  "metadata",
  "verification",
  "size_bytes",
  "created_by",
  "created_at",
]);

export const selectEvidence = statement<EvidenceBody>(
  "evidence_select",
  `SELECT id, ticket_id, kind, uri, checksum, metadata, created_by, created_at, verification
   FROM evidence_items WHERE ticket_id = $1 ORDER BY created_at, id`,
);

/** An item as the closeout rules see it. */
export function evidenceItem({ metadata, created_at: createdAt, ...item }: EvidenceBody): EvidenceItem {
  const { id, kind, uri, verification, checksum } = item;
  const key = metadata["evidence_key"];
  return { id, kind, uri, evidenceKey: typeof key === "string" ? key : null, verification, checksum, createdAt };
}
