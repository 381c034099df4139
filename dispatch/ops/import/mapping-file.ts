// The small JSON file in which somebody says what the columns of a table are.

import { readFile } from "node:fs/promises";
import { importFieldNamed, importKinds, type ImportKind } from "../../directory/import/import-fields.ts";
import type { Mapping } from "../../directory/import/match-columns.ts";
import { isObject } from "../../kernel/json.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { technicianFieldNamed } from "./technicians/fields.ts";

/** Technicians go onto the roster, and anything else into the directory. */
export type TableKind = ImportKind | "technician";
export const tableKinds: readonly TableKind[] = [...importKinds, "technician"];

/** The kind, in the singular or as people say it; null for none. */
export const tableKindIn = (text: string): TableKind | null =>
  text === "technicians" ? "technician" : (tableKinds.find((kind) => kind === text) ?? null);

export type MappingFile = {
  readonly kind: TableKind | null;
  readonly source: string | null;
  /** The row of the table in which the names of the columns stand. */
  readonly headerRow: number | null;
  readonly columns: Mapping;
  /** Fields that every row has alike. */
  readonly constants: Readonly<Record<string, string>>;
};

export const noMapping: MappingFile = { kind: null, source: null, headerRow: null, columns: {}, constants: {} };

const shape =
  '{"kind": "site", "columns": {"Kunde": "account.name", "Umsatz": null}, "constants": {"site.country": "DE"}}';

/** @throws CommandFailure naming the file and what is wrong in it */
export async function readMapping(path: string): Promise<MappingFile> {
  const fail = (what: string): never => {
    throw new CommandFailure(
      `${path}: ${what}. A mapping looks like ${shape}; ops/reference/import-columns.md lists the fields.`,
    );
  };
  const text = await readFile(path, "utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return fail(`is no JSON: ${error instanceof Error ? error.message : ""}`);
  }
  if (!isObject(json)) return fail("is no JSON object");
  for (const key of Object.keys(json))
    if (!["kind", "source", "header_row", "columns", "constants"].includes(key))
      fail(`has "${key}", which is not known`);
  const { kind = null, source = null, header_row: headerRow = null, columns = {}, constants = {} } = json;
  const knownKind = typeof kind === "string" ? tableKindIn(kind) : null;
  if (kind !== null && knownKind === null) fail(`its kind must be one of ${tableKinds.join(", ")}`);
  if (source !== null && typeof source !== "string") fail("its source must be a text");
  if (headerRow !== null && !Number.isSafeInteger(headerRow)) fail("its header_row must be a whole number");
  const mapping = textsIn(columns, (value): value is string | null => typeof value === "string" || value === null);
  if (mapping === null) return fail("its columns must be fields by the columns' names, or null");
  const fixed = textsIn(constants, (value) => typeof value === "string");
  if (fixed === null) return fail("its constants must be texts by the fields' names");
  const isField = (name: string): boolean => (importFieldNamed(name) ?? technicianFieldNamed(name)) !== undefined;
  const unknown = Object.entries(mapping).find(
    ([, name]) => name !== null && !isField(name.replace(/^row\./, `${knownKind ?? "site"}.`)),
  );
  if (unknown) fail(`"${unknown[1]}" of column "${unknown[0]}" is no field`);
  const wrong = Object.keys(fixed).find((name) => !isField(name));
  if (wrong !== undefined) fail(`"${wrong}" in constants is no field`);
  return {
    kind: knownKind,
    source: typeof source === "string" ? source : null,
    headerRow: typeof headerRow === "number" ? headerRow : null,
    columns: mapping,
    constants: fixed,
  };
}

function textsIn<T>(value: unknown, fits: (one: unknown) => one is T): Record<string, T> | null {
  if (!isObject(value)) return null;
  const entries = Object.entries(value).flatMap(([key, one]): [string, T][] => (fits(one) ? [[key, one]] : []));
  return entries.length === Object.keys(value).length ? Object.fromEntries(entries) : null;
}
