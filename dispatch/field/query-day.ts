// A day that a query asks about. Its pattern is the contract's; whether a calendar has it is seen here.

import { invalidFields } from "../kernel/refusal.ts";
import { parseDate, type EpochDay } from "../workforce/local-time.ts";

/** @throws Refusal INVALID_QUERY for a day that no calendar has */
export function queryDay(path: string, text: string): EpochDay {
  try {
    return parseDate(text);
  } catch {
    throw invalidFields([{ path, rule: "date", message: "is no day of the calendar" }], "INVALID_QUERY");
  }
}
