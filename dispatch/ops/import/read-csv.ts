// Text with separators as a table: comma, semicolon or tab, quotes as exports have them and as they should be.

import { CsvError, parse } from "csv-parse/sync";
import { RowCollector, TableError, type Table } from "./table.ts";

/** Those first that stand in texts the least: they win where two would do. */
const delimiters = [
  ["\t", "tab"],
  [";", "semicolon"],
  [",", "comma"],
] as const;

type Delimiter = (typeof delimiters)[number][0];

/** How many records are looked at to find the delimiter. */
const sampleRecords = 40;

/**
 * Every record, whatever its number of fields; a stray inch mark is a character. Names of columns are left to the caller, since
 * with csv-parse's own the second of two columns of one name silently wins.
 */
const options = { columns: false, relax_quotes: true, relax_column_count: true, bom: true } as const;

/** @throws TableError for a quote that is never closed, or beyond the limits */
export function readCsv(text: string, encoding: string): Table {
  // csv-parse takes the first line's ending for all: a file with both kinds would be one record.
  const lines = text.replaceAll(/\r\n?/g, "\n");
  const [declaration, declared] = /^\ufeff?sep=([,;\t])\n/i.exec(lines) ?? [];
  const body = declaration === undefined ? lines : lines.slice(declaration.length);
  const first = declaration === undefined ? 1 : 2;
  const delimiter = delimiters.find(([one]) => one === declared)?.[0] ?? findDelimiter(body);
  const named = delimiters.find(([one]) => one === delimiter)?.[1] ?? "comma";
  return { sheet: null, format: `CSV, ${named}, ${encoding}`, rows: recordsOf(body, delimiter, first) };
}

function recordsOf(body: string, delimiter: Delimiter, first: number): Table["rows"] {
  const collector = new RowCollector();
  let next = first;
  try {
    parse(body, {
      ...options,
      delimiter,
      // Kept by the collector; the parser's own list would hold everything twice.
      on_record: (record: string[], { lines: read }) => {
        collector.add(next, record);
        next = first + read;
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (error.code !== "CSV_QUOTE_NOT_CLOSED") throw new TableError(`After line ${next}: ${error.message}`);
    throw new TableError(
      `A quote (") that a cell in line ${next} or behind it begins with is never closed, so everything behind it would be ` +
        "one cell. Close it, or remove it.",
    );
  }
  return collector.rows;
}

/** The one by which the most rows have the same number of cells, and of those the one that gives the most cells. */
function findDelimiter(body: string): Delimiter {
  let best: { delimiter: Delimiter; score: number } = { delimiter: ",", score: 0 };
  for (const [delimiter] of delimiters) {
    const score = evenness(body, delimiter);
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

function evenness(body: string, delimiter: Delimiter): number {
  let widths: number[];
  try {
    widths = parse(body, { ...options, delimiter, to: sampleRecords, skip_empty_lines: true }).map(
      ({ length }) => length,
    );
  } catch {
    // A quote that is never closed is told about once the whole file is read.
    widths = body.split("\n", sampleRecords).map((line) => line.split(delimiter).length);
  }
  const counts = Map.groupBy(
    widths.filter((width) => width > 1),
    (width) => width,
  );
  return Math.max(0, ...[...counts].map(([width, { length }]) => length * Math.log2(width)));
}
