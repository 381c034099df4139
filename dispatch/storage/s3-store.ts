// The object store on any S3 server, through the minio client; uploads go to it directly, by signed POST policies.
// Must not trust the server to enforce a policy (some ignore it): whoever accepts an upload reads its bytes.

import http from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { urlToHttpOptions } from "node:url";
import { Client, S3Error } from "minio";
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

export type S3StoreOptions = {
  /** `http(s)://host[:port]` */
  endpoint: string;
  /** Where clients reach the same server for their uploads; `endpoint` unless said otherwise. */
  publicEndpoint?: string;
  bucket: string;
  /** Stated, so that signing asks nobody; "us-east-1" unless the server says otherwise. */
  region: string;
  accessKey: string;
  secretKey: string;
  /** Milliseconds a stat, remove or check may take, and the longest silence in any call. Default 10 000. */
  callTimeoutMs?: number;
  /** Milliseconds reading or writing one object may take in all. Default 120 000: 200 MiB at 14 Mbit/s. */
  transferTimeoutMs?: number;
};

/** Throws RangeError for an endpoint or bucket name that cannot be used; does not touch the network. */
export class S3Store implements ObjectStore {
  readonly bucket: string;
  readonly #region: string;
  readonly #client: Client;
  readonly #transport: Transport;
  /** Signs for clients; it asks nobody. */
  readonly #publicClient: Client;

  constructor(options: S3StoreOptions) {
    assertBucketName(options.bucket);
    this.bucket = options.bucket;
    this.#region = options.region;
    this.#client = clientFor(options.endpoint, options);
    this.#transport = transportFor(options.endpoint, options);
    this.#publicClient =
      options.publicEndpoint === undefined ? this.#client : clientFor(options.publicEndpoint, options);
  }

  uriOf(key: string): string {
    assertObjectKey(key);
    return `s3://${this.bucket}/${key}`;
  }

  async presignUpload(request: UploadRequest): Promise<UploadTicket> {
    assertUploadRequest(request);
    const expiresAt = new Date(request.now.getTime() + request.expiresInSeconds * 1000);
    const policy = this.#publicClient.newPostPolicy();
    policy.setBucket(this.bucket);
    policy.setKey(request.key);
    policy.setContentType(request.contentType);
    policy.setContentLengthRange(request.sizeBytes, request.sizeBytes);
    policy.setExpires(expiresAt);
    const { postURL, formData } = await this.#publicClient.presignedPostPolicy(policy);
    const fields = Object.fromEntries(Object.entries(formData).map(([name, value]) => [name, String(value)]));
    return { method: "POST", url: postURL, headers: {}, fields, expires_at: expiresAt.toISOString() };
  }

  async stat(key: string): Promise<{ sizeBytes: number } | null> {
    assertObjectKey(key);
    return asked("stat", async () => {
      const info = await this.#client.statObject(this.bucket, key).catch(nullIfAbsent);
      return info && { sizeBytes: info.size };
    });
  }

  async read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable | null> {
    assertObjectKey(key);
    return asked("read", async () => {
      const object = range
        ? this.#client.getPartialObject(this.bucket, key, range.start, range.end - range.start + 1)
        : this.#client.getObject(this.bucket, key);
      const body = await object.catch(nullIfAbsent);
      return body && translateErrors(body, (error) => asStoreError("read", error));
    });
  }

  /**
   * One PUT with `If-None-Match: *`, which AWS, radosgw and MinIO enforce atomically. A server that ignores the
   * condition is only guarded by the look beforehand: there, of two writers at the same moment the later one wins.
   */
  async writeOnce(key: string, body: Uint8Array | BodyInPieces, contentType: string): Promise<"written" | "exists"> {
    assertWriteOnceKey(key);
    if ((await this.stat(key)) !== null) return "exists";
    if ("pieces" in body) return this.#putInPieces(key, body, contentType);
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const headers = { "Content-Type": contentType, "If-None-Match": "*" };
    return asked("write", async () => {
      try {
        await this.#client.putObject(this.bucket, key, bytes, bytes.length, headers);
        return "written";
      } catch (error) {
        const code = codeOf(error);
        if (code === "PreconditionFailed") return "exists";
        // AWS says this while another writer of the same key is at work.
        if (code === "ConditionalRequestConflict" && (await this.stat(key)) !== null) return "exists";
        throw error;
      }
    });
  }

  /**
   * The same PUT by a signed address, since the client gathers a stream in memory before it sends it. A body that fails half-way
   * cuts the connection before the length it announced, and so the server keeps nothing.
   */
  async #putInPieces(
    key: string,
    { sizeBytes, pieces }: BodyInPieces,
    contentType: string,
  ): Promise<"written" | "exists"> {
    const url = new URL(await this.#client.presignedUrl("PUT", this.bucket, key, putWithinSeconds));
    const headers = { "Content-Type": contentType, "Content-Length": sizeBytes, "If-None-Match": "*" };
    let failure: { readonly error: unknown } | null = null;
    async function* watched() {
      try {
        yield* pieces;
      } catch (error) {
        failure = { error };
        throw error;
      }
    }
    return asked("write", async () => {
      const answer = Promise.withResolvers<http.IncomingMessage>();
      const call = this.#transport.request({ ...urlToHttpOptions(url), method: "PUT", headers }, answer.resolve);
      call.on("error", answer.reject);
      pipeline(watched(), call).catch(answer.reject);
      const response = await answer.promise;
      const said = await text(response);
      if (response.statusCode === 200) return "written" as const;
      const error = new S3Error(`PUT answered ${response.statusCode}`);
      error.code = /<Code>(\w+)<\/Code>/.exec(said)?.[1] ?? "";
      if (error.code === "PreconditionFailed") return "exists" as const;
      if (error.code === "ConditionalRequestConflict" && (await this.stat(key)) !== null) return "exists" as const;
      throw error;
    }).catch((error: unknown) => {
      throw failure ? failure.error : error;
    });
  }

  async *list(): AsyncGenerator<ListedObject> {
    const listing: AsyncIterable<{ name?: string; size: number }> = this.#client.listObjectsV2(this.bucket, "", true);
    try {
      for await (const { name, size } of listing)
        if (name !== undefined && isObjectKey(name)) yield { key: name, sizeBytes: size };
    } catch (error) {
      throw asStoreError("list", error);
    }
  }

  async remove(key: string): Promise<void> {
    assertObjectKey(key);
    await asked("remove", () => this.#client.removeObject(this.bucket, key));
  }

  /** A POST policy cannot be withdrawn: until it expires, further objects may come to the key. */
  async spend(key: string): Promise<void> {
    assertUploadKey(key);
    await this.remove(key);
  }

  async check(signal?: AbortSignal): Promise<void> {
    const exists = await unlessAborted(this.#client.bucketExists(this.bucket), signal).catch((cause: unknown) => {
      throw new ObjectStoreUnavailable(`The object store cannot be used: ${reasonOf(cause)}`, { cause });
    });
    if (!exists) throw new ObjectStoreUnavailable(`The object store has no bucket ${this.bucket}`);
  }

  /** Creates the bucket unless it is there; safe to call from several processes at once. */
  async ensureBucket(): Promise<void> {
    await asked("create the bucket", async () => {
      if (await this.#client.bucketExists(this.bucket)) return;
      await this.#client.makeBucket(this.bucket, this.#region).catch((error: unknown) => {
        if (codeOf(error) !== "BucketAlreadyOwnedByYou") throw error;
      });
    });
  }

  /** Nothing is held open between calls. */
  async close(): Promise<void> {}
}

function clientFor(endpoint: string, options: S3StoreOptions): Client {
  const { protocol, hostname, port } = endpointOf(endpoint);
  const secure = protocol === "https:";
  return new Client({
    endPoint: hostname,
    useSSL: secure,
    ...(port !== "" && { port: Number(port) }),
    region: options.region,
    accessKey: options.accessKey,
    secretKey: options.secretKey,
    // The largest there is: an upload in parts would slip past If-None-Match on servers such as radosgw.
    partSize: 5 * 1024 ** 3,
    // Whoever calls decides about retries; the client's own would print to the console and stretch the deadline.
    retryOptions: { disableRetry: true },
    transport: transportFor(endpoint, options),
    // A connection per call: a kept one that the server has just closed would look like the store being away.
    transportAgent: secure ? new https.Agent({ keepAlive: false }) : new http.Agent({ keepAlive: false }),
  });
}

const transportFor = (endpoint: string, options: S3StoreOptions): Transport =>
  boundedTransport(
    endpointOf(endpoint).protocol === "https:",
    options.callTimeoutMs ?? 10_000,
    options.transferTimeoutMs ?? 120_000,
  );

function endpointOf(endpoint: string): URL {
  const url = URL.parse(endpoint);
  const usable = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (!usable) throw new RangeError(`Not an S3 endpoint of the form http(s)://host:port: ${endpoint}`);
  return url;
}

/** How long the signature of a PUT of our own holds; it is used at once. */
const putWithinSeconds = 60;

type OnResponse = (response: http.IncomingMessage) => void;
type Transport = Pick<typeof http, "request">;

/** node's own request, ended when it takes too long in all or when nothing moves for callTimeoutMs. */
function boundedTransport(secure: boolean, callTimeoutMs: number, transferTimeoutMs: number): Transport {
  const request = secure ? https.request : http.request;
  return {
    request(options: http.RequestOptions | string | URL, onResponse?: http.RequestOptions | OnResponse) {
      if (typeof options === "string" || options instanceof URL || typeof onResponse !== "function")
        throw new TypeError("The minio client calls request(options, callback)");
      const transfers = options.method === "GET" || options.method === "PUT";
      const signal = AbortSignal.timeout(transfers ? transferTimeoutMs : callTimeoutMs);
      const call = request({ ...options, timeout: callTimeoutMs, signal }, onResponse);
      // This also closes the connections of 5xx answers, whose bodies the client leaves unread.
      return call.on("timeout", () => call.destroy(new Error(`the store was silent for ${callTimeoutMs} ms`)));
    },
  };
}

// What servers say when they are there but cannot serve just now.
const awayCodes = new Set([
  "InternalError",
  "ServiceUnavailable",
  "SlowDown",
  "RequestTimeout",
  "ConditionalRequestConflict",
  "InsufficientStorage",
  "QuotaExceeded",
  "XMinioStorageFull",
  "XMinioServerNotInitialized",
]);

async function asked<T>(what: string, work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    throw asStoreError(what, error);
  });
}

/**
 * Only an answer with an S3 error code is the store's considered refusal. All else is the store being away: network
 * errors, timeouts, the client's plain Error for 408, 429 and 5xx, a proxy's page instead of S3's XML.
 */
function asStoreError(what: string, error: unknown): Error {
  const code = codeOf(error);
  if (code === null || awayCodes.has(code))
    return new ObjectStoreUnavailable(`The object store is away (${what}): ${reasonOf(error)}`, { cause: error });
  return new ObjectStoreMisconfigured(`The object store refused to ${what}: ${code}`, { cause: error });
}

function codeOf(error: unknown): string | null {
  return error instanceof S3Error && error.code ? error.code : null;
}

function reasonOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.message : String(error));
}

function nullIfAbsent(error: unknown): null {
  // A HEAD has no body to say NoSuchKey in: a missing bucket looks the same there, and check() is what tells.
  if (codeOf(error) === "NoSuchKey" || codeOf(error) === "NotFound") return null;
  throw error;
}
