// Keeps logs bounded. Their writers hold them open and append, so a full one is copied and cut, not moved. It is copied up to its real
// end: a line is lost only if it is written in the instant between the last read and the cut. Where the disk has no room for a copy it
// is cut without one: a log that nobody can write helps nobody.

import { constants, readSync, truncateSync, writeFileSync } from "node:fs";
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
    await copyAndCut(path, size, 2 * largest).catch(async () => {
      // The oldest give their room to the newest.
      for (let number = kept; number > 0; number--) await rm(nth(path, number), { force: true });
      await copyAndCut(path, size, 2 * largest).catch(async () => {
        await rm(nth(path, 1), { force: true });
        await truncate(path);
      });
    });
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

/**
 * Copies a log from its last `most` bytes on to its end, which moves on meanwhile, and cuts it.
 * @param size what it was when last measured
 * @throws node's error, and leaves what it has written, when the disk has no room
 */
async function copyAndCut(path: string, size: number, most: number): Promise<void> {
  await using from = await open(path, "r");
  await using to = await open(nth(path, 1), constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, ownFileMode);
  const piece = Buffer.allocUnsafe(pieceBytes);
  let at = Math.max(0, size - most);
  // One that grows faster than it is copied has to be cut nevertheless.
  const last = at + 2 * most;
  for (let bytesRead = piece.length; bytesRead === piece.length && at < last; at += bytesRead) {
    ({ bytesRead } = await from.read(piece, 0, piece.length, at));
    await to.writeFile(piece.subarray(0, bytesRead));
  }
  // Without giving the turn away: each turn is time for a writer to write what the cut would take.
  while (at < last) {
    const bytesRead = readSync(from.fd, piece, 0, piece.length, at);
    if (bytesRead === 0) break;
    writeFileSync(to.fd, piece.subarray(0, bytesRead));
    at += bytesRead;
  }
  truncateSync(path);
}
