// The parts that a price book lists, found by their SKU however it is written. Pure.

import { closestName } from "./likeness.ts";
import type { CataloguePart, Index } from "./policy.ts";

/** What a SKU is known by: letter case and outer space say nothing. */
export const skuKey = (sku: string): string => sku.trim().toUpperCase();

/** The part of a SKU; null where the price book does not list it. */
export function listedPart(parts: Index<CataloguePart>, sku: string): CataloguePart | null {
  const key = skuKey(sku);
  return Object.hasOwn(parts, key) ? (parts[key] ?? null) : null;
}

/** STRIKE-01 and STRIKE01 are 0.77 alike, LCH-1 and LCH1 0.57; LCH-1 and LCK-1, which may be two parts, 0.50. */
const leastAlike = 0.5;

/** The listed SKU that is probably meant; null where none is alike. */
export const closestSku = (parts: Index<CataloguePart>, sku: string): string | null =>
  closestName(
    sku.trim(),
    Object.values(parts).map((part) => part.sku),
    leastAlike,
  );
