// Keeps the logs of a stack bounded. Their writers hold them open and append, so a full one is copied and cut, not moved;
// a line written between the two is lost, at most once in every 16 MiB.

import { copyFile, rename, stat, truncate } from "node:fs/promises";

const largestBytes = 16 * 1024 * 1024;
const kept = 3;
const lookEveryMs = 10_000;

/** Copies the log to `.1` and empties it once it is larger than `largest` bytes; older copies move on to `.2` and `.3`. */
export async function rotateLog(path: string, largest = largestBytes): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= largest) return;
  for (let number = kept - 1; number > 0; number--)
    await rename(`${path}.${number}`, `${path}.${number + 1}`).catch(() => undefined);
  await copyFile(path, `${path}.1`);
  await truncate(path);
}

/** Looks after them every ten seconds; a log that cannot be rotated is left as it is until the next look. */
export function keepLogsBounded(paths: readonly string[]): { stop(): void } {
  const timer = setInterval(() => void Promise.allSettled(paths.map((path) => rotateLog(path))), lookEveryMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
