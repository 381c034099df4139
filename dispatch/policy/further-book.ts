// The files in price-books/: what one of them takes from the main book, and that no account is in two. Pure.

import { isMembers, layered } from "./layered-profile.ts";
import { PolicyError } from "./policy-error.ts";
import { priceBookFile } from "./policy-set.ts";
import type { FurtherBookJson, PriceBookJson } from "./schema.ts";

/** What a file of the folder says. */
export type Source<T> = { readonly file: string; readonly json: T };

const example = JSON.stringify({ extends: priceBookFile, version: "1.0.0", for_accounts: ["quickbooks:1001"] });
const rates = { labor_cents_per_hour: 11_000, travel_cents_per_hour: 8_500, trip_charge_cents: 7_900 };
const defaultExample = JSON.stringify({ ...rates, minimum_labor_minutes: 60, materials_markup_basis_points: 2_500 });

/**
 * A book with what it takes from the main one laid under it. No amount is taken into another currency, where it would say nothing.
 * @throws PolicyError for what it cannot extend, and for a book in another currency without rates of its own
 */
export function laidOverMain(file: string, written: unknown, main: PriceBookJson): unknown {
  if (!isMembers(written) || !("extends" in written)) return written;
  const { extends: extended, currency = main.currency } = written;
  if (extended !== priceBookFile) {
    const reason = `there is no price book ${JSON.stringify(extended)} to extend; known: ${priceBookFile}`;
    throw new PolicyError(file, "/extends", `${reason}; a whole book leaves it out; an example: ${example}`);
  }
  if (currency === main.currency) return layered(main, written);
  if (written["default"] === undefined) {
    const reason = `is required in a book in another currency: rates, parts and accounts in ${main.currency} are not taken over`;
    throw new PolicyError(file, "/default", `${reason}; an example: ${defaultExample}`);
  }
  const { default: _default, parts: _parts, ...rest } = main;
  return layered({ ...rest, accounts: [] }, written);
}

/**
 * Each currency has one book that names no accounts, for all in it but those that another book in it names.
 * @throws PolicyError for two that claim the same accounts, or a list that leaves some in no book
 */
export function checkWhoseBooks(main: Source<PriceBookJson>, further: readonly Source<FurtherBookJson>[]): void {
  const everybodys = new Map([[main.json.currency, main.file]]);
  for (const { file, json } of further) {
    if (json.for_accounts) continue;
    const other = everybodys.get(json.currency);
    everybodys.set(json.currency, file);
    if (other === undefined) continue;
    const reason = `is required, since ${other} is for all accounts in ${json.currency} already: name those that this one is for`;
    throw new PolicyError(file, "/for_accounts", `${reason}; an example: ["quickbooks:1001"]`);
  }
  const claimed = new Map<string, string>();
  for (const { file, json } of further) {
    if (json.for_accounts && !everybodys.has(json.currency)) {
      const reason = `leaves other accounts in ${json.currency} without a price book: leave it out, or have a book without it`;
      throw new PolicyError(
        file,
        "/for_accounts",
        `${reason}; an example: ${JSON.stringify({ currency: json.currency })}`,
      );
    }
    json.for_accounts?.forEach((reference, at) => {
      const other = claimed.get(reference);
      claimed.set(reference, file);
      if (other === undefined) return;
      const reason = `"${reference}" is in ${other} already, and an account is in one book; an example: ["quickbooks:1002"]`;
      throw new PolicyError(file, `/for_accounts/${at}`, reason);
    });
  }
}
