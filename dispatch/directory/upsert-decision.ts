// What an upsert comes to, decided without a database, for one row by a command and for thousands by an import.
//
// Each kind has a function decide<Kind>(row, wanted, facts): the row as it was found (null: none), the contract's fields with only
// what is to change (null empties), and what the database and the policy know beside it (<Kind>Facts says what that is). It answers
//   created    with all fields of the new row,
//   changed    with the columns that differ, and the contract's names of what differs,
//   unchanged  when the row says all of it already,
//   refused    with every field at fault: its path, the rule and a sentence with the way out.
// It never throws. Whoever calls it has locked the row and read the facts behind the lock, and writes what it says.

import type { Violation } from "../kernel/refusal.ts";
import { canonicalJson } from "../policy/canonical-json.ts";
import type { KeptChange, KeptRow } from "./kept-row.ts";

export type UpsertDecision<Fields, Change> =
  | { readonly outcome: "created"; readonly fields: Fields & Change; readonly changed: readonly string[] }
  | { readonly outcome: "changed"; readonly change: Change; readonly changed: readonly string[] }
  | { readonly outcome: "unchanged" }
  | { readonly outcome: "refused"; readonly refusals: readonly Violation[] };

/** The fields of the contract that all kinds take. */
export type KeptInput = {
  readonly external_ref?: { readonly source: string; readonly id: string } | null | undefined;
  readonly restore?: boolean | undefined;
};

type UpsertedKept = Omit<KeptChange, "merged_into">;

/** What is known of any row beside itself. */
export type KeptFacts = {
  /** The id of the row that the wanted reference is kept at, or heldBeyond; null: at none. */
  readonly refHolder: string | null;
};

/** In place of the id of a row that the caller's token does not reach. */
export const heldBeyond = "beyond";

/** What is said of a reference that another row has; of one beyond the caller's scope no more than that it is taken. */
export const refHeld = (kind: string, holder: string): string =>
  holder === heldBeyond
    ? `is kept at another ${kind}, beyond the accounts and sites of this token; give this one another`
    : `is kept at ${kind} ${holder}; change that one, or merge`;

/** A row of another kind that one names: its account, its site. */
export type Parent = Pick<KeptRow, "archived_at" | "merged_into">;

/** What keeps a row from naming another; null when nothing does. */
export function parentProblem(field: string, kind: string, parent: Parent | null): Violation | null {
  if (!parent) return { path: field, rule: "known", message: `is no ${kind} there is; add that first` };
  if (parent.merged_into !== null)
    return { path: field, rule: "merged", message: `was merged into ${parent.merged_into}; name that instead` };
  if (parent.archived_at !== null)
    return { path: field, rule: "archived", message: `is an archived ${kind}; restore it first, or name another` };
  return null;
}

type Wanted<Fields> = {
  readonly [K in keyof Fields]?: Fields[K] | undefined;
};

/**
 * Holds what is wanted to what there is.
 * @param blank the fields of a new row of which nothing was said
 * @param names by a column, what the contract calls it, where that is another name
 */
export function decided<Row extends KeptRow & Fields, Fields extends object>(
  kind: string,
  row: Row | null,
  input: KeptInput,
  {
    facts,
    blank,
    wanted,
    refusals,
    names,
  }: {
    readonly facts: KeptFacts;
    readonly blank: Fields;
    readonly wanted: Wanted<Fields>;
    readonly refusals: readonly (Violation | null)[];
    readonly names: Partial<Record<keyof Fields, string>>;
  },
): UpsertDecision<Fields, Partial<Fields> & UpsertedKept> {
  const all = [keptProblem(kind, row, input, facts), ...refusals].filter((one) => one !== null);
  if (all.length > 0) return { outcome: "refused", refusals: all };
  const { external_ref: ref, restore } = input;
  const kept: UpsertedKept = {
    ...(ref !== undefined && { external_source: ref?.source ?? null, external_id: ref?.id ?? null }),
    ...(restore && { archived_at: null, archived_reason: null }),
  };
  const given = onlyGiven<Fields>(wanted);
  const nameOf = (column: string): string =>
    Object.entries<string | undefined>({ ...keptNames, ...names }).find(([name]) => name === column)?.[1] ?? column;
  const namesOf = (...changes: object[]): string[] => [...new Set(changes.flatMap(Object.keys).map(nameOf))];
  if (!row) return { outcome: "created", fields: { ...blank, ...given, ...kept }, changed: namesOf(given, kept) };
  const change = { ...differing<Fields>(row, given), ...differing<UpsertedKept>(row, kept) };
  const changed = namesOf(change);
  return changed.length === 0 ? { outcome: "unchanged" } : { outcome: "changed", change, changed };
}

const keptNames: Readonly<Record<string, string>> = {
  external_source: "external_ref",
  external_id: "external_ref",
  archived_at: "archived_at",
  archived_reason: "archived_at",
};

function keptProblem(
  kind: string,
  row: KeptRow | null,
  { external_ref: ref, restore }: KeptInput,
  { refHolder }: KeptFacts,
): Violation | null {
  if (row?.merged_into) return parentProblem(`${kind}_id`, kind, row);
  if (row && row.archived_at !== null && !restore)
    return { path: `${kind}_id`, rule: "archived", message: `is archived; send restore: true to use it again` };
  if (ref && refHolder !== null && refHolder !== row?.id)
    return { path: "external_ref", rule: "unique", message: refHeld(kind, refHolder) };
  return null;
}

/** Without what was not said. */
function onlyGiven<Fields extends object>(wanted: Wanted<Fields>): Partial<Fields> {
  const given: Partial<Fields> = {};
  for (const key in wanted) {
    const value: Fields[typeof key] | undefined = wanted[key];
    if (isGiven(value)) given[key] = value;
  }
  return given;
}

const isGiven = <V>(value: V | undefined): value is V => value !== undefined;

function differing<T extends object>(row: object, given: Partial<T>): Partial<T> {
  const change: Partial<T> = {};
  for (const key in given) if (!same(valueOf(row, key), given[key])) change[key] = given[key];
  return change;
}

const valueOf = (row: object, column: string): unknown => Object.entries(row).find(([name]) => name === column)?.[1];

const same = (is: unknown, wanted: unknown): boolean =>
  is === wanted || (typeof is === "object" && canonicalJson(is) === canonicalJson(wanted));

/** A text without blanks around it; null for an empty one, as for null. */
export const textOf = <T extends string | null | undefined>(given: T): string | null | undefined =>
  given === null || given === undefined ? given : given.trim() || null;

/** Of a field that a new row must have. */
export const requiredProblem = (row: unknown, field: string, value: unknown, what: string): Violation | null =>
  row === null && (value === undefined || value === null)
    ? { path: field, rule: "required", message: `is required: ${what}` }
    : null;
