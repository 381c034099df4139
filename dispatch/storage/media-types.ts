// Which kinds of file count as evidence, and whether the first bytes of one are what its declared type says.
// Pure. Must not read objects, nor promise that a file is whole or harmless: only that it begins like its type.

/** The most bytes one evidence object may have: 25 MiB. */
export const evidenceMaxBytes = 25 * 1024 * 1024;

/** How many of an object's first bytes matchesMediaType wants to see (fewer only when the object is shorter). */
export const headBytes = 4096;

const extensions = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "image/heic": "heic",
  "application/pdf": "pdf",
  "text/plain": "txt",
  "video/mp4": "mp4",
  "video/quicktime": "mov",
} as const;

export type MediaType = keyof typeof extensions;

/** Names that are registered for nothing and meant for one of ours: what some phones and browsers say. */
const otherNames: Readonly<Record<string, MediaType>> = { "image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg" };

/** The accepted type by that name, in lower case and without parameters; null for any other. */
export function mediaTypeOf(contentType: string): MediaType | null {
  const name = otherNames[contentType] ?? contentType;
  return isAcceptedMediaType(name) ? name : null;
}

/** True for exactly the accepted types: lower case, without parameters. */
export function isAcceptedMediaType(contentType: string): contentType is MediaType {
  return Object.hasOwn(extensions, contentType);
}

/** The usual file extension of the type, without the dot. */
export function fileExtension(contentType: MediaType): string {
  return extensions[contentType];
}

/** The accepted types, for messages and schemas. */
export const acceptedMediaTypes: readonly MediaType[] = Object.keys(extensions).filter(isAcceptedMediaType);

/**
 * Whether an object with these first bytes may be what it is declared to be. `head` is the object's first headBytes
 * bytes, or all of it when it is shorter. An empty object is valid plain text and nothing else.
 */
export function matchesMediaType(head: Uint8Array, contentType: MediaType): boolean {
  return beginsLike[contentType](Buffer.from(head.buffer, head.byteOffset, head.byteLength));
}

const beginsLike: Record<MediaType, (head: Buffer) => boolean> = {
  "image/jpeg": (head) => head.subarray(0, 3).equals(Buffer.of(0xff, 0xd8, 0xff)),
  "image/png": (head) => head.subarray(0, 8).toString("latin1") === "\x89PNG\r\n\x1a\n",
  "image/webp": (head) => /^RIFF.{4}WEBPVP8[ LX]/s.test(head.toString("latin1", 0, 16)),
  "image/heic": isHeic,
  "application/pdf": (head) => /^%PDF-[12]\.[0-9]/.test(head.toString("latin1", 0, 8)),
  "text/plain": isPlainText,
  "video/mp4": isMp4,
  "video/quicktime": (head) => fileTypeBrands(head)[0] === "qt  ",
};

// ISO/IEC 23008-12: brands of still images coded with HEVC. mif1 and msf1 name the container only (AVIF bears them
// too), so a file that leads with one of those must name an HEVC brand as well.
const heicBrands = new Set(["heic", "heix", "heim", "heis"]);
const imageContainerBrands = new Set(["mif1", "msf1"]);
// https://mp4ra.org/registered-types/brands: what cameras and phones write into video/mp4.
const mp4Versions = ["isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "mp41", "mp42"];
const mp4Brands = new Set([...mp4Versions, "avc1", "M4V ", "M4VH", "M4VP"]);
// Relatives in the same container that also list isom, mp41 or mp42: QuickTime, audio, AVIF, HEVC image sequences.
const otherMajorBrands = new Set(["qt  ", "M4A ", "M4B ", "M4P ", "avif", "avis", "hevc", "hevx"])
  .union(heicBrands)
  .union(imageContainerBrands);

function isHeic(head: Buffer): boolean {
  const [major, ...compatible] = fileTypeBrands(head);
  if (major === undefined) return false;
  if (heicBrands.has(major)) return true;
  return imageContainerBrands.has(major) && compatible.some((brand) => heicBrands.has(brand));
}

function isMp4(head: Buffer): boolean {
  const brands = fileTypeBrands(head);
  const major = brands[0];
  return major !== undefined && !otherMajorBrands.has(major) && brands.some((brand) => mp4Brands.has(brand));
}

/** The brands of an ISO base media file, the major one first; none when it does not begin with a sound `ftyp` box. */
function fileTypeBrands(head: Buffer): string[] {
  if (head.length < 16 || head.toString("latin1", 4, 8) !== "ftyp") return [];
  const boxBytes = head.readUInt32BE(0);
  if (boxBytes < 16 || boxBytes > head.length || boxBytes % 4 !== 0) return [];
  const brands = [head.toString("latin1", 8, 12)];
  for (let at = 16; at < boxBytes; at += 4) brands.push(head.toString("latin1", at, at + 4));
  return brands;
}

/** UTF-8 whose only control characters are tab, line feed and carriage return. */
function isPlainText(head: Buffer): boolean {
  // A full head may end inside a character; a shorter one is the whole object and may not.
  const cutOff = head.length >= headBytes;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: cutOff });
    return !/[^\P{Cc}\t\n\r]/u.test(text);
  } catch {
    return false;
  }
}
