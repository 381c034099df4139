// Taking over an uploaded object: its bytes are read once, measured, compared with what was announced, and written under
// a key that nothing overwrites. Neither the client's word nor the store's metadata counts.

import { Refusal } from "../kernel/refusal.ts";
import type { Exif } from "../storage/exif.ts";
import { faultIn } from "../storage/first-bytes.ts";
import { familyOf, isAcceptedMediaType, maxBytesOf, type MediaType } from "../storage/media-types.ts";
import { fetchObject, inspectObject, piecesAsAnnounced, type ObjectStore } from "../storage/object-store.ts";
import { readPicture, type PictureType } from "../storage/picture.ts";
import { incomingKeys, joinedParts, missingParts, partsOf, type Part } from "./upload-parts.ts";
import type { UploadRow } from "./uploads.ts";

/** What the stored bytes say of themselves. */
export type StoredObject = {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly mediaType: MediaType;
  /** Pixels; null of what is no picture. */
  readonly width: number | null;
  readonly height: number | null;
  readonly exif: Exif | null;
};

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
  const { content_type: mediaType, size_bytes: sizeBytes, sha256 } = upload;
  if (!isAcceptedMediaType(mediaType)) throw unfit(upload, uri, "it is none of the accepted types");
  const found = { sha256, sizeBytes, mediaType };
  if (familyOf(mediaType) === "video") {
    await carryOver(store, upload, uri, mediaType);
    return { ...found, width: null, height: null, exif: null };
  }
  // First what an earlier try has taken over: on S3 whoever has the address may have sent something else there since.
  const size = { sizeBytes, maxBytes: maxBytesOf(mediaType) };
  const kept = await fetchObject(store, upload.object_key, size);
  const object = kept ?? (await fetchObject(store, upload.incoming_key, size));
  requireAnnounced(upload, uri, object);
  const fault = faultIn(object.bytes, mediaType);
  if (fault !== null) throw unfit(upload, uri, fault);
  const picture = isPicture(mediaType) ? readPicture(object.bytes, mediaType) : nothingToSee;
  if (picture === null)
    throw unfit(
      upload,
      uri,
      "it begins like a picture, and has no size, or one beyond 2^31 - 1: it is cut off or damaged",
    );
  // "exists" needs no second look: only an object with the announced hash is ever written there.
  if (!kept) await store.writeOnce(upload.object_key, object.bytes, mediaType);
  await store.spend(upload.incoming_key);
  return { ...found, ...picture };
}

const nothingToSee = { width: null, height: null, exif: null };

const isPicture = (mediaType: MediaType): mediaType is PictureType => familyOf(mediaType) === "picture";

/** A video is too large to be held: it passes through, and is written only if it turns out to be what was announced. */
async function carryOver(store: ObjectStore, upload: UploadRow, uri: string, mediaType: MediaType): Promise<void> {
  const { size_bytes: sizeBytes, sha256, object_key: key } = upload;
  const accept = (head: Uint8Array): void => {
    const fault = faultIn(head, mediaType);
    if (fault !== null) throw unfit(upload, uri, fault);
  };
  const isKept = async (): Promise<boolean> => {
    const kept = await inspectObject(store, key, sizeBytes);
    if (kept === null) return false;
    requireAnnounced(upload, uri, kept);
    accept(kept.head);
    return true;
  };
  if (!(await isKept())) {
    try {
      const body = await sentBytes(store, upload, uri);
      const pieces = piecesAsAnnounced(body, { sizeBytes, sha256 }, accept, (actual) => mismatch(upload, uri, actual));
      await store.writeOnce(key, { sizeBytes, pieces }, mediaType);
    } catch (error) {
      // Another call may have taken it over meanwhile, and used up what this one was reading.
      if (!(error instanceof Refusal) || !(await isKept())) {
        if (error instanceof Refusal && error.code === "EVIDENCE_CHECKSUM_MISMATCH") await forgetParts(store, upload);
        throw error;
      }
    }
  }
  for (const incoming of incomingKeys(upload)) await store.spend(incoming);
}

/** @throws Refusal EVIDENCE_NOT_STORED, which of a file in parts names those that are missing */
async function sentBytes(store: ObjectStore, upload: UploadRow, uri: string): Promise<AsyncIterable<Uint8Array>> {
  const whole = await store.read(upload.incoming_key);
  if (whole !== null) return whole;
  if (upload.part_bytes === null) throw notStored(upload, uri);
  const missing = await missingParts(store, upload);
  if (missing.length > 0) throw partsNotStored(upload, uri, missing);
  return joinedParts(store, upload, (part) => partsNotStored(upload, uri, [part]));
}

/** Nobody can tell which part is wrong. On files a part that lies there takes no other in its place, so all have to go. */
async function forgetParts(store: ObjectStore, upload: UploadRow): Promise<void> {
  if (upload.part_bytes === null) return;
  for (const incoming of incomingKeys(upload)) await store.remove(incoming);
}

const notStored = (upload: UploadRow, uri: string): Refusal =>
  new Refusal("EVIDENCE_NOT_STORED", { uri, expected: expectedOf(upload), actual: null });

function partsNotStored(upload: UploadRow, uri: string, missing: readonly Part[]): Refusal {
  const numbers = missing.map(({ number }) => number).join(", ");
  return new Refusal(
    "EVIDENCE_NOT_STORED",
    { uri, expected: expectedOf(upload), actual: null, missing_parts: missing },
    {
      message:
        `${missing.length} of the file's ${partsOf(upload).length} parts are not in the store: ${numbers}. Send them, and record it ` +
        "again; closeout.request_upload with the same fields and a new idempotency key gives their addresses.",
    },
  );
}

const expectedOf = ({ size_bytes, sha256 }: UploadRow) => ({ size_bytes, sha256 });

type Measured = { readonly sizeBytes: number; readonly sha256: string };

function requireAnnounced<T extends Measured>(upload: UploadRow, uri: string, found: T | null): asserts found is T {
  if (!found) throw notStored(upload, uri);
  const isSame = found.sizeBytes === upload.size_bytes && found.sha256 === upload.sha256;
  if (!isSame) throw mismatch(upload, uri, found);
}

const mismatch = (upload: UploadRow, uri: string, actual: Measured): Refusal =>
  new Refusal("EVIDENCE_CHECKSUM_MISMATCH", {
    uri,
    expected: expectedOf(upload),
    actual: { size_bytes: actual.sizeBytes, sha256: actual.sha256 },
  });

const unfit = ({ content_type }: UploadRow, uri: string, fault: string): Refusal =>
  new Refusal(
    "UNSUPPORTED_MEDIA_TYPE",
    { uri, content_type },
    { message: `The file is not what ${content_type} says: ${fault}.` },
  );
