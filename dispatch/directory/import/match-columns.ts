// Which column of a file is which field: by what its owner says, by a field's own name, by the export's columns, else by the names
// that known programs use. Pure.

import { importFieldNamed, importFields, type ImportKind } from "./import-fields.ts";
import { knownPrograms } from "./known-columns.ts";

/** By a column's name the field it is; null: it is left out on purpose. */
export type Mapping = Readonly<Record<string, string | null>>;

export type MatchedColumn = {
  readonly column: string;
  /** Null where nothing is known of it, or its owner leaves it out. */
  readonly field: string | null;
  readonly by: "mapping" | "name" | "program" | "nothing";
};

/**
 * A field's own name as a column. Ids are written with their dot: "Site ID" and "Account ID" are another system's in everybody's files.
 */
export const ownName = (name: string): string => (name.endsWith(".id") ? name : plainName(name));

/** A name without what programs write differently: letter case, blanks, dots, hyphens, underscores. */
export const plainName = (name: string): string =>
  name
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll(/[\s._\-–:/#]+/g, "");

const known: ReadonlyMap<string, string> = new Map(
  knownPrograms
    .toReversed()
    .flatMap(({ columns }) => Object.entries(columns).map(([name, field]) => [plainName(name), field] as const)),
);
const own: ReadonlyMap<string, string> = new Map(
  importFields.flatMap(({ name, column }) =>
    [ownName(name), plainName(column ?? "")].flatMap((text) => (text === "" ? [] : [[text, name] as const])),
  ),
);

/** The field that a column's name means in rows of this kind; null where nothing is known of it. */
export function fieldOf(column: string, kind: ImportKind): string | null {
  const name = own.get(column.toLowerCase()) ?? own.get(plainName(column)) ?? known.get(plainName(column));
  if (name === undefined) return null;
  const field = name.startsWith("row.") ? `${kind}.${name.slice(4)}` : name;
  return importFieldNamed(field) ? field : null;
}

/** @param mapping by the names of columns, in any letter case; a field of it may begin with `row.` or be any of importFields */
export function matchColumns(columns: readonly string[], kind: ImportKind, mapping: Mapping = {}): MatchedColumn[] {
  const given = new Map(Object.entries(mapping).map(([name, field]) => [plainName(name), field]));
  return columns.map((column): MatchedColumn => {
    const wanted = given.get(plainName(column));
    if (wanted === null) return { column, field: null, by: "mapping" };
    if (wanted !== undefined) return { column, field: wanted.replace(/^row\./, `${kind}.`), by: "mapping" };
    const field = fieldOf(column, kind);
    return {
      column,
      field,
      by: field === null ? "nothing" : own.get(plainName(column)) === field ? "name" : "program",
    };
  });
}

/** Fields of a mapping that there are none of, with the columns that name them. */
export const unknownFields = (mapping: Mapping, kind: ImportKind): [column: string, field: string][] =>
  Object.entries(mapping).flatMap(([column, field]) =>
    field === null || importFieldNamed(field.replace(/^row\./, `${kind}.`))
      ? []
      : [[column, field] as [string, string]],
  );
