// Rows as requests, each as large as a body may be and no larger. Columns go by their numbers, and once by their meaning.

import { mostImportRows } from "../../contract/import-commands.ts";
import type { ComingRecords } from "./coming-records.ts";
import type { MappingFile } from "./mapping-file.ts";
import type { PartRows } from "./row-cells.ts";
import type { TableRow } from "./table.ts";

export type Batch = { readonly body: string; readonly rows: number; readonly lastLine: number };

/**
 * Half of what a body may have: with whole ones the API came to 350 MiB, and one keeps its other callers waiting for longer. What a
 * dry run is told of earlier parts is no longer than the rows that name it.
 */
const mostBytes = 112 * 1024;

type BatchOptions = {
  readonly source: string;
  readonly dryRun: boolean;
  readonly skipRefused: boolean;
  /** What earlier parts will have made; for a dry run. */
  readonly coming?: ComingRecords;
};

export function* batchesOf(
  part: PartRows,
  { constants }: Pick<MappingFile, "constants">,
  { source, dryRun, skipRefused, coming }: BatchOptions,
): Generator<Batch, void, undefined> {
  const { kind, fields, rows } = part;
  const fixed = Object.entries(constants).map(([field, text], at) => [`k${at}`, field, text] as const);
  const mapping = Object.fromEntries([
    ...[...fields].map(([at, field]) => [`c${at}`, field] as const),
    ...fixed.map(([key, field]) => [key, field] as const),
  ]);
  const beside = { kind, source, mapping, dry_run: dryRun, skip_refused: skipRefused };
  let texts: string[] = [];
  let taken: TableRow[] = [];
  let bytes = 0;
  const batch = (): Batch => {
    const lines = taken.map(({ line }) => line);
    const told = coming?.of(part, constants, taken) ?? [];
    const head = JSON.stringify({ ...beside, ...(told.length > 0 && { coming: told }) }).slice(0, -1);
    return {
      body: `${head},"row_numbers":[${lines.join(",")}],"rows":[${texts.join(",")}]}`,
      rows: lines.length,
      lastLine: lines.at(-1) ?? 0,
    };
  };
  for (const row of rows) {
    const { line, cells } = row;
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
      taken = [];
      bytes = 0;
    }
    texts.push(text);
    taken.push(row);
    bytes += size;
  }
  if (texts.length > 0) yield batch();
}
