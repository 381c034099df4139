// What an import came to, or would, as a person reads it on a terminal.

import type { Imported } from "../../contract/import-commands.ts";
import type { ImportKind } from "../../directory/import/import-fields.ts";
import type { TableRows } from "./table-rows.ts";
import type { Table } from "./table.ts";

const grouped = (count: number): string => count.toLocaleString("en-US");
/** As many of each list as are shown; the counts are of all. */
const mostShown = 20;
const titles: Readonly<Record<ImportKind, string>> = {
  account: "customers",
  site: "sites",
  contact: "people",
  asset: "assets",
};

/**
 * The file, its columns, and what of it is no row.
 * @param noun what each row is: "a site"
 * @param further more columns, by what becomes of them
 */
export function describeTable(
  path: string,
  table: Table,
  { headerLine, columns, rows, skipped }: TableRows,
  noun: string,
  further: Readonly<Record<string, readonly string[]>> = {},
): string[] {
  const used = columns.flatMap(({ column, field }) => (field === null ? [] : [`${column} → ${field}`]));
  const unused = columns.flatMap(({ column, field }) => (field === null && column !== "" ? [column] : []));
  return [
    `${path}: ${table.format}; columns in row ${headerLine}, ${grouped(rows.length)} rows, each ${noun}`,
    ...wrapped("used", used),
    ...Object.entries(further).flatMap(([title, parts]) => wrapped(title, parts)),
    ...(unused.length > 0 ? wrapped("not used", unused) : []),
    ...(skipped.length > 0
      ? wrapped("skipped", [
          ...skipped.slice(0, mostShown).map(({ line, why }) => `row ${line}: ${why}`),
          ...more(skipped.length),
        ])
      : []),
  ];
}

export const aOf = (kind: ImportKind): string =>
  ({ account: "a customer", site: "a site", contact: "a person", asset: "an asset" })[kind];
const more = (count: number): string[] => (count > mostShown ? [`and ${grouped(count - mostShown)} more`] : []);

const width = 100;
function wrapped(title: string, parts: readonly string[]): string[] {
  const lines: string[] = [];
  let line = "";
  for (const part of parts) {
    if (line !== "" && line.length + part.length + 2 > width - 12) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? part : `, ${part}`;
  }
  if (line !== "") lines.push(line);
  return lines.map((text, at) => `  ${(at === 0 ? title : "").padEnd(9)} ${text}`);
}

type Counts = Imported["kinds"]["account"];

/** The answers of all batches of a file as one. */
export class ImportTotals {
  readonly kinds = new Map<ImportKind, Counts>();
  readonly refused: Imported["refused"] = [];
  readonly notes: Imported["notes"] = [];
  readonly twins: Imported["twins"] = [];
  rows = 0;
  refusedRows = 0;

  add(answer: Imported): void {
    this.rows += answer.rows;
    this.refusedRows += answer.refused_rows;
    for (const kind of Object.keys(titles).filter(isKind)) {
      const { created, changed, unchanged } = answer.kinds[kind];
      const before = this.kinds.get(kind) ?? { created: 0, changed: 0, unchanged: 0 };
      this.kinds.set(kind, {
        created: before.created + created,
        changed: before.changed + changed,
        unchanged: before.unchanged + unchanged,
      });
    }
    this.refused.push(...answer.refused);
    this.notes.push(...answer.notes);
    this.twins.push(...answer.twins);
  }

  lines(): string[] {
    const counted = [...this.kinds].filter(([, { created, changed, unchanged }]) => created + changed + unchanged > 0);
    return [
      `  ${"".padEnd(10)}${["new", "changed", "unchanged"].map((title) => title.padStart(11)).join("")}`,
      ...counted.map(
        ([kind, { created, changed, unchanged }]) =>
          `  ${titles[kind].padEnd(10)}${[created, changed, unchanged].map((count) => grouped(count).padStart(11)).join("")}`,
      ),
      ...listOf(`cannot be used: ${grouped(this.refusedRows)} rows`, this.refused.map(problemLine)),
      ...listOf("left out, or to be looked at", this.notes.map(problemLine)),
      ...listOf(
        "look like one on the desk (not joined; account.merge and site.merge do that)",
        this.twins.map(
          ({ row, kind, name, same, twin_name, id }) =>
            `row ${row}  ${kind} "${name}" has the ${same} of "${twin_name}" (${id})`,
        ),
      ),
    ];
  }
}

const isKind = (name: string): name is ImportKind => Object.hasOwn(titles, name);

const problemLine = ({ row, field, message }: Imported["refused"][number]): string => `row ${row}  ${field} ${message}`;

/** A title and what stands below it; nothing where there is none. */
export function listOf(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, mostShown).map((line) => `    ${line}`);
  return [`  ${title}`, ...shown, ...more(lines.length).map((line) => `    ${line}`)];
}
