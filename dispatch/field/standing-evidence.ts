/**
 * Says which items of evidence stand for their keys: an object stands for one key, and what the quality check has asked for anew
 * is a new object.
 * Pure; whether an object is stored, and whether it may be relied on, is evidence-references.ts'.
 */
import { signatureKey } from "../policy/policy.ts";
import type { EvidenceItem } from "./evidence-references.ts";
import type { Demands } from "./visits.ts";

export type RejectedEvidence = {
  readonly evidence_id: string;
  readonly evidence_key: string;
  /** ANOTHER_KEY: the same object was recorded later for another key. OLDER_THAN_RETURN: the work was sent back for a new one. */
  readonly reason: "ANOTHER_KEY" | "OLDER_THAN_RETURN";
};

type Standing = { readonly counted: readonly EvidenceItem[]; readonly rejected: readonly RejectedEvidence[] };

/**
 * An object that was recorded under two keys stands for the later one, so that a slip can be put right by recording it again.
 */
export function standingEvidence(items: readonly EvidenceItem[], demands: Demands): Standing {
  const counted: EvidenceItem[] = [];
  const rejected: RejectedEvidence[] = [];
  const inTurn = items.toSorted(byTime);
  for (const item of inTurn) {
    const key = keyOf(item);
    const reason = key === null ? null : reasonAgainst(item, key, inTurn, demands);
    if (key === null || reason === null) counted.push(item);
    else rejected.push({ evidence_id: item.id, evidence_key: key, reason });
  }
  return { counted, rejected };
}

/** Kind SIGNATURE in any case, or under the signature's key. */
export function isSignature(item: Pick<EvidenceItem, "kind" | "evidenceKey">): boolean {
  return item.kind.trim().toUpperCase() === "SIGNATURE" || item.evidenceKey === signatureKey;
}

const keyOf = (item: EvidenceItem): string | null => item.evidenceKey ?? (isSignature(item) ? signatureKey : null);

function reasonAgainst(
  item: EvidenceItem,
  key: string,
  inTurn: readonly EvidenceItem[],
  demands: Demands,
): RejectedEvidence["reason"] | null {
  const alike = inTurn.filter((other) => isSameObject(item, other));
  const claimed = alike.map(keyOf).findLast((other) => other !== null);
  if (claimed !== key) return "ANOTHER_KEY";
  const since = demands.get(key);
  return since !== undefined && alike.some(({ createdAt }) => createdAt <= since) ? "OLDER_THAN_RETURN" : null;
}

const byTime = (one: EvidenceItem, other: EvidenceItem): number =>
  one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.id < other.id) ? -1 : 1;

function isSameObject(one: EvidenceItem, other: EvidenceItem): boolean {
  return one.uri === other.uri || (one.checksum !== null && plain(one.checksum) === plain(other.checksum ?? ""));
}

/** A checksum without the name some clients put before it. */
const plain = (checksum: string): string =>
  checksum
    .trim()
    .toLowerCase()
    .replace(/^sha-?256[:=]/, "");
