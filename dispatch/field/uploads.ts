// Uploads as rows: what was announced, so that what arrives can be held to it.

import { statement } from "../db/statement.ts";

export type UploadRow = {
  readonly id: string;
  readonly ticket_id: string;
  readonly object_key: string;
  readonly incoming_key: string;
  readonly content_type: string;
  readonly size_bytes: number;
  readonly sha256: string;
};

export const insertUpload = statement(
  "upload_insert",
  `INSERT INTO uploads (id, ticket_id, object_key, incoming_key, kind, evidence_key, content_type, size_bytes, sha256,
                        created_by, created_at, expires_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
);

export const selectUpload = statement<UploadRow>(
  "upload_select",
  `SELECT id, ticket_id, object_key, incoming_key, content_type, size_bytes, sha256
   FROM uploads WHERE object_key = $1 AND ticket_id = $2`,
);

export const markUploadUsed = statement(
  "upload_mark_used",
  `UPDATE uploads SET used_at = coalesce(used_at, $2) WHERE id = $1`,
);
