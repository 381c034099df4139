// The objects of a backup: each key with size and SHA-256, measured by reading the object, and the bytes themselves when
// wanted. Objects are written once, so reading them after the database finds all that the database speaks of.

import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { mediaTypeOfExtension } from "../../storage/media-types.ts";
import { incomingPrefix } from "../../storage/object-key.ts";
import { inspectObject, type ObjectStore } from "../../storage/object-store.ts";
import { witnessPrefix } from "../../transparency/store-witness.ts";
import { CommandFailure } from "../../process/command-line.ts";
import type { Work } from "./dump.ts";
import { objectFile, requireWhole, type KeptObject, type Manifest } from "./manifest.ts";
import { grouped, megabytes, sayWhere } from "./progress.ts";
import { keepCompressed, Measure, newFile } from "./streams.ts";

/** What gives the bytes of an object. */
export type ReadObject = Pick<ObjectStore, "read">;

const listFile = "objects.ndjson.gz";
const atOnce = 8;

/** Measures every object but unfinished uploads, and copies them when `copied`. */
export async function dumpObjects(
  store: ObjectStore,
  folder: string,
  copied: boolean,
  work: Work,
): Promise<Manifest["objects"]> {
  if (copied) await mkdir(join(folder, "objects"), { mode: 0o700 });
  const found: KeptObject[] = [];
  let total = 0;
  using _progress = sayWhere(work.say, () => `objects: ${grouped(found.length)}, ${megabytes(total)}…`);
  await eachOf(store.list(), async ({ key }) => {
    // Nobody has recorded such an upload yet; who sent it asks for another address and sends it again.
    if (key.startsWith(incomingPrefix)) return;
    // A witness remembers what the desk would forget: its checkpoints go further than the rows, and are not brought back with them.
    if (key.startsWith(witnessPrefix)) return;
    const kept = await keepObject(store, key, copied ? folder : null, work.signal);
    if (kept === null) return;
    found.push(kept);
    total += kept.size_bytes;
  });
  const lines = found.toSorted((one, other) => (one.key < other.key ? -1 : 1)).map((one) => `${JSON.stringify(one)}\n`);
  const kept = await keepCompressed(folder, listFile, Readable.from(lines, { objectMode: false }), work.signal);
  return { ...kept, bucket: store.bucket, count: found.length, total_bytes: total, copied };
}

/** Null when the object went away between the listing and the reading. */
async function keepObject(
  store: ObjectStore,
  key: string,
  folder: string | null,
  signal: AbortSignal,
): Promise<KeptObject | null> {
  const body = await store.read(key);
  if (body === null) return null;
  const measure = new Measure();
  if (folder === null) await pipeline(body, measure.resume(), { signal });
  else await pipeline(body, measure, newFile(folder, objectFile(key)), { signal });
  return { key, size_bytes: measure.bytes, sha256: measure.sha256() };
}

/** The objects a backup knows; its list was proved whole. */
export async function* keptObjects(folder: string): AsyncGenerator<KeptObject> {
  const lines = createInterface({ input: createReadStream(join(folder, listFile)).pipe(createGunzip()) });
  for await (const line of lines) yield JSON.parse(line);
}

/** The copies in a backup, read like a store. */
export const copiesIn = (folder: string): ReadObject => ({
  read: async (key) => {
    const file = await open(join(folder, objectFile(key))).catch(() => null);
    return file && file.createReadStream();
  },
});

/** Holds the copied objects to their hashes. @throws CommandFailure naming the file */
export async function requireWholeObjects(folder: string, { say, signal }: Work): Promise<void> {
  let seen = 0;
  using _progress = sayWhere(say, () => `objects proved: ${grouped(seen)}…`);
  await eachOf(keptObjects(folder), async ({ key, size_bytes, sha256 }) => {
    signal.throwIfAborted();
    await requireWhole(folder, { file: objectFile(key), bytes: size_bytes, sha256 });
    seen++;
  });
}

/**
 * Writes the copied objects into the store. One that is there already stays, and must be the same.
 * @returns how many were written
 * @throws CommandFailure naming an object that is there with another content
 */
export async function loadObjects(store: ObjectStore, folder: string, { say, signal }: Work): Promise<number> {
  let [written, seen] = [0, 0];
  using _progress = sayWhere(say, () => `objects: ${grouped(seen)}…`);
  await eachOf(keptObjects(folder), async (kept) => {
    signal.throwIfAborted();
    const pieces = piecesOf(join(folder, objectFile(kept.key)));
    const outcome = await store.writeOnce(kept.key, { sizeBytes: kept.size_bytes, pieces }, mediaTypeOf(kept.key));
    if (outcome === "exists" && !(await isKept(store, kept))) {
      throw new CommandFailure(
        `The object store already has ${kept.key} with another content; a restore replaces nothing. Give another bucket or data folder.`,
      );
    }
    if (outcome === "written") written++;
    seen++;
  });
  return written;
}

/** In pieces: eight films in memory would be more than a restore may take. The file is open only while somebody reads. */
async function* piecesOf(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file);
}

async function isKept(store: ReadObject, { key, size_bytes, sha256 }: KeptObject): Promise<boolean> {
  const found = await inspectObject(store, key, size_bytes);
  return found !== null && found.sizeBytes === size_bytes && found.sha256 === sha256;
}

/** By the key's ending, which we gave it; only browsers that look into the bucket care. */
function mediaTypeOf(key: string): string {
  const extension = key.split(".").at(-1) ?? "";
  return ownMediaTypes[extension] ?? mediaTypeOfExtension(extension) ?? "application/octet-stream";
}

/** Of what the desk itself writes. */
const ownMediaTypes: Readonly<Record<string, string>> = { json: "application/json", ndjson: "application/x-ndjson" };

/** Works on a few at a time; after a failure it begins nothing more, and ends when the rest has. */
async function eachOf<T>(all: AsyncIterable<T>, work: (one: T) => Promise<void>): Promise<void> {
  const source = all[Symbol.asyncIterator]();
  let failed = false;
  const lane = async (): Promise<void> => {
    try {
      for (let next = await source.next(); !next.done && !failed; next = await source.next()) await work(next.value);
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: atOnce }, lane));
  for (const one of lanes) if (one.status === "rejected") throw one.reason;
}
