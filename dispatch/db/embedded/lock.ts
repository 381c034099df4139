// The lock that says which process owns the server of a data folder. SQLite is used for
// nothing but its file lock: the kernel drops it when the owner dies, however it dies, so
// there is no stale lock to recognise, and it works alike on Linux and macOS.
import { DatabaseSync } from "node:sqlite";
import { EmbeddedPostgresError, useAnotherFolder } from "./error.ts";

const sqliteBusy = 5;

/** Held until released or until this process ends. */
export type FolderLock = { release(): void };

/**
 * Takes the lock without waiting.
 * @returns undefined when another process (or another start in this one) holds it.
 * @throws {EmbeddedPostgresError} `not_writable` when the lock file cannot be opened.
 */
export function tryLock(path: string): FolderLock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database?.close();
    if (cause instanceof Error && "errcode" in cause && cause.errcode === sqliteBusy) return undefined;
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
