// The embedded object store: objects as files in one folder, uploads through signed URLs that our own API serves.
// Must not know HTTP beyond the shape of an upload, nor follow a key or a symbolic link out of its folder.
//
//   <folder>/upload-secret   32 random bytes, shared by every process on this folder
//   <folder>/objects/        one file per object, its name the URL-encoded key: flat, so no key is another's folder; a symbolic
//                            link to nothing where an upload was and its address is used up
//   <folder>/temp/           what is being written

import { randomUUID } from "node:crypto";
import {
  chmod,
  constants,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { withoutParameters } from "./media-types.ts";
import { assertBucketName, assertObjectKey, assertUploadKey, assertWriteOnceKey, isObjectKey } from "./object-key.ts";
import {
  assertUploadRequest,
  translateErrors,
  unlessAborted,
  ObjectStoreMisconfigured,
  ObjectStoreUnavailable,
  type BodyInPieces,
  type ListedObject,
  type ObjectStore,
  type UploadRequest,
  type UploadTicket,
} from "./object-store.ts";
import { errnoOf, removeAbandonedFiles, writeFileOnce } from "./once-file.ts";
import { grantedBy, loadSecret, signUpload, type UploadGrant } from "./upload-signature.ts";

export type FileStoreOptions = {
  /** Made when absent, set to mode 0700. Any number of processes may share it. */
  folder: string;
  bucket: string;
  /** Where the API is reached, without a trailing slash; a function when that is known only once it listens. */
  baseUrl: string | (() => string);
  /** Milliseconds after which an upload that sends nothing gives way to another by the same URL. Default 10 000. */
  uploadSilenceMs?: number;
};

/** The path below baseUrl where the API takes uploads; the key follows it. */
export const uploadPath = "/object-store/";

/** One PUT to uploadPath, as the API received it. */
export type IncomingUpload = {
  /** The path after uploadPath, decoded. */
  key: string;
  query: URLSearchParams;
  /** The Content-Type header. */
  contentType: string | undefined;
  /** The Content-Length header in bytes; null when there is none. */
  contentLength: number | null;
  body: Readable;
  now: Date;
};

/**
 * Why an upload was refused: the URL is not one we signed; its time is over; another Content-Type; more than maxBytes;
 * not the signed size (also when the client hung up); an upload through this URL has already been stored, and perhaps taken
 * over; one is under way.
 */
export type UploadRefusal =
  | "bad_signature"
  | "expired"
  | "wrong_type"
  | "too_large"
  | "wrong_size"
  | "exists"
  | "in_use";

export type UploadOutcome = { accepted: true; sizeBytes: number } | { accepted: false; refusal: UploadRefusal };

/**
 * Opens the store in the folder and makes what is missing there. Rejects with ObjectStoreMisconfigured for a secret
 * file that is not safe, with ObjectStoreUnavailable when the folder cannot be used.
 */
export async function openFileStore(options: FileStoreOptions): Promise<FileStore> {
  assertBucketName(options.bucket);
  return guarded(async () => {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const root = await realpath(options.folder);
    for (const folder of [root, join(root, "objects"), join(root, "temp")]) await ensurePrivateFolder(folder);
    await removeAbandonedFiles(join(root, "temp"));
    const secret = await loadSecret(join(root, "upload-secret"), join(root, "temp"));
    return new FileStore(root, options, secret);
  });
}

/** Made by openFileStore. */
export class FileStore implements ObjectStore {
  readonly bucket: string;
  readonly #objects: string;
  readonly #temp: string;
  readonly #baseUrl: string | (() => string);
  readonly #secret: Buffer;
  readonly #silenceMs: number;
  /** By their keys: one at a time, so that an address holds no more than one file of its size. */
  readonly #underWay = new Map<string, UnderWay>();

  constructor(root: string, { bucket, baseUrl, uploadSilenceMs = 10_000 }: FileStoreOptions, secret: Buffer) {
    this.bucket = bucket;
    this.#silenceMs = uploadSilenceMs;
    this.#objects = join(root, "objects");
    this.#temp = join(root, "temp");
    this.#baseUrl = baseUrl;
    this.#secret = secret;
  }

  uriOf(key: string): string {
    assertObjectKey(key);
    return `s3://${this.bucket}/${key}`;
  }

  async presignUpload(request: UploadRequest): Promise<UploadTicket> {
    assertUploadRequest(request);
    const { key, contentType, sizeBytes, maxBytes } = request;
    const expiresAtMs = request.now.getTime() + request.expiresInSeconds * 1000;
    const query = signUpload(this.#secret, { key, contentType, sizeBytes, maxBytes, expiresAtMs });
    const baseUrl = typeof this.#baseUrl === "function" ? this.#baseUrl() : this.#baseUrl;
    return {
      method: "PUT",
      url: `${baseUrl}${uploadPath}${key}?${query}`,
      headers: { "Content-Type": contentType },
      expires_at: new Date(expiresAtMs).toISOString(),
    };
  }

  /**
   * Takes one upload: the object appears whole, once, or not at all. The body is streamed; when the upload is not
   * accepted its rest is read and dropped, so that the client gets to read the answer (bound the time by the server's
   * requestTimeout). Rejects with ObjectStoreUnavailable when the store is away or full.
   */
  async acceptUpload(upload: IncomingUpload): Promise<UploadOutcome> {
    try {
      const sizeBytes = await this.#receive(upload);
      return { accepted: true, sizeBytes };
    } catch (error) {
      upload.body.resume();
      if (error instanceof UploadRefused) return { accepted: false, refusal: error.refusal };
      throw error;
    }
  }

  async stat(key: string): Promise<{ sizeBytes: number } | null> {
    const path = this.#pathOf(key);
    return guarded(async () => {
      const info = await lstat(path).catch((error: unknown) => this.#absent(error));
      return info?.isFile() ? { sizeBytes: info.size } : null;
    });
  }

  async read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable | null> {
    const path = this.#pathOf(key);
    return guarded(async () => {
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
      const file = await open(path, flags).catch((error: unknown) => this.#absent(error));
      return file && translateErrors(file.createReadStream(range), asStoreError);
    });
  }

  async writeOnce(key: string, body: Uint8Array | BodyInPieces, _contentType: string): Promise<"written" | "exists"> {
    assertWriteOnceKey(key);
    return guarded(() => writeFileOnce(this.#temp, this.#pathOf(key), "pieces" in body ? body.pieces : body));
  }

  async *list(): AsyncGenerator<ListedObject> {
    for (const name of await guarded(() => readdir(this.#objects))) {
      // Segments hold nothing that is encoded, so the slash is all there is to decode.
      const key = name.replaceAll("%2F", "/");
      if (!isObjectKey(key)) continue;
      const info = await guarded(() => lstat(join(this.#objects, name)).catch((error: unknown) => this.#absent(error)));
      if (info?.isFile()) yield { key, sizeBytes: info.size };
    }
  }

  async remove(key: string): Promise<void> {
    const path = this.#pathOf(key);
    await guarded(() => unlink(path).catch((error: unknown) => this.#absent(error)));
  }

  /** One step for every onlooker: there is no moment at which the key is free. */
  async spend(key: string): Promise<void> {
    assertUploadKey(key);
    const path = this.#pathOf(key);
    const mark = join(this.#temp, randomUUID());
    await guarded(async () => {
      await symlink("used-up", mark);
      await rename(mark, path);
    });
  }

  async check(signal?: AbortSignal): Promise<void> {
    const probe = join(this.#temp, randomUUID());
    const tryIt = guarded(async () => {
      await lstat(this.#objects);
      await writeFile(probe, "probe", { flag: "wx", mode: 0o600 }).finally(() => rm(probe, { force: true }));
    });
    await unlessAborted(tryIt, signal).catch((error: unknown) => {
      throw error instanceof ObjectStoreUnavailable ? error : new ObjectStoreUnavailable(away, { cause: error });
    });
  }

  /** Nothing is held open between calls. */
  async close(): Promise<void> {}

  async #receive({ key, query, contentType, contentLength, body, now }: IncomingUpload): Promise<number> {
    const grant = grantedBy(this.#secret, key, query);
    if (grant === null) throw new UploadRefused("bad_signature");
    if (now.getTime() >= grant.expiresAtMs) throw new UploadRefused("expired");
    if (withoutParameters(contentType ?? "") !== grant.contentType) throw new UploadRefused("wrong_type");
    if (contentLength !== null && contentLength !== grant.sizeBytes) throw refusedForSize(contentLength, grant);
    const path = this.#pathOf(grant.key);
    // Asked here only to spare the transfer; the write below is what never replaces anything.
    const taken = await guarded(() => lstat(path).catch((error: unknown) => this.#absent(error)));
    if (taken !== null) throw new UploadRefused("exists");
    const upload = this.#begin(grant.key, body);
    try {
      const written = await guarded(() => writeFileOnce(this.#temp, path, exactly(upload, grant)));
      if (written === "exists") throw new UploadRefused("exists");
      return grant.sizeBytes;
    } finally {
      if (this.#underWay.get(grant.key) === upload) this.#underWay.delete(grant.key);
    }
  }

  /** Takes the key's place, from an upload that broke off or has gone silent too: a phone that changed its network tries again. */
  #begin(key: string, body: Readable): UnderWay {
    const other = this.#underWay.get(key);
    if (other && !other.body.readableAborted && performance.now() - other.heardAt < this.#silenceMs)
      throw new UploadRefused("in_use");
    other?.body.destroy();
    const upload = { body, heardAt: performance.now() };
    this.#underWay.set(key, upload);
    return upload;
  }

  #pathOf(key: string): string {
    assertObjectKey(key);
    return join(this.#objects, encodeURIComponent(key));
  }

  /** Null when only the object is missing or a symbolic link stands in its place; else the error, thrown. */
  async #absent(error: unknown): Promise<null> {
    const code = errnoOf(error);
    if (code !== "ENOENT" && code !== "ELOOP") throw error;
    // An unmounted disk leaves an empty folder behind, in which every object seems absent: this lstat then throws.
    await lstat(this.#objects);
    return null;
  }
}

/** An upload that is being received, and when a piece of it last came, in ms of performance.now(). */
type UnderWay = { readonly body: Readable; heardAt: number };

class UploadRefused extends Error {
  readonly refusal: UploadRefusal;

  constructor(refusal: UploadRefusal) {
    super(`upload refused: ${refusal}`);
    this.refusal = refusal;
  }
}

function refusedForSize(sizeBytes: number, grant: UploadGrant): UploadRefused {
  return new UploadRefused(sizeBytes > grant.maxBytes ? "too_large" : "wrong_size");
}

/** Passes the body on and throws UploadRefused as soon as it is too long, or when it ends too early. */
async function* exactly(upload: UnderWay, grant: UploadGrant): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  try {
    // Kept alive on a refusal: destroying a request's body closes the connection before the answer is out.
    const chunks: AsyncIterable<Uint8Array> = upload.body.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) {
      upload.heardAt = performance.now();
      sizeBytes += chunk.length;
      if (sizeBytes > grant.sizeBytes) break;
      yield chunk;
    }
  } catch {
    throw new UploadRefused("wrong_size");
  }
  if (sizeBytes !== grant.sizeBytes) throw refusedForSize(sizeBytes, grant);
}

async function ensurePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (!(await lstat(path)).isDirectory()) throw new ObjectStoreMisconfigured(`Not a folder: ${path}`);
  await chmod(path, 0o700);
}

const away = "The folder of the object store cannot be used";

const clearMessages: Record<string, string> = {
  ENOSPC: "The disk of the object store is full",
  EDQUOT: "The disk quota of the object store is used up",
  EROFS: "The disk of the object store is read-only",
  ENOENT: "The folder of the object store is gone",
};

/** Keys are checked before any file is touched, so whatever the file system still refuses is the store being away. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    throw asStoreError(error);
  });
}

function asStoreError(error: unknown): Error {
  const code = errnoOf(error);
  if (code !== null) return new ObjectStoreUnavailable(clearMessages[code] ?? `${away} (${code})`, { cause: error });
  return error instanceof Error ? error : new Error(away, { cause: error });
}
