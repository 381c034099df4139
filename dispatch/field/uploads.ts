// Uploads as rows: what was announced, so that what arrives can be held to it.

import type { TicketId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";

export type UploadRow = {
  readonly id: string;
  readonly ticket_id: TicketId;
  readonly object_key: string;
  readonly incoming_key: string;
  readonly content_type: string;
  readonly size_bytes: number;
  readonly sha256: string;
  /** Of each part but the last; null of what is sent to one address. */
  readonly part_bytes: number | null;
};

/**
 * A new upload, or one whose parts somebody asks for again: that stays open for longer. It is a row anew if it was pruned between
 * the look at its parts and this, so that whatever is sent now is found, and cleared away, all the same.
 */
export const keepUpload = statement(
  "upload_keep",
  `INSERT INTO uploads (id, ticket_id, object_key, incoming_key, kind, evidence_key, content_type, size_bytes, sha256, part_bytes,
                        created_by, created_at, expires_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
   ON CONFLICT (id) DO UPDATE SET expires_at = greatest(uploads.expires_at, excluded.expires_at)`,
);

/** What is told of an upload that is under way. */
export type UploadInParts = Pick<UploadRow, "id" | "object_key" | "incoming_key" | "size_bytes" | "part_bytes"> & {
  readonly expires_at: string;
};

/** The newest upload in parts by which this actor announced the same file, and which has not become evidence. */
export const selectUploadInParts = statement<UploadInParts>(
  "upload_in_parts",
  `SELECT id, object_key, incoming_key, size_bytes, part_bytes, expires_at FROM uploads
   WHERE ticket_id = $1 AND used_at IS NULL AND part_bytes IS NOT NULL
     AND sha256 = $2 AND size_bytes = $3 AND content_type = $4 AND created_by = $5
   ORDER BY created_at DESC, id DESC LIMIT 1`,
);

export const selectUpload = statement<UploadRow>(
  "upload_select",
  `SELECT id, ticket_id, object_key, incoming_key, content_type, size_bytes, sha256, part_bytes
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
