// Signed upload URLs for the file store: its secret, what a signature covers, and checking one.
// Must not decide whether an upload is expired, too large or of the wrong type: only whether we granted it.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { constants, open } from "node:fs/promises";
import { ObjectStoreMisconfigured } from "./object-store.ts";
import { errnoOf, writeFileOnce } from "./once-file.ts";

const secretBytes = 32;

/** What a signed URL allows: one PUT of exactly sizeBytes to this key until it expires. */
export type UploadGrant = {
  key: string;
  contentType: string;
  sizeBytes: number;
  maxBytes: number;
  expiresAtMs: number;
};

/** The grant as query parameters, signature included. */
export function signUpload(secret: Buffer, grant: UploadGrant): URLSearchParams {
  const query = new URLSearchParams({
    type: grant.contentType,
    size: String(grant.sizeBytes),
    max: String(grant.maxBytes),
    expires: String(grant.expiresAtMs),
  });
  query.set("signature", signatureOf(secret, grant.key, query).toString("base64url"));
  return query;
}

/** The grant we once signed for this key, or null when the query is not one of ours, unchanged. Constant time. */
export function grantedBy(secret: Buffer, key: string, query: URLSearchParams): UploadGrant | null {
  const given = Buffer.from(query.get("signature") ?? "", "base64url");
  const expected = signatureOf(secret, key, query);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return {
    key,
    contentType: query.get("type") ?? "",
    sizeBytes: Number(query.get("size")),
    maxBytes: Number(query.get("max")),
    expiresAtMs: Number(query.get("expires")),
  };
}

/**
 * The secret kept at `path`, made on the first call; of several processes starting at once all get the same one.
 * ObjectStoreMisconfigured when the file is not 32 bytes that only its owner may read.
 */
export async function loadSecret(path: string, tempFolder: string): Promise<Buffer> {
  return (await readSecret(path)) ?? (await createSecret(path, tempFolder));
}

async function createSecret(path: string, tempFolder: string): Promise<Buffer> {
  await writeFileOnce(tempFolder, path, randomBytes(secretBytes));
  // Read back, because another process may have been first.
  const secret = await readSecret(path);
  if (secret === null) throw new ObjectStoreMisconfigured(`The upload secret vanished while it was made: ${path}`);
  return secret;
}

async function readSecret(path: string): Promise<Buffer | null> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const info = await file.stat();
    const safe = info.isFile() && info.size === secretBytes && (info.mode & 0o077) === 0;
    if (!safe)
      throw new ObjectStoreMisconfigured(
        `The upload secret must be a file of ${secretBytes} bytes with mode 0600: ${path}. ` +
          "Remove it and a new one is made; upload URLs that were handed out stop working.",
      );
    return await file.readFile();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    if (errnoOf(error) === "ELOOP") throw new ObjectStoreMisconfigured(`The upload secret is a symbolic link: ${path}`);
    throw error;
  }
}

/** Over the texts of the query as they stand; as a JSON list, so that no two grants read alike. */
function signatureOf(secret: Buffer, key: string, query: URLSearchParams): Buffer {
  const granted = ["type", "size", "max", "expires"].map((name) => query.get(name));
  return createHmac("sha256", secret)
    .update(JSON.stringify(["PUT", key, ...granted]))
    .digest();
}
