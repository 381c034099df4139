// Rows as CSV that any spreadsheet opens and that is read back as it was: UTF-8 with a byte order mark, since Excel takes a file
// without one for Windows-1252; commas; lines as RFC 4180 ends them.

import { asWritten } from "./formula-guard.ts";

export const csvMark = "\ufeff";

export const csvLine = (cells: readonly string[]): string =>
  `${cells.map((cell) => quoted(asWritten(cell))).join(",")}\r\n`;

const quoted = (cell: string): string => (/[",;\t\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
