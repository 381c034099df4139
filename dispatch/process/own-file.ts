// Files that this process's user alone may read: logs and figures tell what people and customers do.

import { closeSync, fchmodSync, fstatSync, openSync } from "node:fs";

export const ownFileMode = 0o600;

/**
 * Makes the file unless it is there, and takes away what others may do with one that is this user's. What is no file (a
 * terminal, a pipe) stays as it is.
 * @throws Error of node's when it cannot be opened for writing
 */
export function makeOwnFile(path: string): void {
  const file = openSync(path, "a", ownFileMode);
  try {
    const stats = fstatSync(file);
    if (stats.isFile() && stats.uid === process.getuid?.() && (stats.mode & 0o077) !== 0) fchmodSync(file, ownFileMode);
  } finally {
    closeSync(file);
  }
}
