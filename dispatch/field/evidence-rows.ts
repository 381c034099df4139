// Evidence as rows: insert-only, each with what the server found out about its object itself.

import { statement } from "../db/statement.ts";
import type { EvidenceBody } from "../contract/responses.ts";
import type { EvidenceItem } from "./evidence-references.ts";

export const insertEvidence = statement(
  "evidence_insert",
  `INSERT INTO evidence_items (id, ticket_id, kind, uri, checksum, metadata, verification, size_bytes, created_by, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
);

export const selectEvidence = statement<EvidenceBody>(
  "evidence_select",
  `SELECT id, ticket_id, kind, uri, checksum, metadata, created_by, created_at, verification
   FROM evidence_items WHERE ticket_id = $1 ORDER BY created_at, id`,
);

/** An item as the closeout rules see it. */
export function evidenceItem({ id, kind, uri, metadata, verification }: EvidenceBody): EvidenceItem {
  const key = metadata["evidence_key"];
  return { id, kind, uri, evidenceKey: typeof key === "string" ? key : null, verification };
}
