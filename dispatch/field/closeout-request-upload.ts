// closeout.request_upload: announces a file and signs the address it may be sent to, and of a video in parts those of the parts
// that have not arrived. What arrives there is only taken over, under a key nobody can write to, once closeout.add_evidence has
// read and checked it.

import type { TicketId } from "../contract/ids.ts";
import type { InputOf } from "../contract/index.ts";
import { newId } from "../kernel/clock.ts";
import type { Policy } from "../policy/policy.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import {
  acceptedMediaTypes,
  familyOf,
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
import { keyOfPart, missingParts, partBytes, partsOf, secondsForParts } from "./upload-parts.ts";
import { countOpenUploads, keepUpload, selectUploadInParts } from "./uploads.ts";
import { policyOf } from "../ticket/policy-of.ts";

export const closeoutRequestUpload = ticketCommand({
  name: "closeout.request_upload",
  async load(tx, { actor, input, ticketId, clockTime }) {
    const mediaType = mediaTypeOf(input.content_type);
    const { sha256, size_bytes: sizeBytes } = input;
    const [recorded, open, same, underWay] = await Promise.all([
      tx.row(countEvidence, [ticketId]),
      tx.row(countOpenUploads, [ticketId, clockTime]),
      tx.rows(selectSameBytes, [sha256, ticketId]),
      input.in_parts ? tx.row(selectUploadInParts, [ticketId, sha256, sizeBytes, mediaType, actor.id]) : null,
    ]);
    const earlier = earlierItem(same, ticketId, mediaType);
    // What is asked for again has its place already.
    const own = underWay && underWay.expires_at > clockTime ? 1 : 0;
    return { items: (recorded?.total ?? 0) + (open?.total ?? 0) - own, earlier, underWay };
  },
  async prepare({ desk, actor, input, ticket, now }, { items, earlier, underWay }) {
    const policy = policyOf(desk, ticket);
    requireRoom(ticket.id, items, policy);
    const { content_type: announced, size_bytes } = input;
    const contentType = acceptable(input, policy);
    requireNew(earlier, actor, policy);
    const upload = underWay ?? newUpload(newId(Date.parse(now)), ticket.id, input, contentType);
    const parts = partsOf(upload);
    const missing = underWay ? await missingParts(desk.store, upload) : parts;
    const sign = (key: string, sizeBytes: number, maxBytes: number) =>
      desk.store.presignUpload({
        key,
        // Whoever sends the file says what it said here.
        contentType: withoutParameters(announced),
        sizeBytes,
        maxBytes,
        now: new Date(now),
        expiresInSeconds: desk.settings.uploadExpirySeconds + (parts.length > 0 ? secondsForParts(size_bytes) : 0),
      });
    const signed = await sign(upload.incoming_key, size_bytes, maxBytesOf(contentType));
    const signedParts = await Promise.all(
      missing.map(async (part) => {
        const { expires_at: _, ...address } = await sign(keyOfPart(upload, part), part.size_bytes, part.size_bytes);
        return { ...part, ...address };
      }),
    );
    const awaited = new Set(missing.map(({ number }) => number));
    const stored = parts.map(({ number }) => number).filter((number) => !awaited.has(number));
    return { upload, contentType, signed, parts: input.in_parts ? { parts: signedParts, parts_stored: stored } : null };
  },
  decide({ desk, actor, input, ticket, now }, _loaded, { upload, contentType, signed, parts }) {
    const { id, object_key: objectKey } = upload;
    return {
      payload: {
        upload_id: id,
        object_key: objectKey,
        kind: input.kind,
        content_type: contentType,
        size_bytes: input.size_bytes,
        sha256: input.sha256,
        ...(parts && { parts_missing: parts.parts.length, parts_stored: parts.parts_stored.length }),
      },
      write: (tx) => [
        tx.row(keepUpload, [
          id,
          ticket.id,
          objectKey,
          upload.incoming_key,
          input.kind,
          input.evidence_key ?? null,
          contentType,
          input.size_bytes,
          input.sha256,
          upload.part_bytes,
          actor.id,
          now,
          signed.expires_at,
        ]),
      ],
      body: () => ({
        upload_id: id,
        object_key: objectKey,
        uri: desk.store.uriOf(objectKey),
        ...signed,
        max_bytes: maxBytesOf(contentType),
        ...parts,
      }),
    };
  },
});

const newUpload = (
  id: string,
  ticketId: TicketId,
  { size_bytes, in_parts: inParts = false }: InputOf<"closeout.request_upload">,
  contentType: MediaType,
) => ({
  id,
  object_key: `evidence/${ticketId}/${id}.${fileExtension(contentType)}`,
  incoming_key: `${incomingPrefix}${id}`,
  size_bytes,
  part_bytes: inParts ? partBytes : null,
});

/**
 * Before anything is sent: whether the file could be evidence, and be what its key asks for.
 * @throws Refusal UNSUPPORTED_MEDIA_TYPE, EVIDENCE_TOO_LARGE, INVALID_REQUEST for parts of what is no video
 */
function acceptable(input: InputOf<"closeout.request_upload">, { evidenceKeys }: Policy): MediaType {
  const { content_type, size_bytes, kind, evidence_key: evidenceKey = null } = input;
  const contentType = mediaTypeOf(content_type);
  if (contentType === null) throw new Refusal("UNSUPPORTED_MEDIA_TYPE", { content_type, accepted: acceptedMediaTypes });
  requireKind(contentType, { kind, evidenceKey }, evidenceKeys);
  if (input.in_parts && familyOf(contentType) !== "video") {
    const rule = `is for videos alone: a file of type ${contentType} is sent to one address`;
    throw invalidField("in_parts", "video", rule);
  }
  const max_bytes = maxBytesOf(contentType);
  if (size_bytes > max_bytes) {
    const message = `A file of type ${contentType} may have ${max_bytes} bytes (${max_bytes / 1024 ** 2} MiB); make it smaller.`;
    throw new Refusal("EVIDENCE_TOO_LARGE", { size_bytes, max_bytes }, { message });
  }
  return contentType;
}
