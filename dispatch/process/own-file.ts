// Files that this process's user alone may read: logs and figures tell what people and customers do.

import { closeSync, constants, fchmodSync, fstatSync, openSync, type Stats } from "node:fs";
import { open } from "node:fs/promises";

export const ownFileMode = 0o600;

/** Without waiting for a reader of a named pipe: ENXIO where there is none. */
const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

const isOpenToOthers = (stats: Stats): boolean =>
  stats.isFile() && stats.uid === process.getuid?.() && (stats.mode & 0o077) !== 0;

/** Whether a file can be read by more than its owner; of another user's, such as root's, by more than its group. */
export const isReadByOthers = (stats: Stats): boolean =>
  (stats.mode & (stats.uid === process.getuid?.() ? 0o044 : 0o004)) !== 0;

/**
 * Makes the file unless it is there, and takes away what others may do with one that is this user's. What is no file (a
 * terminal, a pipe) stays as it is.
 * @throws Error of node's when it cannot be opened for writing, and of a named pipe that nobody reads
 */
export function makeOwnFile(path: string): void {
  const file = openSync(path, appending, ownFileMode);
  try {
    if (isOpenToOthers(fstatSync(file))) fchmodSync(file, ownFileMode);
  } finally {
    closeSync(file);
  }
}

/**
 * Appends to the file as makeOwnFile makes it, all of the text or nothing: a disk that fills up takes a part.
 * @throws Error as makeOwnFile does, or when it cannot be written
 */
export async function appendToOwnFile(path: string, text: string): Promise<void> {
  const file = await open(path, appending, ownFileMode);
  try {
    const before = await file.stat();
    if (isOpenToOthers(before)) await file.chmod(ownFileMode);
    await file.appendFile(text).catch(async (error: unknown) => {
      if (before.isFile()) await file.truncate(before.size);
      throw error;
    });
  } finally {
    await file.close();
  }
}
