// Which currencies prices may stand in: those of ISO 4217 that have cents, since every amount is a whole number of those. Pure.

import { closestName } from "./likeness.ts";

/** What is wrong with a currency of prices, with the one that is probably meant; null when nothing is. */
export function currencyProblem(code: string): string | null {
  const known = Intl.supportedValuesOf("currency");
  if (!known.includes(code)) {
    const meant = byName(code, known) ?? closestName(code, ["USD", "EUR", "GBP", "CHF", "CAD", "AUD"], 0.4);
    return `"${code}" is no currency of ISO 4217, such as USD or EUR${meant === null ? "" : `; perhaps ${meant} is meant`}`;
  }
  const { maximumFractionDigits: digits } = new Intl.NumberFormat("en", {
    style: "currency",
    currency: code,
  }).resolvedOptions();
  return digits === 2 ? null : `"${code}" has ${digits ?? "no"} decimals; amounts are whole cents, which need two`;
}

/** By what people call it: "Euro", "dollar", "Franken", "£". */
function byName(written: string, known: readonly string[]): string | null {
  const word = written.trim().toLowerCase();
  const usual = common.find(([words]) => words.includes(word));
  if (usual) return usual[1];
  const named = new Intl.DisplayNames("en", { type: "currency" });
  return known.find((code) => named.of(code)?.toLowerCase() === word) ?? null;
}

const common: readonly (readonly [words: readonly string[], code: string])[] = [
  [["€", "euro", "euros", "eur."], "EUR"],
  [["$", "dollar", "dollars", "us$", "us dollar"], "USD"],
  [["£", "pound", "pounds", "sterling"], "GBP"],
  [["fr.", "sfr", "franken", "franc", "francs"], "CHF"],
];
