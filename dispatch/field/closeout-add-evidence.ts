// closeout.add_evidence: records a piece of evidence. An object of our own store is read and checked first; one kept
// elsewhere is recorded as referenced, and the profile says whether that is enough to complete the work.

import type { InputOf } from "../contract/index.ts";
import { newId } from "../kernel/clock.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import { perDesk, Shares } from "../kernel/shares.ts";
import { mediaTypeOf } from "../storage/media-types.ts";
import { instantOf } from "./captured-at.ts";
import {
  duplicateWarnings,
  earlierItem,
  isNamed,
  lockBytes,
  requireNew,
  selectSameBytes,
  type Recorded,
} from "./duplicate-evidence.ts";
import { requireKind } from "./evidence-kinds.ts";
import {
  countEvidence,
  evidenceBody,
  insertEvidence,
  requireRoom,
  selectChecksum,
  selectSiteOf,
  type EvidenceRow,
} from "./evidence-rows.ts";
import { keyInStore, takeOver, type StoredObject } from "./stored-object.ts";
import { plain } from "./standing-evidence.ts";
import { markUploadUsed, selectUpload, type UploadRow } from "./uploads.ts";
import type { Policy } from "../policy/policy.ts";
import { policyOf } from "../ticket/policy-of.ts";

type Input = InputOf<"closeout.add_evidence">;

/** Uploads that are read at the same time: each is in memory as a whole. */
const readings = perDesk(() => new Shares({ most: 12, each: 4 }));

export const closeoutAddEvidence = ticketCommand({
  name: "closeout.add_evidence",
  alone: true,
  async load(tx, { desk, input, ticketId }) {
    const key = keyInStore(input.uri, desk.store, desk.settings.objectStoreSchemes);
    const [upload, site, corrected, recorded] = await Promise.all([
      key === null ? null : tx.row(selectUpload, [key, ticketId]),
      tx.row(selectSiteOf, [ticketId]),
      input.corrects === undefined ? null : tx.row(selectChecksum, [input.corrects, ticketId]),
      tx.row(countEvidence, [ticketId]),
    ]);
    const checksum = upload?.sha256 ?? (input.checksum === undefined ? null : plain(input.checksum));
    const [, same] =
      checksum === null
        ? [null, []]
        : await Promise.all([tx.row(lockBytes, [checksum]), tx.rows(selectSameBytes, [checksum, ticketId])]);
    const moved = input.corrects !== undefined && corrected !== null && plain(corrected.checksum ?? "") === checksum;
    const others = moved ? same.filter(({ ticket_id }) => ticket_id !== ticketId) : same;
    const earlier = earlierItem(others, ticketId, upload && mediaTypeOf(upload.content_type));
    return { key, upload, site, moved, earlier, items: recorded?.total ?? 0 };
  },
  needsPreparation: ({ key }) => key !== null,
  // Of the upload alone, whose row never changes: a film is not read again for a note that was added meanwhile.
  preparedOnce: true,
  async prepare(call, { upload, moved, earlier, items }): Promise<StoredObject | undefined> {
    const { desk, actor, input, ticket, ticketId } = call;
    const policy = policyOf(desk, ticket);
    requireRoom(ticketId, items, policy);
    if (!upload) throw new Refusal("EVIDENCE_NOT_STORED", { uri: input.uri, expected: null, actual: null });
    requireRecordable(policy, input, upload, moved);
    requireNew(earlier, actor, policy);
    const stored = await readings(desk).during(actor.id, "uploads", 1, () => takeOver(desk.store, upload, input.uri));
    if (input.checksum !== undefined && plain(input.checksum) !== stored.sha256) {
      throw new Refusal("EVIDENCE_CHECKSUM_MISMATCH", {
        uri: input.uri,
        expected: input.checksum,
        actual: stored.sha256,
      });
    }
    return stored;
  },
  decide({ desk, actor, input, ticket, now }, { upload, site, moved, earlier, items }, stored) {
    const policy = policyOf(desk, ticket);
    requireRoom(ticket.id, items, policy);
    requireRecordable(policy, input, upload, moved);
    requireNew(earlier, actor, policy);
    const taken = stored?.exif ?? null;
    const captured_at = taken && instantOf(taken, site?.timezone ?? "UTC");
    const item: EvidenceRow = {
      id: newId(Date.parse(now)),
      ticket_id: ticket.id,
      kind: input.kind,
      uri: input.uri,
      checksum: stored?.sha256 ?? (input.checksum === undefined ? null : plain(input.checksum)),
      metadata: { ...input.metadata, ...(input.evidence_key && { evidence_key: input.evidence_key }) },
      created_by: actor.id,
      created_at: now,
      verification: stored ? "verified" : "referenced",
      media_type: stored?.mediaType ?? null,
      size_bytes: stored?.sizeBytes ?? null,
      width: stored?.width ?? null,
      height: stored?.height ?? null,
      captured_at,
      captured_offset: captured_at && taken ? taken.offset : null,
      lat: taken?.place?.lat ?? null,
      lon: taken?.place?.lon ?? null,
      site_lat: site?.lat ?? null,
      site_lon: site?.lon ?? null,
      ...asDuplicate(earlier),
    };
    return {
      payload: {
        evidence_id: item.id,
        kind: item.kind,
        uri: item.uri,
        checksum: item.checksum,
        evidence_key: item.metadata["evidence_key"] ?? null,
        verification: item.verification,
        media_type: item.media_type,
        size_bytes: item.size_bytes,
        captured_at: item.captured_at,
        duplicate_of: item.duplicate_of,
        ...(input.corrects !== undefined && { corrects: input.corrects }),
      },
      ...(earlier &&
        isNamed(earlier, actor) && { concerns: { account_ids: [earlier.account_id], site_ids: [earlier.site_id] } }),
      warnings: duplicateWarnings(earlier, actor),
      parts: [insertEvidence(item)],
      write: (tx) => (stored && upload ? [tx.row(markUploadUsed, [upload.id, now])] : []),
      body: () => evidenceBody(item, actor),
    };
  },
});

/** @throws Refusal where the file is not what its key asks for, or corrects nothing */
function requireRecordable(policy: Policy, input: Input, upload: UploadRow | null, moved: boolean): void {
  if (input.corrects !== undefined && !moved) {
    const rule = "names an item of this ticket with the same file, which stands under the wrong key";
    throw invalidField("corrects", "same_file", rule);
  }
  const { kind, evidence_key: evidenceKey = null } = input;
  const mediaType = upload && mediaTypeOf(upload.content_type);
  if (mediaType !== null) requireKind(mediaType, { kind, evidenceKey }, policy.evidenceKeys);
}

const asDuplicate = (earlier: Recorded | undefined) => ({
  duplicate_of: earlier?.id ?? null,
  duplicate_ticket: earlier?.ticket_id ?? null,
  duplicate_number: earlier?.number ?? null,
  duplicate_key: earlier?.evidence_key ?? null,
  duplicate_account: earlier?.account_id ?? null,
  duplicate_site: earlier?.site_id ?? null,
});
