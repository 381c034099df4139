// The hash of an aggregate's row that its audit events leave behind, and of the row they found: one that was written past the pipeline
// then differs from what the history says (verify-rows.ts).

import type { Aggregate } from "./aggregate.ts";
import { coveredHash, versionOf } from "./parts.ts";

/** Null where the row says nothing beside the head of its chain. */
function rowHash(aggregate: Aggregate, row: unknown): string | null {
  const { covers } = aggregate;
  return covers ? coveredHash(covers.version, covers.values(row, covers.version) ?? []) : null;
}

/** What an event says of its aggregate's row. */
type RowHashes = { readonly row_before: string | null; readonly row_hash: string | null };

/** @param found the row as the command locked it; null for a new one */
export const rowHashes = (aggregate: Aggregate, found: unknown, left: unknown): RowHashes => ({
  row_before: found === null ? null : rowHash(aggregate, found),
  row_hash: rowHash(aggregate, left),
});

/**
 * The hash of a row, of the same version as another.
 * @returns null where this release does not know that version
 */
export function rowHashLike({ covers }: Aggregate, row: unknown, hash: string): string | null {
  const version = versionOf(hash);
  const values = covers?.values(row, version) ?? null;
  return values && coveredHash(version, values);
}

/**
 * Whether a row is the one that was hashed.
 * @returns null where this release does not know the hash's version
 */
export function isRowOf(aggregate: Aggregate, row: unknown, hash: string): boolean | null {
  const own = rowHashLike(aggregate, row, hash);
  return own === null ? null : own === hash;
}
