// What somebody types, as the end of a phone number: as it lies in the index over phone_key, which is read from its last digit.

import { readPhone } from "./phone-number.ts";

/** Digits by which a number is worth looking for. */
const fewestDigits = 4;
/** More digits are a whole number. */
const longestEnd = 6;
const isPhone = /^[+(]?[\d\s()./\u2010-\u2015-]+(?:\s*(?:x|ext\.?|extension|#)\s*\d{1,7})?$/i;

/** The digits in reverse, within the country where they are a number of one; null where it is no phone number. */
export function reversedPhone(typed: string, region: string): string | null {
  const written = typed.trim();
  if (!isPhone.test(written)) return null;
  const typedDigits = written.replace(/(?:x|ext|#).*$/i, "").replace(/[^0-9]/g, "");
  // Zeros in front of a whole number stand for a trunk or for a country's plus, and are in no number as it is kept.
  const digits =
    readPhone(written, region)?.national ??
    (typedDigits.length > longestEnd ? typedDigits.replace(/^0+/, "") : typedDigits);
  return digits.length < fewestDigits ? null : [...digits].toReversed().join("");
}
