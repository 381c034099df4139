// Puts a log back that was deleted while its process writes to it. The process holds the deleted file open and goes on writing there,
// where nobody reads it and nobody bounds it, until the disk is full. Linux alone shows such a file, under /proc.

import { readSync, truncateSync, writeFileSync } from "node:fs";
import { open, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { ownFileMode } from "./own-file.ts";

/** A log, and the process whose standard output it is. */
export type WrittenLog = { readonly path: string; readonly pid: number };

const lookEveryMs = 10_000;
const pieceBytes = 1024 * 1024;

/** Appends to the path what its process has written into the deleted file, and empties that. Does nothing while the log is there. */
export async function restoreDeletedLog({ path, pid }: WrittenLog): Promise<void> {
  const held = `/proc/${pid}/fd/1`;
  const target = await readlink(held).catch(() => "");
  if (!target.endsWith(`/${basename(path)} (deleted)`)) return;
  await using from = await open(held, "r");
  const { size } = await from.stat();
  if (size === 0) return;
  await using to = await open(path, "a", ownFileMode);
  const piece = Buffer.allocUnsafe(pieceBytes);
  // Without giving the turn away: a line is lost only if it is written between the last read and the cut.
  for (let at = 0; ;) {
    const bytesRead = readSync(from.fd, piece, 0, piece.length, at);
    if (bytesRead === 0) break;
    writeFileSync(to.fd, piece.subarray(0, bytesRead));
    at += bytesRead;
  }
  truncateSync(held);
}

/** Looks after them every ten seconds; what cannot be put back is left for the next look. */
export function keepLogsInPlace(logs: () => readonly WrittenLog[]): { stop(): void } {
  const timer = setInterval(() => void Promise.allSettled(logs().map(restoreDeletedLog)), lookEveryMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
