// Files out of a zip archive, by its central directory: what a workbook needs of it and no more. All sizes it states are
// checked against limits before anything is unpacked, and again while it is.

import { createInflateRaw, crc32 } from "node:zlib";
import { TableError } from "./table.ts";

export const zipLimits = {
  entries: 2_000,
  /** Unpacked, of one file and of all that are read. */
  entryBytes: 192 * 1024 * 1024,
  totalBytes: 256 * 1024 * 1024,
  /** Unpacked bytes to a packed one, where a file is large. Sheets of real programs come to 40. */
  ratio: 250,
  ratioFrom: 16 * 1024 * 1024,
} as const;

type Entry = {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly unpacked: number;
  readonly at: number;
};

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const endLength = 22;
const longestComment = 65_535;

const damaged = (what: string): TableError =>
  new TableError(`The file is damaged: ${what}. Open it in the program that made it and save it again.`);

export class ZipArchive {
  readonly #bytes: Buffer;
  readonly #entries: ReadonlyMap<string, Entry>;
  #unpacked = 0;

  /** @throws TableError for what is no archive, is damaged, encrypted, in several parts, or beyond the limits */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#entries = readDirectory(bytes);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Hands on the file's unpacked bytes, piece by piece. @throws TableError when it is missing, damaged or too large */
  async *read(name: string): AsyncGenerator<Buffer, void, undefined> {
    const entry = this.#entries.get(name);
    if (!entry) throw damaged(`it has no ${name}`);
    requireFitting(entry);
    let size = 0;
    let crc = 0;
    for await (const piece of this.#pieces(entry)) {
      size += piece.length;
      this.#unpacked += piece.length;
      if (size > entry.unpacked) throw damaged(`${name} is larger than the archive says`);
      if (this.#unpacked > zipLimits.totalBytes) throw tooLarge(name);
      crc = crc32(piece, crc);
      yield piece;
    }
    if (size !== entry.unpacked || crc !== entry.crc) throw damaged(`${name} is not what the archive says`);
  }

  async *#pieces(entry: Entry): AsyncGenerator<Buffer, void, undefined> {
    const { name, method, packed } = entry;
    const bytes = this.#bytes.subarray(dataAt(this.#bytes, entry)).subarray(0, packed);
    if (bytes.length !== packed) throw damaged(`${name} breaks off`);
    if (method === 0) {
      yield bytes;
      return;
    }
    const inflate = createInflateRaw();
    inflate.end(bytes);
    try {
      for await (const piece of inflate) {
        if (!Buffer.isBuffer(piece)) throw damaged(`${name} cannot be unpacked`);
        yield piece;
      }
    } catch (error) {
      throw error instanceof TableError ? error : damaged(`${name} cannot be unpacked`);
    } finally {
      inflate.destroy();
    }
  }
}

const tooLarge = (name: string): TableError =>
  new TableError(`${name} in the file is too large when unpacked. Save the sheet as CSV and import that.`);

function requireFitting({ name, method, packed, unpacked }: Entry): void {
  if (method !== 0 && method !== 8)
    throw new TableError(
      `${name} in the file is packed by method ${method}, which is not read. Save the workbook again.`,
    );
  const dense = unpacked > zipLimits.ratioFrom && unpacked > packed * zipLimits.ratio;
  if (dense || unpacked > zipLimits.entryBytes) throw tooLarge(name);
}

function readDirectory(bytes: Buffer): Map<string, Entry> {
  const end = findEnd(bytes);
  const count = bytes.readUInt16LE(end + 10);
  const size = bytes.readUInt32LE(end + 12);
  let at = bytes.readUInt32LE(end + 16);
  if (count === 0xffff || at === 0xffffffff || size === 0xffffffff)
    throw new TableError("The file is a zip64 archive, which is not read. Save the sheet as CSV and import that.");
  if (bytes.readUInt16LE(end + 4) !== 0 || bytes.readUInt16LE(end + 8) !== count)
    throw damaged("the archive has several parts");
  if (count > zipLimits.entries) throw new TableError(`The file has ${count} parts; ${zipLimits.entries} can be read.`);
  const entries = new Map<string, Entry>();
  for (let index = 0; index < count; index++) {
    if (at + 46 > end || bytes.readUInt32LE(at) !== entrySignature) throw damaged("its directory breaks off");
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset));
    const next = at + 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
    if (next > end) throw damaged("its directory breaks off");
    const name = bytes.toString("utf8", at + 46, at + 46 + (nameLength ?? 0)).replaceAll("\\", "/");
    if (entries.has(name)) throw damaged(`${name} is in it twice`);
    entries.set(name, entryAt(bytes, at, name));
    at = next;
  }
  return entries;
}

function entryAt(bytes: Buffer, at: number, name: string): Entry {
  if ((bytes.readUInt16LE(at + 8) & 1) === 1)
    throw new TableError("The file is protected by a password. Save it without one and import that.");
  return {
    name,
    method: bytes.readUInt16LE(at + 10),
    crc: bytes.readUInt32LE(at + 16),
    packed: bytes.readUInt32LE(at + 20),
    unpacked: bytes.readUInt32LE(at + 24),
    at: bytes.readUInt32LE(at + 42),
  };
}

function findEnd(bytes: Buffer): number {
  const last = bytes.length - endLength;
  for (let at = last; at >= 0 && at >= last - longestComment; at--)
    if (bytes.readUInt32LE(at) === endSignature && at + endLength + bytes.readUInt16LE(at + 20) === bytes.length)
      return at;
  throw damaged("it has no end");
}

/** Where the entry's data begins: behind a header of its own, whose lengths may be others than the directory's. */
function dataAt(bytes: Buffer, { name, at }: Entry): number {
  if (at + 30 > bytes.length || bytes.readUInt32LE(at) !== localSignature)
    throw damaged(`${name} is not where it should be`);
  return at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
}
