// The server's log file: bounded, and read back only to explain a failed start.
import { constants, openSync, closeSync } from "node:fs";
import { open, rename, stat, truncate } from "node:fs/promises";

const largestLogBytes = 8 * 1024 * 1024;
const checkEveryMs = 60_000;
const tailBytes = 4096;

/** An open log file, appended to by the server. */
export type ServerLog = {
  fd: number;
  /** What was written since it was opened, its last 4 kB at most. */
  tail(): Promise<string>;
  close(): void;
};

/** Opens the log for appending; a large one is put aside as `.1` first. */
export async function openServerLog(path: string): Promise<ServerLog> {
  const before = await sizeOf(path);
  if (before > largestLogBytes) await rename(path, `${path}.1`);
  const start = before > largestLogBytes ? 0 : before;
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
  return { fd, tail: () => readTail(path, start), close: () => closeSync(fd) };
}

/** Empties the log whenever it has outgrown its bound; the server appends, so it carries on at the start. */
export function keepLogBounded(path: string): { stop(): void } {
  const timer = setInterval(() => {
    void sizeOf(path)
      .then((size) => (size > largestLogBytes ? truncate(path) : undefined))
      .catch(() => undefined);
  }, checkEveryMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

async function readTail(path: string, start: number): Promise<string> {
  const file = await open(path, "r");
  try {
    const from = Math.max(start, (await file.stat()).size - tailBytes);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(tailBytes), position: from });
    return buffer.toString("utf8", 0, bytesRead).trim();
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
