// closeout.get_evidence: the stored bytes of one piece of evidence, for whoever has to judge it.

import { pathWith, queries } from "../contract/index.ts";
import { FileAnswer } from "../kernel/file-answer.ts";
import { Refusal } from "../kernel/refusal.ts";
import { fileExtension, isAcceptedMediaType } from "../storage/media-types.ts";
import { ObjectDamaged, readVerified } from "../storage/object-store.ts";
import { ticketFile } from "../ticket/ticket-command.ts";
import { evidenceBody, selectEvidenceItem, type EvidenceRow } from "./evidence-rows.ts";
import { keyInStore } from "./stored-object.ts";
import { selectUpload } from "./uploads.ts";

/** What every browser draws and none runs. */
const shownInline: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/webp"]);

export const closeoutGetEvidence = ticketFile("closeout.get_evidence", async ({ desk, actor, ids, ticket }) => {
  const { db, store, settings } = desk;
  const item = await db.row(selectEvidenceItem, [ticket.id, ids.evidenceId]);
  if (!item) throw new Refusal("EVIDENCE_NOT_FOUND", { evidence_id: ids.evidenceId });
  const key = item.verification === "verified" ? keyInStore(item.uri, store, settings.objectStoreSchemes) : null;
  const { checksum: sha256, size_bytes: sizeBytes } = item;
  const facts = { ticket_id: ticket.id, evidence: evidenceBody(item, actor) };
  const notHere = () => new Refusal("EVIDENCE_NOT_STORED", { uri: item.uri, expected: null, actual: null });
  if (key === null || sha256 === null || sizeBytes === null)
    return new FileAnswer({ ...facts, content: null }, () => {
      throw notHere();
    });
  const upload = item.media_type === null ? await db.row(selectUpload, [key, ticket.id]) : null;
  const mediaType = item.media_type ?? upload?.content_type ?? "application/octet-stream";
  const fileName = nameOf(item, ticket.number, mediaType);
  const inline = shownInline.has(mediaType);
  const path = pathWith(queries["closeout.get_evidence"].path, { ticketId: ticket.id, evidenceId: item.id });
  const content = {
    path,
    media_type: mediaType,
    size_bytes: sizeBytes,
    etag: `"${sha256}"`,
    file_name: fileName,
    disposition: inline ? ("inline" as const) : ("attachment" as const),
  };
  return new FileAnswer({ ...facts, content }, () => ({
    mediaType,
    sizeBytes,
    sha256,
    fileName,
    inline,
    async read(range) {
      const bytes = await readVerified(store, key, { sizeBytes, sha256 }, range).catch((error: unknown) => {
        if (!(error instanceof ObjectDamaged)) throw error;
        const expected = { size_bytes: sizeBytes, sha256 };
        throw new Refusal(
          "EVIDENCE_CHECKSUM_MISMATCH",
          { uri: item.uri, expected, actual: null },
          { message: "The stored object is no longer what was recorded: an operator has to restore it from a backup." },
        );
      });
      if (bytes === null) throw notHere();
      return bytes;
    },
  }));
});

/** T-000123_photo_after_latched_alignment_4f2a9c31.jpg */
function nameOf({ id, kind, metadata }: EvidenceRow, number: string, mediaType: string): string {
  const { evidence_key: evidenceKey } = metadata;
  const what = typeof evidenceKey === "string" ? evidenceKey : kind;
  const extension = isAcceptedMediaType(mediaType) ? fileExtension(mediaType) : "bin";
  // Of an id that begins with a time the end tells items apart.
  const readable = [...what.replaceAll(/[^\p{L}\p{N}._-]+/gu, "_")].slice(0, 80).join("");
  return `${number}_${readable}_${id.slice(-8)}.${extension}`;
}
