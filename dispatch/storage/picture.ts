// What a picture says of itself: its size in pixels, and what the camera wrote into it. Read from the headers, nothing is decoded.
// Pure. What is read is bounded by counts, never by what the file claims, since a file may claim anything.

import { crc32 } from "node:zlib";
import { readExif, type Exif } from "./exif.ts";
import { heifParts } from "./heif.ts";

export type Picture = {
  /** Pixels as stored, before a viewer turns it upright; from 1 to 2^31 - 1. */
  readonly width: number;
  readonly height: number;
  /** Null where the camera wrote nothing, or nothing that can be read. */
  readonly exif: Exif | null;
};

type Size = { readonly width: number; readonly height: number };
type Read = { readonly size: Size | null; readonly exif: Uint8Array | null };

/** The picture types whose headers are known here. */
export type PictureType = "image/jpeg" | "image/png" | "image/webp" | "image/heic" | "image/heif";

/**
 * Reads a picture's headers.
 * @param bytes the whole file
 * @returns null when it has no size: it is cut off, damaged, or something else behind the first bytes of a picture
 */
export function readPicture(bytes: Uint8Array, contentType: PictureType): Picture | null {
  const { size, exif } = attempt(() => readers[contentType](asBuffer(bytes))) ?? nothing;
  if (size === null || !isCount(size.width) || !isCount(size.height)) return null;
  return { ...size, exif: exif && attempt(() => readExif(asBuffer(exif))) };
}

/** PNG's own limit for either side (11.2.1), and more than any other of these formats holds in earnest. */
const mostPixels = 2 ** 31 - 1;
const isCount = (pixels: number): boolean => pixels >= 1 && pixels <= mostPixels;

const nothing: Read = { size: null, exif: null };
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Whoever reads past the end of a Buffer gets a RangeError: the file is shorter than it says. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const readers: Record<PictureType, (file: Buffer) => Read> = {
  "image/jpeg": readJpeg,
  "image/png": readPng,
  "image/webp": readWebp,
  "image/heic": heifParts,
  "image/heif": heifParts,
};

/** Depth maps of some phones fill many segments of 64 KiB before the frame's; 25 MiB hold 400 of these. */
const mostSegments = 1_000;

/**
 * ITU-T T.81, annex B: segments of a marker, two bytes of length and the content, up to the start of the scan. A frame header
 * (SOF0 to SOF15 but for DHT, JPG and DAC) has precision, height, width; Exif stands in an APP1.
 */
function readJpeg(file: Buffer): Read {
  let [at, size, exif]: [number, Size | null, Uint8Array | null] = [2, null, null];
  for (let count = 0; count < mostSegments; count++) {
    while (file[at] === 0xff && file[at + 1] === 0xff) at++;
    if (file.readUInt8(at) !== 0xff) return nothing;
    const marker = file.readUInt8(at + 1);
    // A scan without a frame before it is no picture, and no more is one that ends before its scan.
    if (marker === 0xda) return { size, exif };
    if (marker === 0xd9) return nothing;
    const length = file.readUInt16BE(at + 2);
    if (length < 2) return nothing;
    const content = file.subarray(at + 4, at + 2 + length);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      size ??= { height: content.readUInt16BE(1), width: content.readUInt16BE(3) };
    else if (marker === 0xe1 && content.toString("latin1", 0, 6) === "Exif\0\0") exif ??= content.subarray(6);
    at += 2 + length;
  }
  return nothing;
}

/** PNG, 11.2.1: the first chunk is IHDR of 13 bytes, width and height first, with the CRC of all chunks behind it. */
function readPng(file: Buffer): Read {
  const chunk = file.subarray(12, 29);
  const isHeader = file.readUInt32BE(8) === 13 && chunk.toString("latin1", 0, 4) === "IHDR";
  if (!isHeader || crc32(chunk) !== file.readUInt32BE(29)) return nothing;
  return { size: { width: chunk.readUInt32BE(4), height: chunk.readUInt32BE(8) }, exif: null };
}

/** RFC 9649: the first chunk is VP8 (a key frame, RFC 6386, 9.1), VP8L or VP8X; sizes are in little-endian bits. */
function readWebp(file: Buffer): Read {
  const kind = file.toString("latin1", 12, 16);
  if (kind === "VP8X")
    return { size: { width: file.readUIntLE(24, 3) + 1, height: file.readUIntLE(27, 3) + 1 }, exif: null };
  if (kind === "VP8L") {
    if (file.readUInt8(20) !== 0x2f) return nothing;
    const bits = file.readUInt32LE(21);
    return { size: { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }, exif: null };
  }
  if (file.readUIntBE(23, 3) !== 0x9d012a) return nothing;
  return { size: { width: file.readUInt16LE(26) & 0x3fff, height: file.readUInt16LE(28) & 0x3fff }, exif: null };
}
