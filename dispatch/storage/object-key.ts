// Which names an object or a bucket may have: one rule for every store, so that a key valid on one is valid on all.
// Must not know how a store keeps its objects.

/**
 * Signed uploads go below this prefix and nowhere else, and writeOnce never writes below it. An upload ticket can
 * therefore never replace an object that was written once, not even on a store that lets a ticket be used twice.
 */
export const incomingPrefix = "incoming/";

const maxKeyLength = 200;
const maxSegments = 16;
// Lower case only: on a file system that ignores case "a" and "A" would be one object, on S3 two.
const segmentPattern = /^[a-z0-9_][a-z0-9._-]*$/;
const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** The key breaks the rules of assertObjectKey, or lies on the wrong side of incomingPrefix. */
export class InvalidObjectKey extends Error {
  override readonly name = "InvalidObjectKey";
}

/**
 * Throws InvalidObjectKey unless the key is 1 to 200 characters in at most 16 segments, joined by "/", of lower-case
 * ASCII letters, digits, ".", "_" and "-", none empty and none beginning with "." or "-".
 */
export function assertObjectKey(key: string): void {
  if (!isObjectKey(key)) throw new InvalidObjectKey(`Not an object key: ${JSON.stringify(key.slice(0, maxKeyLength))}`);
}

/** Whether the key follows the rules of assertObjectKey: what does not was never written by us. */
export function isObjectKey(key: string): boolean {
  const segments = key.split("/");
  const short = key.length <= maxKeyLength && segments.length <= maxSegments;
  return short && segments.every((segment) => segmentPattern.test(segment));
}

/** Throws InvalidObjectKey unless a signed upload may go to this key. */
export function assertUploadKey(key: string): void {
  assertObjectKey(key);
  if (!key.startsWith(incomingPrefix)) throw new InvalidObjectKey(`Uploads go below ${incomingPrefix}, not to ${key}`);
}

/** Throws InvalidObjectKey unless writeOnce may write this key. */
export function assertWriteOnceKey(key: string): void {
  assertObjectKey(key);
  if (key.startsWith(incomingPrefix)) throw new InvalidObjectKey(`Only uploads go below ${incomingPrefix}: ${key}`);
}

/** Throws RangeError unless the name is one S3 takes for a bucket: 3 to 63 of a-z, 0-9, "." and "-". */
export function assertBucketName(bucket: string): void {
  if (!bucketPattern.test(bucket)) throw new RangeError(`Not a bucket name: ${JSON.stringify(bucket)}`);
}
