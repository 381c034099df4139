// What a reported part costs the customer and what the invoice calls it: by the price book's catalogue, else by the cost that was
// reported. Pure.

import { listedPart } from "../policy/part-catalogue.ts";
import type { CataloguePart, PriceBook, PriceBookEntry } from "../policy/policy.ts";
import { basis, divided } from "./invoice-tax.ts";
import type { ReportedPart } from "./visits.ts";

const listingOf = ({ sku }: ReportedPart, { parts }: PriceBook): CataloguePart | null =>
  sku === undefined ? null : listedPart(parts, sku);

/**
 * Of one piece: the catalogue's price as it stands, else the cost reported, else the catalogue's cost, with the account's mark-up.
 * Rounded here, before it is multiplied: the customer can check quantity × unit price.
 * @returns null where neither price nor cost is known
 */
export function unitPriceOf(part: ReportedPart, book: PriceBook, entry: PriceBookEntry): bigint | null {
  const { priceCents, costCents } = listingOf(part, book) ?? { priceCents: null, costCents: null };
  if (priceCents !== null) return BigInt(priceCents);
  const cost = part.unit_price_cents ?? costCents;
  if (cost === null) return null;
  return divided(BigInt(cost) * (basis + BigInt(entry.materialsMarkupBasisPoints)), basis, book.rounding);
}

/** As it was reported, else as the catalogue names it. */
export const descriptionOf = (part: ReportedPart, book: PriceBook): string =>
  part.description || listingOf(part, book)?.name || part.sku || "Part";
