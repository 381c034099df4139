// The streams a backup is made of: one that counts rows and digests them whatever their order, and one that hashes and
// writes a new file.

import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { KeptFile } from "./manifest.ts";

const newline = 0x0a;
const modulus = 1n << 128n;

/**
 * Passes COPY's text on and sums up its lines: how many, and a digest that is equal for equal rows in any order (the
 * sum of the rows' hashes), since a restored table may keep its rows in another one.
 */
export class RowDigest extends Transform {
  rows = 0;
  #sum = 0n;
  #begun: Buffer[] = [];

  get digest(): string {
    return this.#sum.toString(16).padStart(32, "0");
  }

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: Error | null, chunk: Buffer) => void,
  ): void {
    let from = 0;
    // COPY escapes a line feed within a value, so each one ends a row.
    for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
      this.#begun.push(chunk.subarray(from, to));
      this.#add();
      from = to + 1;
    }
    if (from < chunk.length) this.#begun.push(Buffer.from(chunk.subarray(from)));
    done(null, chunk);
  }

  #add(): void {
    const hash = createHash("sha256");
    for (const part of this.#begun) hash.update(part);
    this.#begun = [];
    const value = hash.digest();
    this.#sum = (this.#sum + (value.readBigUInt64BE(0) << 64n) + value.readBigUInt64BE(8)) % modulus;
    this.rows++;
  }
}

/** Measures what passes. */
export class Measure extends Transform {
  bytes = 0;
  readonly #hash = createHash("sha256");

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: Error | null, chunk: Buffer) => void,
  ): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }

  /** Lower-case hex; once, at the end. */
  sha256(): string {
    return this.#hash.digest("hex");
  }
}

/** Writes a new file, through gzip, and forces it to disk. */
export async function keepCompressed(
  folder: string,
  file: string,
  content: Readable,
  signal: AbortSignal,
  rows = new RowDigest(),
): Promise<KeptFile> {
  const measure = new Measure();
  await pipeline(content, rows, createGzip(), measure, newFile(folder, file), { signal });
  return { file, bytes: measure.bytes, sha256: measure.sha256() };
}

/** A stream into a file that must not be there yet; only its owner may read it. */
export const newFile = (folder: string, file: string) =>
  createWriteStream(join(folder, file), { flags: "wx", mode: 0o600, flush: true });
