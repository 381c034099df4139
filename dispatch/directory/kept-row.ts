// What every row of the directory has whatever its kind: where it came from, whether it is still in use, its version and the head of
// its audit chain.

import { knownId, type AccountId, type SiteId } from "../contract/ids.ts";
import { reaches, type Actor } from "../kernel/actor.ts";
import type { ChainHead } from "../kernel/aggregate.ts";
import { Refusal } from "../kernel/refusal.ts";

export type KeptRow<Id extends string = string> = {
  readonly id: Id;
  readonly external_source: string | null;
  readonly external_id: string | null;
  readonly archived_at: string | null;
  readonly archived_reason: string | null;
  /** The row of the same kind that it was found to be one with. */
  readonly merged_into: Id | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly audit_seq: number;
  readonly audit_hash: string;
  readonly audit_at: string;
};

/** The columns of all kinds that an update writes, with their types. */
export const keptChanging = {
  external_source: "text",
  external_id: "text",
  archived_at: "timestamptz",
  archived_reason: "text",
  merged_into: "uuid",
  version: "integer",
  updated_at: "timestamptz",
} as const;
export const headColumns = { audit_seq: "integer", audit_hash: "text", audit_at: "timestamptz" } as const;

/** The fields of all kinds that commands change; the rest is the pipeline's. */
export type KeptChange<Id extends string = string> = Partial<
  Pick<KeptRow<Id>, "external_source" | "external_id" | "archived_at" | "archived_reason" | "merged_into">
>;

export type Kind = "account" | "site" | "contact" | "asset";

/** The members of an aggregate that are the same for each kind of the directory. */
export const ofKept = <const K extends Kind>(name: K) => ({
  name,
  edges: new Map<string, readonly string[]>(),
  stateOf: () => null,
  headOf: ({ audit_seq, audit_hash, audit_at }: KeptRow): ChainHead => ({
    seq: audit_seq,
    hash: audit_hash,
    at: audit_at,
  }),
  versionOf: ({ version }: KeptRow) => version,
  guard: (actor: Actor, row: KeptRow) => requireNotMerged(actor, name, row),
});

/** The columns of a row that begins: nothing has become of it. */
export const newKept = <Id extends string>(id: Id, at: string): KeptRow<Id> => ({
  id,
  external_source: null,
  external_id: null,
  archived_at: null,
  archived_reason: null,
  merged_into: null,
  version: 0,
  created_at: at,
  updated_at: at,
  audit_seq: 0,
  audit_hash: "",
  audit_at: at,
});

export const withHead = <Row extends KeptRow>(row: Row, { seq, hash, at }: ChainHead): Row => ({
  ...row,
  audit_seq: seq,
  audit_hash: hash,
  audit_at: at,
});

/** The row one version on. */
export const changedRow = <Row extends KeptRow>(row: Row, change: Partial<Row>, at: string): Row => ({
  ...row,
  ...change,
  version: row.version + 1,
  updated_at: at,
});

/**
 * Of accounts and sites beyond the caller's scope the id is not told; a site is merged into one of its own account.
 * @throws Refusal MERGED for what was found to be one with another, which is to be named instead
 */
export function requireNotMerged(
  actor: Actor,
  kind: string,
  { merged_into: into }: Pick<KeptRow, "merged_into">,
): void {
  if (into === null) return;
  const isBeyond =
    (kind === "account" && !reaches(actor.accounts, knownId<AccountId>(into))) ||
    (kind === "site" && !reaches(actor.sites, knownId<SiteId>(into)));
  if (!isBeyond) throw new Refusal("MERGED", { into });
  throw new Refusal(
    "MERGED",
    { into: null },
    { message: "It was merged into another one, which lies outside your scope." },
  );
}

/** What all kinds show of themselves. */
export const keptBody = (row: KeptRow) => ({
  external_ref:
    row.external_source !== null && row.external_id !== null
      ? { source: row.external_source, id: row.external_id }
      : null,
  archived_at: row.archived_at,
  version: row.version,
  created_at: row.created_at,
  updated_at: row.updated_at,
});
