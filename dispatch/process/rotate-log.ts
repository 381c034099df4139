// Keeps logs bounded. Their writers hold them open and append, so a full one is copied and cut, not moved; a line written
// between the two is lost, at most once for each time. Where the disk has no room for a copy it is cut without one: a log that
// nobody can write helps nobody.

import { constants } from "node:fs";
import { open, rename, rm, stat, truncate } from "node:fs/promises";
import { ownFileMode } from "./own-file.ts";

const largestBytes = 16 * 1024 * 1024;
const kept = 3;
const lookEveryMs = 10_000;
const pieceBytes = 1024 * 1024;
/** Whoever holds the mark for longer was killed over it. */
const markHoldsMs = 60_000;

/**
 * Copies the log to `.1` and empties it once it is larger than `largest` bytes; of one that has grown beyond twice as much only the
 * end is kept. Older copies move on to `.2` and `.3`. Of several processes that look after the same log one does it.
 */
export async function rotateLog(path: string, largest = largestBytes): Promise<void> {
  if ((await sizeOf(path)) <= largest) return;
  const mark = `${path}.rotating`;
  if (!(await takeMark(mark))) return;
  try {
    const size = await sizeOf(path);
    if (size <= largest) return;
    for (let number = kept - 1; number > 0; number--)
      await rename(nth(path, number), nth(path, number + 1)).catch(ignore);
    await copyEnd(path, size, 2 * largest).catch(async () => {
      // The oldest give their room to the newest.
      for (let number = kept; number > 0; number--) await rm(nth(path, number), { force: true });
      await copyEnd(path, size, 2 * largest).catch(() => rm(nth(path, 1), { force: true }));
    });
    await truncate(path);
  } finally {
    await rm(mark, { force: true });
  }
}

/** Looks after them every ten seconds; a log that cannot be rotated is left as it is until the next look. */
export function keepLogsBounded(paths: readonly string[], largest = largestBytes): { stop(): void } {
  const timer = setInterval(() => void Promise.allSettled(paths.map((path) => rotateLog(path, largest))), lookEveryMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

const nth = (path: string, number: number): string => `${path}.${number}`;
const ignore = (): undefined => undefined;

/** Of a plain file; 0 of what is none. */
const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    (found) => (found.isFile() ? found.size : 0),
    () => 0,
  );

/** @returns false while another process rotates the log */
async function takeMark(mark: string): Promise<boolean> {
  const marked = await stat(mark).catch(() => null);
  if (marked !== null && Date.now() - marked.mtimeMs > markHoldsMs) await rm(mark, { force: true });
  try {
    await (await open(mark, "wx", ownFileMode)).close();
    return true;
  } catch (error) {
    // Without room for the mark there is none for what it protects either.
    return !(error instanceof Error && "code" in error && error.code === "EEXIST");
  }
}

/** @throws node's error, and leaves what it has written, when the disk has no room */
async function copyEnd(path: string, size: number, most: number): Promise<void> {
  await using from = await open(path, "r");
  await using to = await open(nth(path, 1), constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, ownFileMode);
  const piece = Buffer.allocUnsafe(Math.min(pieceBytes, most));
  for (let at = Math.max(0, size - most); at < size;) {
    const { bytesRead } = await from.read(piece, 0, Math.min(piece.length, size - at), at);
    if (bytesRead === 0) return;
    await to.writeFile(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}
