// closeout.add_evidence: records a piece of evidence. An object of our own store is read and checked first; one kept
// elsewhere is recorded as referenced, and the profile says whether that is enough to complete the work.

import { newId } from "../kernel/clock.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { countEvidence, evidenceBody, insertEvidence, requireRoom, type EvidenceRow } from "./evidence-rows.ts";
import { keyInStore, takeOver, type StoredObject } from "./stored-object.ts";
import { markUploadUsed, selectUpload } from "./uploads.ts";

export const closeoutAddEvidence = ticketCommand({
  name: "closeout.add_evidence",
  async load(tx, { desk, input, ticketId }) {
    const key = keyInStore(input.uri, desk.store, desk.settings.objectStoreSchemes);
    const [upload, recorded] = await Promise.all([
      key === null ? null : tx.row(selectUpload, [key, ticketId]),
      tx.row(countEvidence, [ticketId]),
    ]);
    return { key, upload, items: recorded?.total ?? 0 };
  },
  needsPreparation: ({ key }) => key !== null,
  async prepare({ desk, input, ticketId }, { upload, items }): Promise<StoredObject | undefined> {
    requireRoom(ticketId, items, desk.policy);
    if (!upload) throw new Refusal("EVIDENCE_NOT_STORED", { uri: input.uri, expected: null, actual: null });
    const stored = await takeOver(desk.store, upload, input.uri);
    const claimed = input.checksum?.toLowerCase().replace(/^sha256:/, "");
    if (claimed !== undefined && claimed !== stored.sha256) {
      throw new Refusal("EVIDENCE_CHECKSUM_MISMATCH", {
        uri: input.uri,
        expected: input.checksum,
        actual: stored.sha256,
      });
    }
    return stored;
  },
  decide({ desk, actor, input, ticket, now }, { upload, items }, stored) {
    requireRoom(ticket.id, items, desk.policy);
    const item: EvidenceRow = {
      id: newId(Date.parse(now)),
      ticket_id: ticket.id,
      kind: input.kind,
      uri: input.uri,
      checksum: stored?.sha256 ?? input.checksum ?? null,
      metadata: { ...input.metadata, ...(input.evidence_key && { evidence_key: input.evidence_key }) },
      created_by: actor.id,
      created_at: now,
      verification: stored ? "verified" : "referenced",
      media_type: stored?.mediaType ?? null,
      size_bytes: stored?.sizeBytes ?? null,
      width: null,
      height: null,
      captured_at: null,
      captured_offset: null,
      lat: null,
      lon: null,
      site_lat: null,
      site_lon: null,
      duplicate_of: null,
      duplicate_ticket: null,
      duplicate_number: null,
      duplicate_key: null,
      duplicate_account: null,
      duplicate_site: null,
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
      },
      write: (tx) => [
        insertEvidence(tx, { ...item, metadata: JSON.stringify(item.metadata) }),
        ...(stored && upload ? [tx.row(markUploadUsed, [upload.id, now])] : []),
      ],
      body: () => evidenceBody(item, actor),
    };
  },
});
