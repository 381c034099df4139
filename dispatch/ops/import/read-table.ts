// A file as tables, by what it holds and not by its name.

import { open } from "node:fs/promises";
import { decodeText } from "./decode-text.ts";
import { readCsv } from "./read-csv.ts";
import { readXlsx } from "./read-xlsx.ts";
import { tableLimits, TableError, type Table } from "./table.ts";

/** What people import by mistake, by its first bytes. */
const otherKinds: readonly (readonly [bytes: string, advice: string])[] = [
  [
    "\u00d0\u00cf\u0011\u00e0",
    "an old Excel workbook (.xls), or one with a password. Save it as .xlsx, without a password",
  ],
  ["%PDF", "a PDF. Export a table instead"],
  ["\u001f\u008b", "packed by gzip. Unpack it first"],
  ["Rar!", "a RAR archive. Unpack it first"],
  ["7z\u00bc\u00af", "a 7z archive. Unpack it first"],
  ["{\\rtf", "an RTF document. Export a table instead"],
];

/** @throws TableError naming the file, what is wrong and what to do; an error of the file system */
export async function readTables(path: string): Promise<Table[]> {
  const bytes = await readBounded(path);
  try {
    return await tablesIn(bytes);
  } catch (error) {
    throw error instanceof TableError ? new TableError(`${path}: ${error.message}`) : error;
  }
}

/** @throws TableError */
export async function tablesIn(bytes: Buffer): Promise<Table[]> {
  const start = bytes.toString("latin1", 0, 8);
  if (start.startsWith("PK\u0003\u0004")) return readXlsx(bytes);
  const other = otherKinds.find(([mark]) => start.startsWith(mark));
  if (other) throw new TableError(`This is ${other[1]}.`);
  const { text, encoding } = decodeText(bytes);
  if (/^\s*<(?:!doctype html|html|\?xml|table)/i.test(text.slice(0, 500)))
    throw new TableError(
      "This is a web page or XML, whatever its name says. Open it in a spreadsheet and save it as .xlsx.",
    );
  const table = readCsv(text, encoding);
  return table.rows.length > 0 ? [table] : [];
}

async function readBounded(path: string): Promise<Buffer> {
  await using file = await open(path);
  const stat = await file.stat();
  if (!stat.isFile()) throw new TableError(`${path}: This is no file.`);
  if (stat.size > tableLimits.fileBytes)
    throw new TableError(`${path}: The file has ${stat.size} bytes; ${tableLimits.fileBytes} can be read. Split it.`);
  return file.readFile();
}
