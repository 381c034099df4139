// The parts of a video that is sent piece by piece: each is an upload of its own, signed and kept like any other, so that what
// breaks off is sent again alone. Which there are follows from the announced size; which have arrived the store says.

import type { ObjectStore } from "../storage/object-store.ts";
import type { UploadRow } from "./uploads.ts";

/** Two minutes at the pace below; the largest video there may be has 40. */
export const partBytes = 5 * 1024 ** 2;

/** What a phone with bad reception sends: 350 kbit/s. */
const slowestBytesPerSecond = 43_750;

/** How much longer than for one file the addresses of parts work, which are sent one after the other. */
export const secondsForParts = (sizeBytes: number): number => Math.ceil(sizeBytes / slowestBytesPerSecond);

/** One part: the bytes of the file from `offset_bytes` on. Numbers begin at 1. */
export type Part = { readonly number: number; readonly offset_bytes: number; readonly size_bytes: number };

export type Announced = Pick<UploadRow, "incoming_key" | "size_bytes" | "part_bytes">;

/** In the file's order; none of a file that has one address. */
export function partsOf({ size_bytes: size, part_bytes: each }: Omit<Announced, "incoming_key">): Part[] {
  if (each === null) return [];
  return Array.from({ length: Math.ceil(size / each) }, (_, at) => ({
    number: at + 1,
    offset_bytes: at * each,
    size_bytes: Math.min(each, size - at * each),
  }));
}

export const keyOfPart = ({ incoming_key }: Pick<Announced, "incoming_key">, { number }: Part): string =>
  `${incoming_key}/${number}`;

/** Every key at which something may lie until the upload has become evidence; the file as a whole goes to the first. */
export const incomingKeys = (upload: Announced): string[] => [
  upload.incoming_key,
  ...partsOf(upload).map((part) => keyOfPart(upload, part)),
];

/**
 * The parts that have still to be sent; none where the file came as a whole, or was taken over already. One is asked for after
 * the other: 40 connections at once are more than an S3 server owes one call.
 * @throws ObjectStoreUnavailable
 */
export async function missingParts(
  store: Pick<ObjectStore, "stat">,
  upload: Announced & Pick<UploadRow, "object_key">,
): Promise<Part[]> {
  if (await store.stat(upload.incoming_key)) return [];
  const missing: Part[] = [];
  for (const part of partsOf(upload)) {
    const found = await store.stat(keyOfPart(upload, part));
    if (found?.sizeBytes !== part.size_bytes) missing.push(part);
  }
  // Asked last: parts are used up after the file was written, so one that was used up during this look is not taken for missing.
  return missing.length > 0 && (await store.stat(upload.object_key)) ? [] : missing;
}

/**
 * The file's bytes out of its parts, each opened once the one before has been read.
 * @throws what `absent` makes of a part that is gone by then, and ObjectStoreUnavailable
 */
export async function* joinedParts(
  store: Pick<ObjectStore, "read">,
  upload: Announced,
  absent: (part: Part) => Error,
): AsyncGenerator<Uint8Array> {
  for (const part of partsOf(upload)) {
    const body: AsyncIterable<Uint8Array> | null = await store.read(keyOfPart(upload, part));
    if (body === null) throw absent(part);
    yield* body;
  }
}
