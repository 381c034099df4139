// closeout.request_upload: announces a file and signs the address it may be sent to. What arrives there is only taken
// over, under a key nobody can write to, once closeout.add_evidence has read and checked it.

import type { InputOf } from "../contract/index.ts";
import { newId } from "../kernel/clock.ts";
import type { Policy } from "../policy/policy.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import {
  acceptedMediaTypes,
  fileExtension,
  maxBytesOf,
  mediaTypeOf,
  withoutParameters,
  type MediaType,
} from "../storage/media-types.ts";
import { incomingPrefix } from "../storage/object-key.ts";
import { earlierItem, requireNew, selectSameBytes } from "./duplicate-evidence.ts";
import { requireKind } from "./evidence-kinds.ts";
import { countEvidence, requireRoom } from "./evidence-rows.ts";
import { countOpenUploads, insertUpload } from "./uploads.ts";

export const closeoutRequestUpload = ticketCommand({
  name: "closeout.request_upload",
  async load(tx, { input, ticketId, clockTime }) {
    const [recorded, open, same] = await Promise.all([
      tx.row(countEvidence, [ticketId]),
      tx.row(countOpenUploads, [ticketId, clockTime]),
      tx.rows(selectSameBytes, [input.sha256, ticketId]),
    ]);
    const earlier = earlierItem(same, ticketId, mediaTypeOf(input.content_type));
    return { items: (recorded?.total ?? 0) + (open?.total ?? 0), earlier };
  },
  async prepare({ desk, actor, input, ticket, now }, { items, earlier }) {
    requireRoom(ticket.id, items, desk.policy);
    const { content_type: announced, size_bytes: sizeBytes } = input;
    const contentType = acceptable(input, desk.policy);
    requireNew(earlier, actor, desk.policy);
    const id = newId(Date.parse(now));
    const objectKey = `evidence/${ticket.id}/${id}.${fileExtension(contentType)}`;
    const incomingKey = `${incomingPrefix}${id}`;
    const signed = await desk.store.presignUpload({
      key: incomingKey,
      // Whoever sends the file says what it said here.
      contentType: withoutParameters(announced),
      sizeBytes,
      maxBytes: maxBytesOf(contentType),
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
        max_bytes: maxBytesOf(contentType),
      }),
    };
  },
});

/**
 * Before anything is sent: whether the file could be evidence, and be what its key asks for.
 * @throws Refusal UNSUPPORTED_MEDIA_TYPE, EVIDENCE_TOO_LARGE
 */
function acceptable(input: InputOf<"closeout.request_upload">, { evidenceKeys }: Policy): MediaType {
  const { content_type, size_bytes, kind, evidence_key: evidenceKey = null } = input;
  const contentType = mediaTypeOf(content_type);
  if (contentType === null) throw new Refusal("UNSUPPORTED_MEDIA_TYPE", { content_type, accepted: acceptedMediaTypes });
  requireKind(contentType, { kind, evidenceKey }, evidenceKeys);
  const max_bytes = maxBytesOf(contentType);
  if (size_bytes > max_bytes) {
    const message = `A file of type ${contentType} may have ${max_bytes} bytes (${max_bytes / 1024 ** 2} MiB); make it smaller.`;
    throw new Refusal("EVIDENCE_TOO_LARGE", { size_bytes, max_bytes }, { message });
  }
  return contentType;
}
