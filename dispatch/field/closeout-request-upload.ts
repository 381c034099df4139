// closeout.request_upload: announces a file and signs the address it may be sent to. What arrives there is only taken
// over, under a key nobody can write to, once closeout.add_evidence has read and checked it.

import { newId } from "../kernel/clock.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { evidenceMaxBytes, fileExtension, mediaTypeOf, type MediaType } from "../storage/media-types.ts";
import { incomingPrefix } from "../storage/object-key.ts";
import { countEvidence, requireRoom } from "./evidence-rows.ts";
import { countOpenUploads, insertUpload } from "./uploads.ts";

export const closeoutRequestUpload = ticketCommand({
  name: "closeout.request_upload",
  async load(tx, { ticketId, clockTime }) {
    const [recorded, open] = await Promise.all([
      tx.row(countEvidence, [ticketId]),
      tx.row(countOpenUploads, [ticketId, clockTime]),
    ]);
    return (recorded?.total ?? 0) + (open?.total ?? 0);
  },
  async prepare({ desk, input, ticket, now }, items) {
    requireRoom(ticket.id, items, desk.policy);
    const { content_type: announced, size_bytes: sizeBytes } = input;
    const contentType = acceptable(announced, sizeBytes);
    const id = newId(Date.parse(now));
    const objectKey = `evidence/${ticket.id}/${id}.${fileExtension(contentType)}`;
    const incomingKey = `${incomingPrefix}${id}`;
    const signed = await desk.store.presignUpload({
      key: incomingKey,
      // Whoever sends the file says what it said here.
      contentType: announced,
      sizeBytes,
      maxBytes: evidenceMaxBytes,
      now: new Date(now),
      expiresInSeconds: desk.settings.uploadExpirySeconds,
    });
    return { id, objectKey, incomingKey, contentType, signed };
  },
  decide({ desk, actor, input, ticket, now }, _loaded, { id, objectKey, incomingKey, contentType, signed }) {
    return {
      payload: {
        upload_id: id,
        object_key: objectKey,
        kind: input.kind,
        content_type: contentType,
        size_bytes: input.size_bytes,
        sha256: input.sha256,
      },
      write: (tx) => [
        insertUpload(tx, {
          id,
          ticket_id: ticket.id,
          object_key: objectKey,
          incoming_key: incomingKey,
          kind: input.kind,
          evidence_key: input.evidence_key ?? null,
          content_type: contentType,
          size_bytes: input.size_bytes,
          sha256: input.sha256,
          created_by: actor.id,
          created_at: now,
          expires_at: signed.expires_at,
        }),
      ],
      body: () => ({
        upload_id: id,
        object_key: objectKey,
        uri: desk.store.uriOf(objectKey),
        ...signed,
        max_bytes: evidenceMaxBytes,
      }),
    };
  },
});

/** @throws Refusal UNSUPPORTED_MEDIA_TYPE, EVIDENCE_TOO_LARGE */
function acceptable(announced: string, sizeBytes: number): MediaType {
  const contentType = mediaTypeOf(announced);
  if (contentType === null) throw new Refusal("UNSUPPORTED_MEDIA_TYPE", { content_type: announced });
  if (sizeBytes > evidenceMaxBytes)
    throw new Refusal("EVIDENCE_TOO_LARGE", { size_bytes: sizeBytes, max_bytes: evidenceMaxBytes });
  return contentType;
}
