// The end of a log file, to explain why the process that wrote it ended.

import { open } from "node:fs/promises";

const tailBytes = 65_536;

/**
 * The last lines of a file that are not blank; none when there is no such file.
 * @param since how many bytes at its beginning belong to an earlier run
 */
export async function lastLines(path: string, count: number, since = 0): Promise<string[]> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return [];
  try {
    const { size } = await file.stat();
    const from = Math.max(size < since ? 0 : since, size - tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const lines = buffer
      .toString("utf8", 0, bytesRead)
      .split("\n")
      .filter((line) => line.trim() !== "");
    return count === 0 ? [] : lines.slice(-count);
  } finally {
    await file.close();
  }
}
