// What a requirement takes for a photo, a note, a signature or a document: a key's kind is the policy's, a file's type is what
// its bytes are. Pure.

import type { EvidenceKind } from "../contract/fields.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Policy } from "../policy/policy.ts";
import {
  acceptedMediaTypes,
  familyOf,
  isAcceptedMediaType,
  type Family,
  type MediaType,
} from "../storage/media-types.ts";
import { isSignature, type EvidenceItem } from "./evidence-references.ts";

/** A drawing (SVG) is markup: it is taken as a signature, where it is strokes and nothing else, and as nothing more. */
const fitting: Readonly<Record<EvidenceKind, readonly Family[]>> = {
  photo: ["picture"],
  note: ["text", "document", "audio", "video"],
  signature: ["picture", "drawing", "document"],
  document: ["document", "picture", "text"],
  any: ["picture", "document", "text", "audio", "video"],
};

/** Whether an object of the type can be all that is asked for. */
export const fitsKinds = (mediaType: MediaType, kinds: readonly EvidenceKind[]): boolean =>
  kinds.every((kind) => fitting[kind].includes(familyOf(mediaType)));

/** The types that can be all that is asked for. */
export const mediaTypesFor = (kinds: readonly EvidenceKind[]): MediaType[] =>
  acceptedMediaTypes.filter((mediaType) => fitsKinds(mediaType, kinds));

/** What an item is to be: what a template says of its key, and a signature where it is given for one. */
export function kindsAskedFor(
  item: Pick<EvidenceItem, "kind" | "evidenceKey">,
  keys: Policy["evidenceKeys"],
): readonly EvidenceKind[] {
  const byKey = item.evidenceKey === null ? undefined : keys[item.evidenceKey]?.kind;
  const asked = new Set<EvidenceKind>();
  if (byKey) asked.add(byKey);
  if (isSignature(item)) asked.add("signature");
  return asked.size === 0 ? ["any"] : [...asked];
}

/** False where the stored bytes are known, and are not what the item's key asks for. Nobody looked at what was recorded before. */
export const isOfItsKind = (item: EvidenceItem, keys: Policy["evidenceKeys"]): boolean =>
  item.mediaType === null ||
  (isAcceptedMediaType(item.mediaType) && fitsKinds(item.mediaType, kindsAskedFor(item, keys)));

/** @throws Refusal UNSUPPORTED_MEDIA_TYPE, with what the key takes, where a file of the type cannot be what is asked for */
export function requireKind(
  mediaType: MediaType,
  item: Pick<EvidenceItem, "kind" | "evidenceKey">,
  keys: Policy["evidenceKeys"],
): void {
  const kinds = kindsAskedFor(item, keys);
  if (fitsKinds(mediaType, kinds)) return;
  const accepted = mediaTypesFor(kinds);
  const asked = item.evidenceKey === null ? `Evidence of kind ${item.kind.trim()}` : item.evidenceKey;
  throw new Refusal(
    "UNSUPPORTED_MEDIA_TYPE",
    { content_type: mediaType, evidence_key: item.evidenceKey, key_kind: kinds.join(" and "), accepted },
    { message: `${asked} is to be ${kinds.map((kind) => named[kind]).join(" and ")}; send ${accepted.join(", ")}.` },
  );
}

const named: Readonly<Record<EvidenceKind, string>> = {
  photo: "a photo",
  note: "a note, written or spoken",
  signature: "a signature",
  document: "a document",
  any: "a file, and no drawing",
};
