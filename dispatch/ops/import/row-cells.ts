// A row's cells by their fields, as a request says them. Pure.

import type { RowsToImport } from "./table-rows.ts";
import type { TableRow } from "./table.ts";

export type PartRows = Pick<RowsToImport, "kind" | "fields" | "rows">;

/** The first cell of each field that is not empty; what the row says itself counts before what all rows are said to have. */
export function cellsOf(
  { fields }: Pick<PartRows, "fields">,
  constants: Readonly<Record<string, string>>,
  { cells }: TableRow,
): Map<string, string> {
  const given = new Map<string, string>();
  for (const [at, field] of fields) {
    const text = cells[at]?.trim();
    if (text && !given.has(field)) given.set(field, text);
  }
  for (const [field, text] of Object.entries(constants)) if (!given.has(field)) given.set(field, text);
  return given;
}
