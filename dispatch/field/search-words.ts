// What somebody types to find a ticket, as a question to its words (ticket_to_find in the migrations): all must occur, "quotes"
// keep a phrase, a phone number is found in any writing, a ticket by its number. No sign is an operator.

import { ticketNumberFrom } from "../contract/ids.ts";
import { readPhone } from "../directory/phone-number.ts";

const word = /[\p{L}\p{M}\p{N}]+/gu;
const phone =
  /(?<![\p{L}\p{N}])(?:\+|\()?\d[\d\s()./\u2010-\u2015-]{5,}\d(?:\s*(?:x|ext\.?|extension|#)\s*\d{1,7})?(?![\p{L}\p{N}])/giu;
const number = /(?<![\p{L}\p{N}])t-\d{1,15}(?![\p{L}\p{N}])/giu;
const email = /\S+@\S+/gu;
/** Digits of a phone number by which it is found; see phone_to_find. */
const fewestDigits = 7;

/** Whether something in it may be a phone number. */
export const holdsPhone = (typed: string): boolean => typed.search(phone) >= 0;

/**
 * For to_tsquery; null when there is no word in it, and so nothing to be found.
 * @param regions in which a phone number without a country may be one
 */
export function searchExpression(typed: string, regions: readonly string[]): string | null {
  const terms: (string | null)[] = [];
  let rest = typed;
  const take = (pattern: RegExp, term: (found: string) => string | null) => {
    rest = rest.replace(pattern, (found: string) => {
      terms.push(term(found));
      return " ";
    });
  };
  take(/"[^"]*"?/g, phrase);
  take(email, phrase);
  take(number, (found) => either([ticketNumberFrom(found)?.replace("-", "") ?? null], found));
  take(phone, (found) => either(phoneWords(found, regions), found));
  take(word, phrase);
  const said = terms.filter((term) => term !== null);
  return said.length === 0 ? null : said.join(" & ");
}

/** Words that stand beside one another; in quotes to_tsquery takes them so. */
function phrase(text: string): string | null {
  const words = text.match(word);
  return words && `'${words.join(" ")}'`;
}

/** One of these, or the very words. */
function either(lexemes: readonly (string | null)[], text: string): string {
  const words = (text.match(word) ?? []).map((one) => `'${one}'`).join(" & ");
  return `(${[...lexemes.filter((lexeme) => lexeme !== null).map((lexeme) => `'${lexeme}'`), `(${words})`].join(" | ")})`;
}

function phoneWords(written: string, regions: readonly string[]): string[] {
  const digits = written.replace(/(?:x|ext|#).*$/i, "").replace(/[^0-9]/g, "");
  const read = regions.map((region) => readPhone(written, region)).filter((one) => one !== null);
  return [...new Set([digits, ...read.flatMap(({ international, national }) => [international, national])])]
    .filter((one) => one.length >= fewestDigits)
    .map((one) => `tel${one}`);
}
