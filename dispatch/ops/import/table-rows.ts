// A table as rows to import: where its columns' names stand, what they mean, of which kind the rows are, and which are none. Pure.

import type { ImportKind } from "../../directory/import/import-fields.ts";
import { matchColumns, type MatchedColumn } from "../../directory/import/match-columns.ts";
import type { MappingFile } from "./mapping-file.ts";
import { TableError, type Table, type TableRow } from "./table.ts";

export type TableRows = {
  readonly headerLine: number;
  readonly columns: readonly MatchedColumn[];
  /** By the place of a column that is used, from 0, its field. */
  readonly fields: ReadonlyMap<number, string>;
  readonly rows: readonly TableRow[];
  readonly skipped: readonly { readonly line: number; readonly why: string }[];
};

export type RowsToImport = TableRows & { readonly kind: ImportKind };

/** Above the columns a report has its title, its date, its filter. */
const headerWithin = 30;

/** @throws TableError where there is nothing to import, or no column is known */
export function rowsToImport(table: Table, mapping: MappingFile, wantedKind: ImportKind | null): RowsToImport {
  const matchSites: Match = (names) => matchColumns(names, "site", mapping.columns);
  const header = headerOf(table, mapping.headerRow, matchSites);
  const kind = wantedKind ?? kindIn(mapping) ?? kindOf(header.cells, mapping);
  return { kind, ...rowsBelow(table, header, (names) => matchColumns(names, kind, mapping.columns)) };
}

type Match = (names: readonly string[]) => MatchedColumn[];

const kindIn = ({ kind }: MappingFile): ImportKind | null => (kind === "technician" ? null : kind);

/** @param headerRow the row in which the columns' names stand; null finds it. @throws TableError likewise */
export const rowsIn = (table: Table, headerRow: number | null, match: Match): TableRows =>
  rowsBelow(table, headerOf(table, headerRow, match), match);

function rowsBelow(table: Table, header: TableRow, match: Match): TableRows {
  const columns = match(header.cells);
  const fields = new Map(columns.flatMap(({ field }, at) => (field === null ? [] : [[at, field] as const])));
  if (fields.size === 0)
    throw new TableError(
      `No column is known: ${header.cells.slice(0, 12).join(", ")}. Say with --mapping which is which; ` +
        "ops/reference/import-columns.md lists known columns and fields.",
    );
  const rows: TableRow[] = [];
  const skipped: TableRows["skipped"][number][] = [];
  for (const row of table.rows) {
    if (row.line <= header.line) continue;
    const why = whyNone(row, header, fields);
    if (why === null) rows.push(row);
    else skipped.push({ line: row.line, why });
  }
  return { headerLine: header.line, columns, fields, rows, skipped };
}

/** The row in which the most columns are known; the first with the most cells where none is. */
function headerOf({ rows }: Table, headerRow: number | null, match: Match): TableRow {
  if (headerRow !== null) {
    const given = rows.find(({ line }) => line === headerRow);
    if (!given) throw new TableError(`Row ${headerRow} is empty, and so has no names of columns.`);
    return given;
  }
  const first = rows[0];
  if (!first) throw new TableError("There is nothing in it.");
  const candidates = rows
    .slice(0, headerWithin)
    .map((row) => ({ row, known: match(row.cells).filter(({ field }) => field !== null).length }));
  const most = candidates.reduce((best, one) => (one.known > best.known ? one : best), { row: first, known: 0 });
  if (most.known > 0) return most.row;
  return rows.slice(0, headerWithin).reduce((best, one) => (one.cells.length > best.cells.length ? one : best), first);
}

/** By what comes along with the columns whose kind is the rows' own. */
function kindOf(names: readonly string[], { columns }: MappingFile): ImportKind {
  const fields = matchColumns(names, "account", columns).flatMap(({ field }) => field ?? []);
  const has = (...prefixes: readonly string[]): boolean =>
    fields.some((field) => prefixes.some((one) => field.startsWith(one)));
  if (has("asset.")) return "asset";
  if (has("contact.id")) return "contact";
  if (has("site.")) return "site";
  return has("contact.name", "contact.first_name", "contact.last_name") ? "contact" : "account";
}

/** Such a word alone, with a colon or a count behind it; a customer may be called Total Energies or Gesamtschule. */
const total =
  /^(?:(?:report |grand |sub[- ]?)?totals?|(?:zwischen|gesamt)?summe|(?:ins)?gesamt|somme|totale)\s*:?\s*(?:\(?\d[\d.,]*\)?)?$/i;
const numeric = /^[\d\s.,%€$£+-]*$/;

/** Why a row is none to import; null where it is one. */
function whyNone({ cells }: TableRow, header: TableRow, fields: ReadonlyMap<number, string>): string | null {
  const given = cells.filter((cell) => cell !== "");
  const [first = "", ...others] = given;
  if (total.test(first) && others.every((cell) => numeric.test(cell))) return "a total";
  if (given.length > 1 && cells.every((cell, at) => cell === (header.cells[at] ?? "")))
    return "the columns' names once more";
  return [...fields.keys()].some((at) => (cells[at] ?? "") !== "") ? null : "nothing in a column that is used";
}
