// What the server's columns become: their names and, by type, how their text is read.

import pg from "pg";

/** The columns of a statement's rows, as the server described them when it was prepared. */
export type Columns = { readonly names: readonly string[]; readonly readers: readonly ((text: string) => unknown)[] };

export const noColumns: Columns = { names: [], readers: [] };

/** Timestamps come as ISO 8601 text in UTC with milliseconds, 64-bit integers as numbers (all of ours are exact). */
function readerOf(oid: number): (text: string) => unknown {
  if (oid === pg.types.builtins.TIMESTAMPTZ) return isoTime;
  if (oid === pg.types.builtins.INT8) return Number;
  return pg.types.getTypeParser(oid, "text");
}

/** Turns the server's `2026-01-02 03:04:05.6+00` into `2026-01-02T03:04:05.600Z`; the session runs in UTC. */
export function isoTime(text: string): string {
  const dot = text.indexOf(".");
  if (text.length < 22 || !text.endsWith("+00")) return new Date(text).toISOString();
  const seconds = text.slice(0, 10) + "T" + text.slice(11, 19);
  return dot === -1 ? `${seconds}.000Z` : `${seconds}.${text.slice(20, -3).padEnd(3, "0").slice(0, 3)}Z`;
}

export function columnsOf(fields: readonly pg.FieldDef[]): Columns {
  return { names: fields.map(({ name }) => name), readers: fields.map(({ dataTypeID }) => readerOf(dataTypeID)) };
}

export function rowOf({ names, readers }: Columns, texts: readonly (string | null)[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (let i = 0; i < names.length; i++) {
    const text = texts[i] ?? null;
    row[names[i] ?? ""] = text === null ? null : readers[i]?.(text);
  }
  return row;
}
