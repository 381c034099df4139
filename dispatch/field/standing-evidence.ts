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
  const objects = objectsIn(inTurn);
  for (const item of inTurn) {
    const key = keyOf(item);
    const reason = key === null ? null : reasonAgainst(objects(item), key, demands);
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
  { first, claimed }: ObjectRecord,
  key: string,
  demands: Demands,
): RejectedEvidence["reason"] | null {
  if (claimed !== key) return "ANOTHER_KEY";
  const since = demands.get(key);
  return since !== undefined && first <= since ? "OLDER_THAN_RETURN" : null;
}

/** When an object was first recorded, and for which key last. */
type ObjectRecord = { readonly first: string; readonly claimed: string | null };

/**
 * The objects by their addresses and by their bytes; two records are of one object when they have either in common.
 * Linear: a ticket may have thousands of items, and each read of its job packet asks.
 */
function objectsIn(inTurn: readonly EvidenceItem[]): (item: EvidenceItem) => ObjectRecord {
  const names = ({ uri, checksum }: EvidenceItem): string[] =>
    checksum === null ? [`uri ${uri}`] : [`uri ${uri}`, `sha256 ${plain(checksum)}`];
  const records = new Map<string, ObjectRecord & { readonly turn: number }>();
  for (const [turn, item] of inTurn.entries()) {
    const key = keyOf(item);
    for (const name of names(item)) {
      const known = records.get(name);
      const { first = item.createdAt, claimed = null } = known ?? {};
      records.set(name, key === null ? { first, claimed, turn: known?.turn ?? -1 } : { first, claimed: key, turn });
    }
  }
  return (item) => {
    const found = names(item).flatMap((name) => records.get(name) ?? []);
    return {
      first: found.map(({ first }) => first).reduce((one, other) => (other < one ? other : one)),
      claimed: found.reduce((one, other) => (other.turn > one.turn ? other : one)).claimed,
    };
  };
}

const byTime = (one: EvidenceItem, other: EvidenceItem): number =>
  one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.id < other.id) ? -1 : 1;

/** A checksum without the name some clients put before it. */
const plain = (checksum: string): string =>
  checksum
    .trim()
    .toLowerCase()
    .replace(/^sha-?256[:=]/, "");
