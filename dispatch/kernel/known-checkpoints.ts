// Which checkpoints were written, as the database remembers it. It vouches for nothing: it only lets the newest be missed, which no
// later one names, when it is gone from the object store.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";

export type KnownCheckpoint = { readonly key: string; readonly sha256: string };

const insertKnown = statement(
  "known_checkpoint_insert",
  "INSERT INTO audit_checkpoints (key, sha256, written_at) VALUES ($1, $2, $3)",
);

const selectNewest = statement<{ key: string; sha256: string }>(
  "known_checkpoint_newest",
  "SELECT key, sha256 FROM audit_checkpoints WHERE written_at > $1 ORDER BY written_at DESC, id DESC LIMIT 1",
);

/** Remembers one that has just been written. */
export const noteCheckpoint = (db: Session, { key, sha256 }: KnownCheckpoint, now: Date): Promise<unknown> =>
  db.row(insertKnown, [key, sha256, now.toISOString()]);

/** The newest that was written since a moment; null when none was, or by a release that did not remember them. */
export const newestKnown = (db: Session, since: Date): Promise<KnownCheckpoint | null> =>
  db.row(selectNewest, [since.toISOString()]);
