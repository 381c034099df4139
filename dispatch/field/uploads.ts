// Uploads as rows: what was announced, so that what arrives can be held to it.

import type { TicketId } from "../contract/ids.ts";
import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";

export type UploadRow = {
  readonly id: string;
  readonly ticket_id: TicketId;
  readonly object_key: string;
  readonly incoming_key: string;
  readonly content_type: string;
  readonly size_bytes: number;
  readonly sha256: string;
};

export const insertUpload = insertRow("upload_insert", "uploads", [
  "id",
  "ticket_id",
  "object_key",
  "incoming_key",
  "kind",
  "evidence_key",
  "content_type",
  "size_bytes",
  "sha256",
  "created_by",
  "created_at",
  "expires_at",
]);

export const selectUpload = statement<UploadRow>(
  "upload_select",
  `SELECT id, ticket_id, object_key, incoming_key, content_type, size_bytes, sha256
   FROM uploads WHERE object_key = $1 AND ticket_id = $2`,
);

/** Addresses of a ticket to which something may still be sent at a time, and nothing was recorded yet. */
export const countOpenUploads = statement<{ total: number }>(
  "upload_count_open",
  `SELECT count(*) AS total FROM uploads WHERE ticket_id = $1 AND used_at IS NULL AND expires_at > $2`,
);

export const markUploadUsed = statement(
  "upload_mark_used",
  `UPDATE uploads SET used_at = coalesce(used_at, $2) WHERE id = $1`,
);
