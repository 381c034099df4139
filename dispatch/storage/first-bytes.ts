// Whether an object's bytes are what its declared type says, and in words what is wrong where they are not.
// Pure. It promises that a file begins like its type, not that it is whole or harmless; texts and drawings are judged whole.

import { isScriptFree } from "./drawing.ts";
import type { MediaType } from "./media-types.ts";

/** How many of an object's first bytes judging wants to see, unless it wants all of them. */
export const headBytes = 4096;

/**
 * What is wrong with an object of the declared type, as the end of a sentence for whoever sent it; null when nothing is.
 * @param bytes the whole object, or at least its first headBytes where it is a video
 */
export function faultIn(bytes: Uint8Array, contentType: MediaType): string | null {
  const object = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (contentType === "text/plain") return faultInText(object);
  if (contentType === "image/svg+xml") return isScriptFree(object) ? null : notStrokes;
  return beginsLike[contentType](object.subarray(0, headBytes)) ? null : "its first bytes are not those of that type";
}

const notStrokes =
  "a drawing may hold shapes and strokes alone: no script, style, link, image, text from elsewhere or entity";

const latin = (head: Buffer, from: number, to: number): string => head.toString("latin1", from, to);

const beginsLike: Record<Exclude<MediaType, "text/plain" | "image/svg+xml">, (head: Buffer) => boolean> = {
  "image/jpeg": (head) => head.subarray(0, 3).equals(Buffer.of(0xff, 0xd8, 0xff)),
  "image/png": (head) => latin(head, 0, 8) === "\x89PNG\r\n\x1a\n",
  "image/webp": (head) => /^RIFF.{4}WEBPVP8[ LX]/s.test(latin(head, 0, 16)),
  "image/heic": isHeic,
  "image/heif": isHeif,
  // Some writers put a byte order mark or empty lines before it, and readers look for it in the first 1,024 bytes.
  "application/pdf": (head) => /^(?:\xef\xbb\xbf)?[ \t\r\n\f\0]{0,1000}%PDF-[12]\.[0-9]/.test(latin(head, 0, 1_100)),
  "audio/mp4": isM4a,
  "audio/aac": isAdts,
  "audio/amr": (head) => /^#!AMR(?:-WB)?\n/.test(latin(head, 0, 9)),
  "audio/ogg": (head) => /^OggS\0.{23,277}(?:OpusHead|.vorbis|Speex {3}|.FLAC)/s.test(latin(head, 0, 300)),
  "audio/3gpp": is3gpp,
  "video/mp4": isMp4,
  "video/quicktime": (head) => fileTypeBrands(head)[0] === "qt  ",
  "video/3gpp": is3gpp,
};

// ISO/IEC 23008-12: brands of still images coded with HEVC. mif1 and msf1 name the container only (AVIF bears them
// too), so a file that leads with one of those must name an HEVC brand as well, or be declared as HEIF in general.
const heicBrands = new Set(["heic", "heix", "heim", "heis"]);
const imageContainerBrands = new Set(["mif1", "mif2", "msf1"]);
const avifBrands = new Set(["avif", "avis"]);
// https://mp4ra.org/registered-types/brands: what cameras and phones write into video/mp4.
const mp4Versions = ["isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "mp41", "mp42"];
const mp4Brands = new Set([...mp4Versions, "avc1", "M4V ", "M4VH", "M4VP"]);
const audioBrands = new Set(["M4A ", "M4B ", "M4P "]);
// Relatives in the same container that also list isom, mp41 or mp42: QuickTime, audio, AVIF, HEVC image sequences.
const otherMajorBrands = new Set(["qt  ", "hevc", "hevx"])
  .union(audioBrands)
  .union(avifBrands)
  .union(heicBrands)
  .union(imageContainerBrands);

function isHeic(head: Buffer): boolean {
  const [major, ...compatible] = fileTypeBrands(head);
  if (major === undefined) return false;
  if (heicBrands.has(major)) return true;
  return imageContainerBrands.has(major) && compatible.some((brand) => heicBrands.has(brand));
}

function isHeif(head: Buffer): boolean {
  if (isHeic(head)) return true;
  const brands = fileTypeBrands(head);
  return imageContainerBrands.has(brands[0] ?? "") && !brands.some((brand) => avifBrands.has(brand));
}

function isMp4(head: Buffer): boolean {
  const brands = fileTypeBrands(head);
  const major = brands[0];
  return major !== undefined && !otherMajorBrands.has(major) && brands.some((brand) => mp4Brands.has(brand));
}

/** Voice memos lead with M4A; Android's recorder writes the brands of any MP4. */
function isM4a(head: Buffer): boolean {
  return audioBrands.has(fileTypeBrands(head)[0] ?? "") || isMp4(head);
}

/** 3GPP TS 26.244, 5.4: releases 4 and on, and the profiles of release 6. */
function is3gpp(head: Buffer): boolean {
  return fileTypeBrands(head).some((brand) => /^3g[pgrs][4-9a-z]$/.test(brand));
}

/** The brands of an ISO base media file, the major one first; none when it does not begin with a sound `ftyp` box. */
function fileTypeBrands(head: Buffer): string[] {
  if (head.length < 16 || latin(head, 4, 8) !== "ftyp") return [];
  const boxBytes = head.readUInt32BE(0);
  if (boxBytes < 16 || boxBytes > head.length || boxBytes % 4 !== 0) return [];
  const brands = [latin(head, 8, 12)];
  for (let at = 16; at < boxBytes; at += 4) brands.push(latin(head, at, at + 4));
  return brands;
}

/** ISO/IEC 13818-7, 6.2: two frames of AAC, the second where the first says that it ends. One alone may be chance. */
function isAdts(head: Buffer): boolean {
  const isFrame = (at: number): boolean => head[at] === 0xff && ((head[at + 1] ?? 0) & 0xf6) === 0xf0;
  if (head.length < 7 || !isFrame(0)) return false;
  const frameBytes = (head.readUInt32BE(3) >>> 13) & 0x1fff;
  return frameBytes >= 7 && (frameBytes + 2 > head.length || isFrame(frameBytes));
}

const saveAsUtf8 = "save it as UTF-8 and send it again";

/** UTF-8 that says something, whose only control characters are tab, line feed, form feed and carriage return. */
function faultInText(object: Buffer): string | null {
  const start = latin(object, 0, 2);
  // Text of Western languages in UTF-16 has a zero in every second byte; in any other encoding a zero is no text.
  const wide = object[0] === 0 ? 0 : 1;
  if (start === "\xff\xfe" || start === "\xfe\xff" || (object.length >= 2 && object[wide] === 0))
    return `the text is in UTF-16; ${saveAsUtf8}`;
  const text = decoded(object);
  if (text === null) return `the text is not in UTF-8 but in Latin-1, Windows-1252 or another encoding; ${saveAsUtf8}`;
  if (/[^\P{Cc}\t\n\f\r]/u.test(text)) return "a plain text holds no control characters";
  return text.trim() === "" ? "it says nothing" : null;
}

function decoded(object: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(object);
  } catch {
    return null;
  }
}
