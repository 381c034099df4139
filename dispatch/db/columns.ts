// What the server's columns become: their names and, by type, how their text is read.

import pg from "pg";

/** The columns of a statement's rows, as the server described them when it was prepared. */
export type Columns = {
  readonly names: readonly string[];
  readonly readers: readonly ((text: string) => unknown)[];
  /** A row of nulls. Its copies look alike to V8: 200 rows of 36 columns take 0.6 ms, put together name by name 0.9 ms. */
  readonly blank: Readonly<Record<string, unknown>>;
};

export const noColumns: Columns = { names: [], readers: [], blank: {} };

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
  const names = fields.map(({ name }) => name);
  return {
    names,
    readers: fields.map(({ dataTypeID }) => readerOf(dataTypeID)),
    blank: Object.fromEntries(names.map((name) => [name, null])),
  };
}

export function rowOf({ names, readers, blank }: Columns, texts: readonly (string | null)[]): Record<string, unknown> {
  const row = { ...blank };
  for (let i = 0; i < names.length; i++) {
    const text = texts[i];
    const name = names[i];
    const read = readers[i];
    if (typeof text === "string" && name !== undefined && read) row[name] = read(text);
  }
  return row;
}
