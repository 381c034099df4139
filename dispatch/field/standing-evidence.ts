/**
 * Says which items of evidence stand for their keys: an object stands for one key, it is what the key asks for, its camera's clock
 * does not speak against it, and what the quality check has asked for anew is a new object.
 * Pure; whether an object is stored, and whether it may be relied on, is evidence-references.ts'.
 */
import type { EvidenceRules, Policy } from "../policy/policy.ts";
import { captureDoubts, type CaptureDoubt, type VisitSpan } from "./capture-times.ts";
import { isOfItsKind } from "./evidence-kinds.ts";
import { keyOfItem, type EvidenceItem } from "./evidence-references.ts";
import type { Demands } from "./visits.ts";

export type RejectedEvidence = {
  readonly evidence_id: string;
  readonly evidence_key: string;
  /**
   * ANOTHER_KEY: the same object was recorded later for another key. OLDER_THAN_RETURN: the work was sent back for a new one.
   * WRONG_KIND: it is not what the key asks for, such as a text where that is a photo.
   */
  readonly reason: "ANOTHER_KEY" | "OLDER_THAN_RETURN" | "WRONG_KIND" | CaptureDoubt;
};

/** What the items are held to. */
export type StandingRules = {
  readonly demands: Demands;
  readonly visit: VisitSpan;
  readonly keys: Policy["evidenceKeys"];
  readonly evidence: EvidenceRules;
};

type Standing = {
  readonly counted: readonly EvidenceItem[];
  readonly rejected: readonly RejectedEvidence[];
  /** Those that count, and that somebody should look at. */
  readonly doubtful: readonly RejectedEvidence[];
};

/**
 * An object that was recorded under two keys stands for the later one, so that a slip can be put right by recording it again.
 */
export function standingEvidence(items: readonly EvidenceItem[], rules: StandingRules): Standing {
  const { demands, visit, keys, evidence } = rules;
  const counted: EvidenceItem[] = [];
  const rejected: RejectedEvidence[] = [];
  const doubtful: RejectedEvidence[] = [];
  const inTurn = items.toSorted(byTime);
  const objects = objectsIn(inTurn);
  const doubts = evidence.captureTimes === "ignore" ? null : captureDoubts(inTurn, visit, keys, evidence);
  for (const item of inTurn) {
    const key = keyOfItem(item);
    if (key === null) {
      counted.push(item);
      continue;
    }
    const tell = (reason: RejectedEvidence["reason"]) => ({ evidence_id: item.id, evidence_key: key, reason });
    const doubt = doubts?.get(item.id) ?? null;
    const wrong = isOfItsKind(item, keys) ? null : ("WRONG_KIND" as const);
    const reason =
      reasonAgainst(objects(item), key, demands) ?? wrong ?? (evidence.captureTimes === "refuse" ? doubt : null);
    if (reason !== null) {
      rejected.push(tell(reason));
      continue;
    }
    counted.push(item);
    if (doubt !== null) doubtful.push(tell(doubt));
  }
  return { counted, rejected, doubtful };
}

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
    const key = keyOfItem(item);
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
export const plain = (checksum: string): string =>
  checksum
    .trim()
    .toLowerCase()
    .replace(/^sha-?256[:=]/, "");
