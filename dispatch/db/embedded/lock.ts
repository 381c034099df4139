// The lock that says which process owns the server of a data folder. SQLite is used for
// nothing but its file lock: the kernel drops it when the owner dies, however it dies, so
// there is no stale lock to recognise, and it works alike on Linux and macOS.
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { diskFull, EmbeddedPostgresError, useAnotherFolder } from "./error.ts";

const sqliteBusy = 5;
const sqliteFull = 13;

/** Held until released or until this process ends. */
export type FolderLock = { release(): void };

/**
 * Takes the lock without waiting.
 * @returns undefined when another process (or another start in this one) holds it.
 * @throws {EmbeddedPostgresError} `not_writable` when the lock file cannot be opened, `disk_full`.
 */
export function tryLock(path: string): FolderLock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database?.close();
    const code = cause instanceof Error && "errcode" in cause ? cause.errcode : undefined;
    if (code === sqliteBusy) return undefined;
    // Taking the lock writes a journal: nobody should remove a lock file for that.
    if (code === sqliteFull) throw diskFull(dirname(path), cause);
    throw new EmbeddedPostgresError("not_writable", {
      folder: path,
      found: `a lock file that cannot be locked (${cause instanceof Error ? cause.message : String(cause)})`,
      expected: "a file this user may write, on a disk that supports file locks",
      wayOut: `Remove it when no Dispatch is running. ${useAnotherFolder} otherwise.`,
      cause,
    });
  }
  const held = database;
  return {
    release: () => {
      if (held.isOpen) held.close();
    },
  };
}
