// Taking over an uploaded object: its bytes are read once, measured, compared with what was announced, and written under
// a key that nothing overwrites. Neither the client's word nor the store's metadata counts.

import { Refusal } from "../kernel/refusal.ts";
import { evidenceMaxBytes, isAcceptedMediaType, matchesMediaType, type MediaType } from "../storage/media-types.ts";
import { fetchObject, type ObjectStore } from "../storage/object-store.ts";
import type { UploadRow } from "./uploads.ts";

export type StoredObject = { readonly sha256: string; readonly sizeBytes: number; readonly mediaType: MediaType };

/** The key an evidence URI names in our store; null when it points elsewhere. */
export function keyInStore(uri: string, store: Pick<ObjectStore, "bucket">, schemes: readonly string[]): string | null {
  const url = URL.parse(uri);
  if (!url || !schemes.includes(url.protocol.slice(0, -1)) || url.host !== store.bucket.toLowerCase()) return null;
  return url.pathname.slice(1);
}

/**
 * Checks an upload and moves it to its final key; safe to run again after a crash at any point.
 * @throws Refusal EVIDENCE_NOT_STORED, EVIDENCE_CHECKSUM_MISMATCH, UNSUPPORTED_MEDIA_TYPE
 * @throws ObjectStoreUnavailable
 */
export async function takeOver(store: ObjectStore, upload: UploadRow, uri: string): Promise<StoredObject> {
  // First what an earlier try has taken over: on S3 whoever has the address may have sent something else there since.
  const kept = await fetchObject(store, upload.object_key, evidenceMaxBytes);
  const found = kept ?? (await fetchObject(store, upload.incoming_key, evidenceMaxBytes));
  const expected = { size_bytes: upload.size_bytes, sha256: upload.sha256 };
  if (!found) throw new Refusal("EVIDENCE_NOT_STORED", { uri, expected, actual: null });
  if (found.sizeBytes !== upload.size_bytes || found.sha256 !== upload.sha256) {
    throw new Refusal("EVIDENCE_CHECKSUM_MISMATCH", {
      uri,
      expected,
      actual: { size_bytes: found.sizeBytes, sha256: found.sha256 },
    });
  }
  const { content_type: contentType } = upload;
  if (!isAcceptedMediaType(contentType) || !matchesMediaType(found.head, contentType)) {
    throw new Refusal(
      "UNSUPPORTED_MEDIA_TYPE",
      { uri, content_type: contentType },
      { message: "The file's first bytes are not those of the announced type; upload the right file." },
    );
  }
  // "exists" needs no second look: only an object with the announced hash is ever written there.
  if (!kept) await store.writeOnce(upload.object_key, found.bytes, contentType);
  await store.spend(upload.incoming_key);
  return { sha256: found.sha256, sizeBytes: found.sizeBytes, mediaType: contentType };
}
