// A log that is read while it is written, also across the moments when it is cut or replaced.

import { open, type FileHandle } from "node:fs/promises";

const chunkBytes = 256 * 1024;
/** Enough for the time that every line of a log carries. */
const rememberedBytes = 512;
const newline = 10;

export class FollowedLog {
  readonly #path: string;
  #position: number;
  /** What lay before the position. A log that was cut and has grown past it since has something else there. */
  #before: Buffer;

  private constructor(path: string, position: number, before: Buffer) {
    this.#path = path;
    this.#position = position;
    this.#before = before;
  }

  /** Begins behind all that is written by now; a file that is not there yet is read from its first byte. */
  static async fromItsEnd(path: string): Promise<FollowedLog> {
    const end = await reading(path, async (file) => {
      const { size } = await file.stat();
      const from = Math.max(0, size - rememberedBytes);
      const before = await bytesAt(file, from, size - from);
      return { position: from + before.length, before };
    });
    return new FollowedLog(path, end?.position ?? 0, end?.before ?? Buffer.of());
  }

  /** The lines that have got their end since the last call, at most 256 KiB of them. */
  async newLines(): Promise<string[]> {
    const look = await reading(this.#path, async (file) => {
      const known = this.#before.length;
      const bytes = await bytesAt(file, this.#position - known, known + chunkBytes);
      if (bytes.subarray(0, known).equals(this.#before))
        return { from: this.#position, before: this.#before, fresh: bytes.subarray(known) };
      return { from: 0, before: Buffer.of(), fresh: await bytesAt(file, 0, chunkBytes) };
    });
    const { from, before, fresh } = look ?? { from: 0, before: Buffer.of(), fresh: Buffer.of() };
    const endless = fresh.length === chunkBytes && !fresh.includes(newline);
    const whole = fresh.subarray(0, endless ? chunkBytes : fresh.lastIndexOf(newline) + 1);
    this.#position = from + whole.length;
    this.#before = Buffer.from(Buffer.concat([before, whole]).subarray(-rememberedBytes));
    return whole.length === 0 ? [] : whole.toString("utf8").replace(/\n$/, "").split("\n");
  }
}

/** Null where there is no such file. */
async function reading<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T | null> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return null;
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

async function bytesAt(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
  return buffer.subarray(0, bytesRead);
}
