// What the cameras' clocks say of the photos: whether they were taken on the visit, and those of the finished work after those of
// the fault. A camera that says nothing is not doubted. Pure.

import type { EvidenceRules, Policy } from "../policy/policy.ts";
import { keyOfItem, type EvidenceItem } from "./evidence-references.ts";

/** From the first arrival to the report that the work is done; ISO 8601. */
export type VisitSpan = { readonly from: string; readonly to: string };

/**
 * OUTSIDE_VISIT: taken too long before or after the visit. NOT_AFTER: it is to show the finished work, and no photo of the fault is
 * older.
 */
export type CaptureDoubt = "OUTSIDE_VISIT" | "NOT_AFTER";

/** What to doubt of each photo, by the item's id. */
export function captureDoubts(
  items: readonly EvidenceItem[],
  visit: VisitSpan,
  keys: Policy["evidenceKeys"],
  { captureMarginMinutes }: Pick<EvidenceRules, "captureMarginMinutes">,
): ReadonlyMap<string, CaptureDoubt> {
  const margin = captureMarginMinutes * 60_000;
  const [from, to] = [Date.parse(visit.from) - margin, Date.parse(visit.to) + margin];
  const photos = items.flatMap((item) => {
    const required = keys[keyOfItem(item) ?? ""];
    return required?.kind === "photo" && item.capturedAt !== null
      ? [{ id: item.id, taken: required.taken, at: Date.parse(item.capturedAt) }]
      : [];
  });
  const firstBefore = Math.min(...photos.flatMap(({ taken, at }) => (taken === "before" ? [at] : [])));
  const doubts = new Map<string, CaptureDoubt>();
  for (const { id, taken, at } of photos) {
    if (at < from || at > to) doubts.set(id, "OUTSIDE_VISIT");
    else if (taken === "after" && firstBefore !== Infinity && at <= firstBefore) doubts.set(id, "NOT_AFTER");
  }
  return doubts;
}
