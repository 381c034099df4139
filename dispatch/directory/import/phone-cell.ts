// The phone numbers in one cell. libphonenumber takes the second of two for the first one's extension and calls that valid, and
// reads a short wrong number out of words; so a cell is taken apart before anything of it is parsed.

import { readPhone } from "../phone-number.ts";

export type PhoneCell = {
  /** As it is to be kept; null where there is no number at all. */
  readonly phone: string | null;
  /** Whether that is a valid number of some country. */
  readonly valid: boolean;
  /** What else was in the cell. */
  readonly others: readonly string[];
};

const separators = /\s*(?:;|\n|\||:::|,|\s\/\s|\s(?:or|and|oder|und|ou|et)\s)\s*/i;
/** With fewer it is an extension, or a part of the number before it. */
const fewestDigits = 6;
const digitsIn = (text: string): number => text.replaceAll(/\D/g, "").length;

/** @param region the country of a number that names none */
export function readPhoneCell(cell: string, region: string): PhoneCell {
  const numbers = numbersIn(cell);
  const first =
    numbers.find((number) => readPhone(number, region) !== null) ?? numbers.find((number) => digitsIn(number) >= 3);
  if (first === undefined) return { phone: null, valid: false, others: [] };
  return {
    phone: first,
    valid: readPhone(first, region) !== null,
    others: numbers.filter((number) => number !== first),
  };
}

/** The numbers as they were written, without words before and behind them. */
export function numbersIn(cell: string): string[] {
  const numbers: string[] = [];
  for (const part of cell.split(separators)) {
    const last = numbers.at(-1);
    if (last !== undefined && digitsIn(part) < fewestDigits) {
      if (digitsIn(part) > 0) numbers[numbers.length - 1] = `${last} ${part}`;
    } else if (part.trim() !== "") numbers.push(part);
  }
  return numbers.map(withoutWords).filter((number) => number !== "");
}

const withoutWords = (number: string): string =>
  number
    .replaceAll(/\([^)]*\p{L}[^)]*\)/gu, " ")
    .replace(/^[^\d+(]+/, "")
    .replace(/\s+(?!x\b|ext|#)\p{L}[\p{L}.\s]*$/iu, "")
    .trim();
