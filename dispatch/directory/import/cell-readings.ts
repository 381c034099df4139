// The text of a cell as the value of a field. Pure.

import { countryCode } from "./country-names.ts";
import type { Reading } from "./import-fields.ts";

/** What keeps a cell from being used. */
export type CellFault = { readonly rule: string; readonly message: string };
export type CellValue = string | number | boolean | object;
export type ReadCell = { readonly value: CellValue } | { readonly fault: CellFault };

const fault = (rule: string, message: string): ReadCell => ({ fault: { rule, message } });
const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

const yes: ReadonlySet<string> = new Set([
  "true",
  "yes",
  "y",
  "1",
  "x",
  "ja",
  "j",
  "wahr",
  "oui",
  "vrai",
  "si",
  "sí",
  "sim",
  "✓",
]);
const no: ReadonlySet<string> = new Set(["false", "no", "n", "0", "-", "nein", "falsch", "non", "faux", "não"]);
/** What a spreadsheet shows where a formula failed. */
const sheetFault = /^#(?:N\/A|REF!|VALUE!|NAME\?|DIV\/0!|NULL!|NUM!|SPILL!|CALC!|WERT!|BEZUG!|NV)$/i;

/** Terms of so many days and nothing else: "Net 30", "30 days", "30 Tage netto". Months, discounts and ends of months are others. */
const termsOfDays = /^(?:net(?:to)?\s*)?(\d{1,4})(?:\s*(?:days?|tage?n?|jours))?(?:\s*net(?:to)?)?$/i;
const atOnce = /^(?:due (?:up)?on receipt|immediate(?: payment)?|sofort(?: fällig)?)$/i;

/** @param text trimmed and not empty; a phone number is read elsewhere, since that needs to know the country */
export function readCell(text: string, reading: Exclude<Reading, "phone">): ReadCell {
  if (sheetFault.test(text)) return fault("spreadsheet-error", `is ${text}: a formula of the sheet failed there`);
  switch (reading) {
    case "text":
      return { value: text };
    case "country": {
      const code = countryCode(text);
      return code === null
        ? fault("country", `${shown(text)} is no country we know; write its two letters, such as DE`)
        : { value: code };
    }
    case "flag": {
      const word = text.toLowerCase();
      if (yes.has(word)) return { value: true };
      return no.has(word) ? { value: false } : fault("flag", `${shown(text)} is neither yes nor no`);
    }
    case "whole":
      return /^\d+$/.test(text) ? { value: Number(text) } : fault("whole-number", `${shown(text)} is no whole number`);
    case "days": {
      if (atOnce.test(text)) return { value: 0 };
      const days = termsOfDays.exec(text)?.[1];
      return days === undefined
        ? fault("days", `${shown(text)} is no number of days; write one, or leave the column out`)
        : { value: Number(days) };
    }
    case "number": {
      const number = Number(/^[+-]?\d+,\d+$/.test(text) ? text.replace(",", ".") : text);
      return Number.isFinite(number) ? { value: number } : fault("number", `${shown(text)} is no number`);
    }
    case "date":
      return dateOf(text);
    case "hours":
      return jsonOf(text);
  }
}

function dateOf(text: string): ReadCell {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$/.exec(text) ?? [];
  if (year !== undefined) return { value: `${year}-${month}-${day}` };
  const [, dotDay, dotMonth, dotYear] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text) ?? [];
  if (dotYear !== undefined) return { value: iso(dotYear, dotMonth, dotDay) };
  const [, first = "", second = "", slashYear] = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$/.exec(text) ?? [];
  if (slashYear === undefined) return fault("date", `${shown(text)} is no date; write YYYY-MM-DD`);
  if (Number(first) > 12) return { value: iso(slashYear, second, first) };
  if (Number(second) > 12 || first === second) return { value: iso(slashYear, first, second) };
  return fault("date", `${shown(text)} may be two dates; write YYYY-MM-DD`);
}

const iso = (year: string, month = "", day = ""): string => `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;

function jsonOf(text: string): ReadCell {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return { value };
  } catch {
    // Told below.
  }
  return fault("json", `${shown(text)} is no JSON`);
}
