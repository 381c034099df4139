/**
 * Says which references to evidence are good: they name an item of this ticket whose object the store can hold.
 * Pure; whether an object is really stored was settled before, as the item's `verification`.
 */

import { signatureKey } from "../policy/policy.ts";

export type EvidenceItem = {
  readonly id: string;
  readonly kind: string;
  readonly uri: string;
  /** metadata.evidence_key, null when the item names none. */
  readonly evidenceKey: string | null;
  readonly verification: "verified" | "referenced";
  /** Null where nobody has said it. */
  readonly checksum: string | null;
  readonly createdAt: string;
  /** What the stored bytes are; null where nobody looked at them. */
  readonly mediaType: string | null;
  /** When the camera says it was taken; null where it says nothing. */
  readonly capturedAt: string | null;
};

/** Kind SIGNATURE in any case, or under the signature's key. */
export function isSignature(item: Pick<EvidenceItem, "kind" | "evidenceKey">): boolean {
  return item.kind.trim().toUpperCase() === "SIGNATURE" || item.evidenceKey === signatureKey;
}

/** The key an item stands for; null when it stands for none. */
export const keyOfItem = (item: Pick<EvidenceItem, "kind" | "evidenceKey">): string | null =>
  item.evidenceKey ?? (isSignature(item) ? signatureKey : null);

export type ReferenceRules = {
  /** Without colon, e.g. ["s3", "minio"]; any case. */
  readonly allowedSchemes: readonly string[];
  readonly mustBeVerified: boolean;
};

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for a URL with an allowed scheme, a host (the bucket) and a path other than "/". */
export function isObjectStoreUri(uri: string, allowedSchemes: readonly string[]): boolean {
  const url = URL.parse(uri);
  if (url === null) return false;
  const scheme = url.protocol.slice(0, -1);
  const allowed = allowedSchemes.some((candidate) => candidate.toLowerCase() === scheme);
  return allowed && url.host !== "" && url.pathname !== "" && url.pathname !== "/";
}

/** True when the item's object may be relied on under the rules. */
export function isUsableEvidence(item: EvidenceItem, rules: ReferenceRules): boolean {
  if (rules.mustBeVerified && item.verification !== "verified") return false;
  return isObjectStoreUri(item.uri, rules.allowedSchemes);
}

/**
 * The references that are not good, sorted by code unit, each once, in the text they were given in.
 * A uuid names an item by id (any case), any other text by its exact URI; without `evidenceRefs` every item's
 * URI is meant. Several items may share a URI (a retry after a failed upload, and items are never deleted):
 * one usable item among them makes the URI good.
 */
export function invalidEvidenceRefs(
  items: readonly EvidenceItem[],
  evidenceRefs: readonly string[] | undefined,
  rules: ReferenceRules,
): string[] {
  const usable = new Set<string>();
  for (const item of items) {
    if (!isUsableEvidence(item, rules)) continue;
    usable.add(item.id.toLowerCase());
    usable.add(item.uri);
  }
  const refs = evidenceRefs ?? items.map((item) => item.uri);
  const invalid = refs.filter((ref) => !usable.has(uuid.test(ref) ? ref.toLowerCase() : ref));
  return [...new Set(invalid)].sort();
}
