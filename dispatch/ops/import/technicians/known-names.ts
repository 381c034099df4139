// Skills, tools and zones of a table against those the desk knows: one written a little differently is the known one, one that is
// nearly a known one is probably misspelt, and any other is new. Pure.

import { closestName } from "../../../policy/likeness.ts";

/** What the live rules ask for and the roster has. */
export type KnownNames = {
  readonly skills: readonly string[];
  readonly tools: readonly string[];
  readonly zones: readonly string[];
};

export type Judged =
  | { readonly is: "known"; readonly name: string }
  | { readonly is: "misspelt"; readonly closest: string }
  | { readonly is: "new" };

/** "dor hardware" and door_hardware are 0.76 alike, door_painting and door_hardware 0.33. */
const leastAlike = 0.5;

/** As it is compared: what programs write differently stands apart. */
export const plainTerm = (name: string): string =>
  name
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll(/[^\p{L}\p{N}]+/gu, "_")
    .replaceAll(/^_|_$/g, "");

/** @param asWritten takes what is nearly a known name for a new one */
export function judgeName(written: string, known: readonly string[], asWritten: boolean): Judged {
  const same = sameName(written, known);
  if (same !== undefined) return { is: "known", name: same };
  const plain = plainTerm(written);
  const terms = new Map(known.map((name) => [plainTerm(name), name]));
  const closest = asWritten || plain.length < 4 ? null : closestName(plain, [...terms.keys()], leastAlike);
  return closest === null ? { is: "new" } : { is: "misspelt", closest: terms.get(closest) ?? closest };
}

/**
 * Zones are alike by nature (Nord and Nordost, Bezirk A and Bezirk B), so only a slip of one letter within a word of five or more
 * counts as misspelt.
 */
export function judgeZone(written: string, known: readonly string[], asWritten: boolean): Judged {
  const same = sameName(written, known);
  if (same !== undefined) return { is: "known", name: same };
  const words = plainTerm(written).split("_");
  const closest = asWritten ? undefined : known.find((name) => differByOneSlip(words, plainTerm(name).split("_")));
  return closest === undefined ? { is: "new" } : { is: "misspelt", closest };
}

const sameName = (written: string, known: readonly string[]): string | undefined =>
  known.find((name) => name === written) ?? known.find((name) => plainTerm(name) === plainTerm(written));

const shortestWord = 5;
const differByOneSlip = (words: readonly string[], others: readonly string[]): boolean =>
  words.length === others.length && words.every((word, at) => word === others[at] || isSlip(word, others[at] ?? ""));

/** One letter wrong, missing or too many, or two neighbours that changed places; a digit is no slip. */
function isSlip(one: string, other: string): boolean {
  if (Math.min(one.length, other.length) < shortestWord || /\d/.test(one + other)) return false;
  let from = 0;
  while (from < one.length && one[from] === other[from]) from++;
  let behind = 0;
  while (behind < Math.min(one.length, other.length) - from && one.at(-1 - behind) === other.at(-1 - behind)) behind++;
  const [left, right] = [one.slice(from, one.length - behind), other.slice(from, other.length - behind)];
  if (Math.max(left.length, right.length) <= 1) return true;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}
