// Pictures, recordings and documents as small as they can be, written byte by byte by their formats' structure, so that a test
// says what is in them. No picture data: whoever reads headers needs none.

import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const latin = (text: string): Buffer => Buffer.from(text, "latin1");

export type Shot = {
  /** Pixels; 4032 by 3024 unless said otherwise. */
  readonly width?: number;
  readonly height?: number;
  /** What makes this file another than the next. */
  readonly comment?: string;
  readonly exif?: Buffer;
};

/** ITU-T T.81: SOI; APP0 with JFIF or APP1 with Exif; COM; a baseline frame of one component; a scan without data; EOI. */
export function jpeg({ width = 4032, height = 3024, comment = "", exif }: Shot = {}): Buffer {
  const segment = (marker: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.of(0xff, marker), u16(content.length + 2), content]);
  return Buffer.concat([
    Buffer.of(0xff, 0xd8),
    exif
      ? segment(0xe1, Buffer.concat([latin("Exif\0\0"), exif]))
      : segment(0xe0, latin("JFIF\0\x01\x01\0\0\x01\0\x01\0\0")),
    segment(0xfe, Buffer.from(comment)),
    // Precision, height, width, one component with its id, sampling and table.
    segment(0xc0, Buffer.concat([Buffer.of(8), u16(height), u16(width), Buffer.of(1, 1, 0x11, 0)])),
    segment(0xda, Buffer.of(1, 1, 0, 0, 63, 0)),
    Buffer.of(0xff, 0xd9),
  ]);
}

/** PNG: signature, IHDR, IEND, each chunk with its length and CRC. */
export function png({ width = 4032, height = 3024, comment = "" }: Shot = {}): Buffer {
  const chunk = (type: string, content: Buffer): Buffer => {
    const named = Buffer.concat([latin(type), content]);
    return Buffer.concat([u32(content.length), named, u32(crc32(named))]);
  };
  return Buffer.concat([
    latin("\x89PNG\r\n\x1a\n"),
    chunk("IHDR", Buffer.concat([u32(width), u32(height), Buffer.of(8, 0, 0, 0, 0)])),
    chunk("tEXt", latin(`Comment\0${comment}`)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** RIFF with one VP8X chunk: flags, and width and height less one in 24 bits each, little-endian. */
export function webp({ width = 4032, height = 3024 }: Shot = {}): Buffer {
  const content = Buffer.alloc(10);
  content.writeUIntLE(width - 1, 4, 3);
  content.writeUIntLE(height - 1, 7, 3);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(4 + 8 + content.length);
  return Buffer.concat([latin("RIFF"), size, latin("WEBPVP8X"), Buffer.of(10, 0, 0, 0), content]);
}

export const box = (type: string, ...content: readonly Buffer[]): Buffer => {
  const inside = Buffer.concat(content);
  return Buffer.concat([u32(inside.length + 8), latin(type), inside]);
};

/** An ISO base media `ftyp` box. */
export const ftyp = (major: string, ...compatible: readonly string[]): Buffer =>
  box("ftyp", latin(`${major}\0\0\0\0${compatible.join("")}`));

/** A film or recording: its brands, and a box of media data. */
export const media = (major: string, ...compatible: readonly string[]): Buffer =>
  Buffer.concat([ftyp(major, ...compatible), box("mdat", latin("recorded"))]);

/** A film of so many bytes, no two stretches of it alike. */
export function film(sizeBytes: number): Buffer {
  const head = media("mp42", "isom", "mp42");
  return Buffer.concat([head, randomBytes(sizeBytes - head.length)]);
}

/**
 * HEIF (ISO/IEC 23008-12): ftyp; meta with the items' names (iinf), their places in the file (iloc) and their sizes (ispe, of a
 * tile and of the whole); mdat with the Exif item, which begins with the offset of its TIFF header.
 */
export function heic({ width = 4032, height = 3024, exif = Buffer.alloc(0) }: Shot = {}, major = "heic"): Buffer {
  const version = u32(0);
  const ispe = (w: number, h: number): Buffer => box("ispe", version, u32(w), u32(h));
  const infe = (id: number, type: string): Buffer => box("infe", u32(0x02000000), u16(id), u16(0), latin(`${type}\0`));
  const meta = (exifOffset: number): Buffer =>
    box(
      "meta",
      version,
      box("hdlr", version, u32(0), latin("pict"), Buffer.alloc(13)),
      box("pitm", version, u16(1)),
      box("iinf", version, u16(2), infe(1, "grid"), infe(2, "Exif")),
      // Version 0: offsets and lengths of 4 bytes, no base; of each item id, source, number of extents, and these.
      box(
        "iloc",
        version,
        u16(0x4400),
        u16(2),
        u16(1),
        u16(0),
        u16(1),
        u32(0),
        u32(0),
        u16(2),
        u16(0),
        u16(1),
        u32(exifOffset),
        u32(exif.length + 4),
      ),
      box("iprp", box("ipco", ispe(512, 512), ispe(width, height))),
    );
  const start = ftyp(major, "mif1", "heic");
  const offset = start.length + meta(0).length + 8;
  return Buffer.concat([start, meta(offset), box("mdat", u32(0), exif)]);
}

export type Taken = {
  /** `2026:11:29 09:41:07` */
  readonly at?: string;
  /** `+01:00` */
  readonly offset?: string;
  /** Degrees. */
  readonly lat?: number;
  readonly lon?: number;
};

/**
 * An Exif block (CIPA DC-008): a big-endian TIFF whose first directory points to the camera's and to the GPS's. An entry has tag,
 * type (2 text, 4 long, 5 fraction), count, and its value or where that is.
 */
export function exifBlock({ at, offset, lat, lon }: Taken): Buffer {
  type Entry = { readonly tag: number; readonly type: number; readonly count: number; readonly value: Buffer };
  const ascii = (tag: number, text: string): Entry => ({
    tag,
    type: 2,
    count: text.length + 1,
    value: latin(`${text}\0`),
  });
  const degrees = (tag: number, value: number): Entry => {
    const size = Math.abs(value);
    const minutes = (size % 1) * 60;
    const parts = [Math.floor(size), 1, Math.floor(minutes), 1, Math.round((minutes % 1) * 60 * 1e6), 1e6];
    return { tag, type: 5, count: 3, value: Buffer.concat(parts.map(u32)) };
  };
  const directory = (start: number, entries: readonly Entry[]): Buffer => {
    let beside = start + 2 + entries.length * 12 + 4;
    const rows = entries.map(({ tag, type, count, value }) => {
      const here = value.length <= 4 ? Buffer.concat([value, Buffer.alloc(4 - value.length)]) : u32(beside);
      if (value.length > 4) beside += value.length;
      return Buffer.concat([u16(tag), u16(type), u32(count), here]);
    });
    const values = entries.flatMap(({ value }) => (value.length > 4 ? [value] : []));
    return Buffer.concat([u16(entries.length), ...rows, u32(0), ...values]);
  };
  const pointer = (tag: number, to: number): Entry => ({ tag, type: 4, count: 1, value: u32(to) });
  const camera = [...(at ? [ascii(0x9003, at)] : []), ...(offset ? [ascii(0x9011, offset)] : [])];
  const gps =
    lat === undefined || lon === undefined
      ? []
      : [ascii(1, lat < 0 ? "S" : "N"), degrees(2, lat), ascii(3, lon < 0 ? "W" : "E"), degrees(4, lon)];
  const cameraAt = 8 + 2 + 2 * 12 + 4;
  const cameraPart = directory(cameraAt, camera);
  const gpsAt = cameraAt + cameraPart.length;
  const first = directory(8, [pointer(0x8769, cameraAt), pointer(0x8825, gpsAt)]);
  return Buffer.concat([latin("MM"), u16(42), u32(8), first, cameraPart, directory(gpsAt, gps)]);
}

/** What a signature pad saves. */
export const strokes = (comment = ""): Buffer =>
  Buffer.from(
    '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ' +
      `viewBox="0 0 300 150" width="300" height="150"><title>${comment}</title>` +
      '<path d="M 10,10 C 20,20 30,5 40,40" stroke-width="2.25" stroke="black" fill="none" stroke-linecap="round"></path>' +
      '<circle r="1.5" cx="60" cy="40" fill="black"/></svg>\n',
  );
