// A table as it was read from a file: rows of texts that still know their line. What the columns mean is nobody's business here.

import { asRead } from "./formula-guard.ts";

/** A file that cannot be read as a table. The message says what is wrong, where, and what to do. */
export class TableError extends Error {
  override readonly name = "TableError";
}

export type TableRow = {
  /** The line of the file, or the row of the sheet, in which it begins; the first is 1. */
  readonly line: number;
  /** Trimmed, without control characters but line breaks and tabs; nothing empty stands at the end. */
  readonly cells: readonly string[];
};

export type Table = {
  /** The sheet's name; null where the file is one table. */
  readonly sheet: string | null;
  /** How it was read, for a person: "CSV, semicolon, Windows-1252". */
  readonly format: string;
  /** Those with anything in them. */
  readonly rows: readonly TableRow[];
};

/** What any file may have at most. A sheet of a larger company is split by its owner in a minute; a hostile one ends here. */
export const tableLimits = {
  fileBytes: 64 * 1024 * 1024,
  rows: 200_000,
  columns: 500,
  cells: 4_000_000,
  cellCharacters: 32_767,
} as const;

/** Collects rows, and refuses what goes beyond the limits. */
export class RowCollector {
  readonly rows: TableRow[] = [];
  #cells = 0;

  /** Keeps a row that has anything in it. @throws TableError beyond a limit */
  add(line: number, cells: readonly string[]): void {
    if (cells.length > tableLimits.columns)
      throw new TableError(`Row ${line} has ${cells.length} columns; ${tableLimits.columns} can be read.`);
    const cleaned = cells.map((cell, at) => cleanCell(cell, line, at));
    while (cleaned.length > 0 && cleaned.at(-1) === "") cleaned.pop();
    if (cleaned.length === 0) return;
    this.#cells += cleaned.length;
    if (this.rows.length >= tableLimits.rows || this.#cells > tableLimits.cells)
      throw new TableError(
        `There are more than ${tableLimits.rows.toLocaleString("en-US")} rows or ` +
          `${tableLimits.cells.toLocaleString("en-US")} cells. Split the file and import the parts one after the other.`,
      );
    this.rows.push({ line, cells: cleaned });
  }
}

// Files of old programs end a line within a cell with a vertical tab, and pad with zeros.
const lineBreaks = /\r\n?|[\v\f\u0085\u2028\u2029]/g;
// What no field of a request may hold.
const control = /[\p{Cc}\p{Cs}\ufeff]/gu;
const rest = /[^\n\t]/;

function cleanCell(cell: string, line: number, at: number): string {
  if (cell.length > tableLimits.cellCharacters)
    throw new TableError(
      `Row ${line}, column ${at + 1} has ${cell.length.toLocaleString("en-US")} characters. In a CSV file a quote (") that is ` +
        "opened before it and never closed does that: look there.",
    );
  return asRead(
    cell
      .replaceAll(lineBreaks, "\n")
      .replaceAll(control, (one) => (rest.test(one) ? "" : one))
      .trim(),
  );
}
