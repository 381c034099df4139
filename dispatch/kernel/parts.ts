// Rows that belong to an aggregate and are written by its commands alone: a booking, an approval, … Its event says what becomes of each:
// a hash of what stays of an added row, what may still change in clear, and each change, so that the rows there are can be held to the
// history (verify-rows.ts).

import { canonicalJson } from "../policy/canonical-json.ts";
import type { ReceiptId } from "../contract/ids.ts";
import type { Session } from "../db/pool.ts";
import type { Statement } from "../db/statement.ts";
import { sha256, type JsonObject } from "./json.ts";

/** The values that a hash covers, in an order that its version fixes for good. */
type Covered = readonly unknown[];

/** `version:hex`: SHA-256 over the canonical JSON of the values. */
export function coveredHash(version: number, values: Covered): string {
  return `${version}:${sha256(canonicalJson(values.map(asStored)))}`;
}

/** JSON as it comes back from the database: without undefined members, and with null for what JSON cannot say. */
const asStored = (value: unknown): unknown =>
  typeof value === "object" && value !== null ? JSON.parse(JSON.stringify(value)) : value;

/** The version that a hash says it is of. */
export const versionOf = (hash: string): number => Number(hash.slice(0, hash.indexOf(":")));

/** Rows of one table that belong to an aggregate and are written by its commands alone. */
export type PartTable = {
  readonly name: string;
  /** The rows of aggregates by their ids ($1, an array), with both groups of columns below. */
  readonly select: Statement<PartKey>;
  /** What a row's hash covers, by the hash's version; the highest is the one that new rows get. */
  readonly fixed: Readonly<Record<number, readonly string[]>>;
  /** What commands may still change; the history tells each change. */
  readonly changing: readonly string[];
  /**
   * What an amendment makes of a row's changing columns; null where it does not bear on the row. It must say what the statement
   * does that it stands for.
   */
  amended?(row: JsonObject, by: JsonObject): JsonObject | null;
};

/** Whose part a row is, and which. */
export type PartKey = { readonly id: string; readonly part_of: string };

/** What an event says of one part. */
export type PartEntry =
  /** A row that came to be: the hash of what stays, and the rest as it was then. */
  | { readonly added: string; readonly id: string; readonly hash: string; readonly is: JsonObject }
  /** A change of whatever rows of the table it bears on. */
  | { readonly amended: string; readonly by: JsonObject };

/** A part that a command adds or changes: what its event says, and the statements that make it so. */
export type PartChange = {
  readonly entry: PartEntry;
  /** Parts that commands add at the same moment are added in this order, so that nobody waits in a circle. */
  readonly order?: string;
  write(tx: Session, event: { readonly id: ReceiptId; readonly seq: number }): Promise<unknown>[];
};

/** @param row with a value for each of the table's columns, JSON as values and times as ISO 8601 in UTC with milliseconds */
export function addedPart(
  table: PartTable,
  row: Readonly<Record<string, unknown>> & { readonly id: string },
  write: PartChange["write"],
): PartChange {
  const version = Math.max(...Object.keys(table.fixed).map(Number));
  const is = Object.fromEntries(table.changing.map((column) => [column, row[column] ?? null]));
  return { entry: { added: table.name, id: row.id, hash: partHash(table, row, version) ?? "", is }, write };
}

export const amendedPart = (table: PartTable, by: JsonObject, write: PartChange["write"]): PartChange => ({
  entry: { amended: table.name, by },
  write,
});

function partHash({ fixed }: PartTable, row: JsonObject, version: number): string | null {
  const columns = fixed[version];
  return columns
    ? coveredHash(
        version,
        columns.map((column) => row[column]),
      )
    : null;
}

/** The hash of a part, of the same version as another; null where this release does not know that version. */
export const partHashLike = (table: PartTable, row: JsonObject, hash: string): string | null =>
  partHash(table, row, versionOf(hash));

/**
 * Whether a part is the one that was hashed.
 * @returns null where this release does not know the hash's version
 */
export function isPartOf(table: PartTable, row: JsonObject, hash: string): boolean | null {
  const own = partHashLike(table, row, hash);
  return own === null ? null : own === hash;
}

/** In the order in which they are written: places are made before they are taken, two visits of one command may change places. */
export const inWritingOrder = <Part extends PartChange>(parts: readonly Part[]): Part[] => [
  ...parts.filter(({ entry }) => "amended" in entry),
  ...parts
    .filter(({ entry }) => "added" in entry)
    .toSorted(({ order: a = "" }, { order: b = "" }) => (a < b ? -1 : Number(a > b))),
];

/** What an event says of parts; null where nothing becomes of any. */
export const entriesOf = (parts: readonly PartChange[]): PartEntry[] | null =>
  parts.length > 0 ? parts.map(({ entry }) => entry) : null;
