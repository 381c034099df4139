// Rows as requests, each as large as a body may be and no larger. Columns go by their numbers, and once by their meaning.

import { mostImportRows } from "../../contract/import-commands.ts";
import type { MappingFile } from "./mapping-file.ts";
import type { RowsToImport } from "./table-rows.ts";

export type Batch = { readonly body: string; readonly rows: number; readonly lastLine: number };

/** Half of what a body may have: with whole ones the API came to 350 MiB, and one keeps its other callers waiting for longer. */
const mostBytes = 112 * 1024;

export function* batchesOf(
  { kind, fields, rows }: Pick<RowsToImport, "kind" | "fields" | "rows">,
  { constants }: Pick<MappingFile, "constants">,
  { source, dryRun, skipRefused }: { readonly source: string; readonly dryRun: boolean; readonly skipRefused: boolean },
): Generator<Batch, void, undefined> {
  const fixed = Object.entries(constants).map(([field, text], at) => [`k${at}`, field, text] as const);
  const mapping = Object.fromEntries([
    ...[...fields].map(([at, field]) => [`c${at}`, field] as const),
    ...fixed.map(([key, field]) => [key, field] as const),
  ]);
  const beside = { kind, source, mapping, dry_run: dryRun, skip_refused: skipRefused };
  let texts: string[] = [];
  let lines: number[] = [];
  let bytes = 0;
  const batch = (): Batch => ({
    body: `${JSON.stringify(beside).slice(0, -1)},"row_numbers":[${lines.join(",")}],"rows":[${texts.join(",")}]}`,
    rows: lines.length,
    lastLine: lines.at(-1) ?? 0,
  });
  for (const { line, cells } of rows) {
    const used = [...fields.keys()].flatMap((at): [string, string][] => (cells[at] ? [[`c${at}`, cells[at]]] : []));
    const given = new Set(used.map(([key]) => mapping[key]));
    // What the row says itself counts before what all rows are said to have.
    const all = [
      ...used,
      ...fixed.filter(([, field]) => !given.has(field)).map(([key, , text]) => [key, text] as const),
    ];
    const text = JSON.stringify(Object.fromEntries(all));
    const size = Buffer.byteLength(text) + String(line).length + 2;
    if (texts.length > 0 && (bytes + size > mostBytes || texts.length === mostImportRows)) {
      yield batch();
      texts = [];
      lines = [];
      bytes = 0;
    }
    texts.push(text);
    lines.push(line);
    bytes += size;
  }
  if (texts.length > 0) yield batch();
}
