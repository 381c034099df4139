// Which price book an account is in: the one place where that is answered. Pure.

import type { Policy, PriceBook, Seller } from "./policy.ts";

type Books = Pick<Policy, "priceBook" | "furtherBooks" | "seller">;

/** An account as price books know it. */
export type PricedAccount = {
  readonly id: string;
  readonly external_source: string | null;
  readonly external_id: string | null;
  /** Null: the main book's, unless another book names the account. */
  readonly currency: string | null;
};

/**
 * The book of an account under some version of the rules, with who sells by it: of those in its currency the one that names it, by
 * its id or else by its external reference; else the one that names nobody. The main book where its currency has none.
 */
export function bookFor(
  { priceBook, furtherBooks, seller }: Books,
  { id, external_source, external_id, currency }: PricedAccount,
): { readonly book: PriceBook; readonly seller: Seller | null } {
  const main = { book: priceBook, seller };
  const offered = furtherBooks.filter(({ book }) => currency === null || book.currency === currency);
  const naming = (name: string) => offered.find(({ forAccounts }) => forAccounts !== null && name in forAccounts);
  const named = naming(id.toLowerCase()) ?? naming(`${external_source}:${external_id}`);
  if (named) return named;
  if (currency === null || currency === priceBook.currency) return main;
  return offered.find(({ forAccounts }) => forAccounts === null) ?? main;
}

/** What accounts may be billed in, the main book's currency first. */
export const currenciesOf = ({ priceBook, furtherBooks }: Omit<Books, "seller">): string[] => [
  ...new Set([priceBook, ...furtherBooks.map(({ book }) => book)].map(({ currency }) => currency)),
];
