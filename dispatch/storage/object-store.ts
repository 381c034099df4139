// Where bytes live: the interface every object store fulfils, its errors, and what is measured from the bytes alone.
// Must not know tickets, HTTP or any one kind of store.

import { createHash } from "node:crypto";
import { addAbortListener } from "node:events";
import { PassThrough, pipeline, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { headBytes } from "./first-bytes.ts";
import { assertUploadKey } from "./object-key.ts";

/** What a client needs to upload one object: send `fields` (POST, multipart, the file last) or the bare body (PUT). */
export type UploadTicket = {
  method: "PUT" | "POST";
  url: string;
  headers: Record<string, string>;
  fields?: Record<string, string>;
  /** RFC 3339; the upload must have begun before. */
  expires_at: string;
};

export type UploadRequest = {
  /** Below incomingPrefix. */
  key: string;
  contentType: string;
  /** The exact size; the store refuses an upload of any other. */
  sizeBytes: number;
  /** The most anybody may upload here; sizeBytes may not exceed it. */
  maxBytes: number;
  now: Date;
  /** 1 second to 7 days, the longest S3 signs for. */
  expiresInSeconds: number;
};

/** What is too large to be held in memory; its size is known before it is read. */
export type BodyInPieces = { readonly sizeBytes: number; readonly pieces: AsyncIterable<Uint8Array> };

export type ListedObject = { readonly key: string; readonly sizeBytes: number };

/**
 * One bucket of objects. Every method rejects with InvalidObjectKey for a key outside the rules, with
 * ObjectStoreUnavailable when the store is away, and with ObjectStoreMisconfigured when it will not serve us.
 */
export type ObjectStore = {
  readonly bucket: string;
  /** `s3://<bucket>/<key>`, on every kind of store. */
  uriOf(key: string): string;
  /**
   * Signs an upload without asking the store. RangeError for a size, expiry or content type that cannot be signed.
   * On S3 a ticket may be used again until it expires, any number of times at once, and then replaces what it uploaded: act on
   * what fetchObject read, never on an earlier look.
   */
  presignUpload(request: UploadRequest): Promise<UploadTicket>;
  /** The size in bytes as the store reports it; null when there is no such object. */
  stat(key: string): Promise<{ sizeBytes: number } | null>;
  /**
   * The object's bytes, or those from `start` to `end`, which must lie in it; null when there is none. Read them at once: a stream
   * left lying is closed after a while. When the store goes away meanwhile, the stream fails with ObjectStoreUnavailable.
   */
  read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable | null>;
  /**
   * Writes an object that is not there yet, whole or not at all; "exists" when the key is taken, whatever its content.
   * After ObjectStoreUnavailable the object may have been written: a repeated call then answers "exists". A body in pieces that
   * throws leaves nothing behind, and its error is the call's.
   */
  writeOnce(key: string, body: Uint8Array | BodyInPieces, contentType: string): Promise<"written" | "exists">;
  /** Every object of ours with its size, in no order; what is written or removed meanwhile may be among them or not. */
  list(): AsyncIterable<ListedObject>;
  /** Removes the object; no error when there is none. */
  remove(key: string): Promise<void>;
  /**
   * Removes an upload that has been taken over, and so that its ticket is used up: where the store can, nothing is ever uploaded to
   * the key again. S3 cannot: there a ticket puts further objects at the key until it expires, which nobody reads and whoever
   * looks after uploads removes then. A key that was used up is free again after `remove`.
   */
  spend(key: string): Promise<void>;
  /** Resolves when the store can be reached and the bucket used; any trouble is ObjectStoreUnavailable. */
  check(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

/** The store is away: network, timeout, 5xx, full disk. The same call may succeed later. */
export class ObjectStoreUnavailable extends Error {
  override readonly name = "ObjectStoreUnavailable";
}

/** The store answers and will not serve us: wrong keys, no such bucket, an unsafe secret file. An operator must act. */
export class ObjectStoreMisconfigured extends Error {
  override readonly name = "ObjectStoreMisconfigured";
}

/** What lies at a key that nothing overwrites is not what was written there. */
export class ObjectDamaged extends Error {
  override readonly name = "ObjectDamaged";

  constructor(key: string) {
    super(`The object ${key} is not what was stored: restore it from a backup`);
  }
}

/** What the bytes themselves say. When sizeBytes exceeds the limit asked for, the rest describes a cut-off object. */
export type Inspection = {
  sizeBytes: number;
  /** Lower-case hex. */
  sha256: string;
  /** The first bytes, at most headBytes. */
  head: Uint8Array;
};

/**
 * Measures an object by reading it, at most maxBytes + 1 bytes of it and never whole in memory; null when absent.
 * Larger objects come back with sizeBytes = maxBytes + 1.
 */
export async function inspectObject(
  store: Pick<ObjectStore, "read">,
  key: string,
  maxBytes: number,
): Promise<Inspection | null> {
  return inspect(store, key, maxBytes, () => undefined);
}

/**
 * inspectObject that also keeps the first `sizeBytes` bytes, for copying an upload of that size to its final key: what is inspected
 * and what is written are then one reading, although an upload may be replaced between two. They are in memory once.
 */
export async function fetchObject(
  store: Pick<ObjectStore, "read">,
  key: string,
  { sizeBytes, maxBytes }: { readonly sizeBytes: number; readonly maxBytes: number },
): Promise<(Inspection & { bytes: Uint8Array }) | null> {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let filled = 0;
  const inspection = await inspect(store, key, maxBytes, (chunk) => {
    bytes.set(chunk.subarray(0, sizeBytes - filled), filled);
    filled = Math.min(filled + chunk.length, sizeBytes);
  });
  return inspection && { ...inspection, bytes: bytes.subarray(0, filled) };
}

/**
 * An object's bytes as they pass, measured: the last piece comes only when `sizeBytes` and `sha256` are what all of them say, and
 * `accept` has looked at the head. So whoever writes them elsewhere, whole or not at all, writes nothing else.
 * @throws what `differs` makes of the measure where it is another, and what `accept` throws
 */
export async function* piecesAsAnnounced(
  body: AsyncIterable<Uint8Array>,
  announced: { readonly sizeBytes: number; readonly sha256: string },
  accept: (head: Uint8Array) => void,
  differs: (actual: Omit<Inspection, "head">) => Error,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let [head, sizeBytes, held]: [Buffer, number, Uint8Array | null] = [Buffer.alloc(0), 0, null];
  for await (const read of body) {
    const piece = read.subarray(0, announced.sizeBytes + 1 - sizeBytes);
    if (head.length < headBytes) head = Buffer.concat([head, piece.subarray(0, headBytes - head.length)]);
    hash.update(piece);
    sizeBytes += piece.length;
    if (sizeBytes > announced.sizeBytes) break;
    if (held) yield held;
    held = piece;
  }
  const actual = { sizeBytes, sha256: hash.digest("hex") };
  if (sizeBytes !== announced.sizeBytes || actual.sha256 !== announced.sha256) throw differs(actual);
  accept(head);
  if (held) yield held;
}

async function inspect(
  store: Pick<ObjectStore, "read">,
  key: string,
  maxBytes: number,
  keep: (chunk: Uint8Array) => void,
): Promise<Inspection | null> {
  const body: AsyncIterable<Uint8Array> | null = await store.read(key);
  if (body === null) return null;
  const hash = createHash("sha256");
  const head: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const read of body) {
    const chunk = read.subarray(0, maxBytes + 1 - sizeBytes);
    if (sizeBytes < headBytes) head.push(chunk.subarray(0, headBytes - sizeBytes));
    hash.update(chunk);
    keep(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) break;
  }
  return { sizeBytes, sha256: hash.digest("hex"), head: Buffer.concat(head) };
}

/** As much of an object as is in memory for one reader; a store waits for nobody longer than for so much. */
const pieceBytes = 1024 * 1024;

/**
 * The bytes of an object that never changes, or of a range of it, for a reader of any pace; null when there is none. The first
 * piece is there when this resolves; the whole fails before its last where it is not what is known of it.
 * @throws ObjectDamaged
 */
export async function readVerified(
  store: Pick<ObjectStore, "stat" | "read">,
  key: string,
  known: { readonly sizeBytes: number; readonly sha256: string },
  range: { readonly start: number; readonly end: number } | null,
): Promise<Readable | null> {
  const found = await store.stat(key);
  if (found === null) return null;
  if (found.sizeBytes !== known.sizeBytes) throw new ObjectDamaged(key);
  const { start, end } = range ?? { start: 0, end: known.sizeBytes - 1 };
  async function* pieces() {
    const hash = range === null ? createHash("sha256") : null;
    for (let at = start; at <= end; at += pieceBytes) {
      const last = Math.min(at + pieceBytes - 1, end);
      const body = await store.read(key, { start: at, end: last });
      if (body === null) throw new ObjectDamaged(key);
      const piece = await buffer(body);
      hash?.update(piece);
      const whole = piece.length === last - at + 1 && (last < end || !hash || hash.digest("hex") === known.sha256);
      if (!whole) throw new ObjectDamaged(key);
      yield piece;
    }
  }
  const rest = pieces();
  const first = await rest.next();
  async function* all() {
    if (!first.done) yield first.value;
    yield* rest;
  }
  return Readable.from(all(), { objectMode: false, highWaterMark: 1 });
}

/** Throws InvalidObjectKey or RangeError for an upload that no store may sign. */
export function assertUploadRequest(request: UploadRequest): void {
  assertUploadKey(request.key);
  const { sizeBytes, maxBytes, expiresInSeconds, contentType } = request;
  if (!Number.isSafeInteger(sizeBytes) || !Number.isSafeInteger(maxBytes) || sizeBytes < 0 || sizeBytes > maxBytes)
    throw new RangeError(`Cannot sign an upload of ${sizeBytes} bytes where ${maxBytes} are allowed`);
  if (!Number.isSafeInteger(expiresInSeconds) || expiresInSeconds < 1 || expiresInSeconds > 604_800)
    throw new RangeError(`Cannot sign an upload for ${expiresInSeconds} seconds`);
  if (!/^[a-z]+\/[a-z0-9][a-z0-9.+-]{0,99}$/.test(contentType))
    throw new RangeError(`Not a media type: ${JSON.stringify(contentType)}`);
}

/** The stream with its errors put through `translate`. Destroying the result destroys the source. */
export function translateErrors(source: Readable, translate: (error: unknown) => Error): Readable {
  const relay = new PassThrough({ destroy: (error, done) => done(error && translate(error)) });
  // The error reaches the reader through `relay`; here it has no second reader.
  pipeline(source, relay, () => undefined);
  return relay;
}

/** The work's outcome, or a rejection with the signal's reason if that comes first; the work itself runs on. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  using _listener = addAbortListener(signal, () => aborted.reject(signal.reason));
  return await Promise.race([work, aborted.promise]);
}
