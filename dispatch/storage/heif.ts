// The boxes of a HEIF file (ISO/IEC 23008-12 in the container of ISO/IEC 14496-12) that tell a picture's size and where its Exif is.
// Pure. Each box is looked at once, and no count of the file's is looped over without bytes behind it.

type Box = { readonly type: string; readonly content: Buffer };

/** A phone's file has a dozen boxes at each level, and some hundred item entries for the tiles of one picture. */
const mostBoxes = 10_000;

/** The size of the largest image in the file, which is the picture: tiles, thumbnails and depth maps are smaller. */
export function heifParts(file: Buffer): { size: { width: number; height: number } | null; exif: Uint8Array | null } {
  const meta = boxesIn(file)
    .find(({ type }) => type === "meta")
    ?.content.subarray(4);
  if (meta === undefined) return { size: null, exif: null };
  const parts = boxesIn(meta);
  const part = (type: string): Buffer | undefined => parts.find((box) => box.type === type)?.content;
  const properties = boxesIn(boxesIn(part("iprp")).find(({ type }) => type === "ipco")?.content);
  let size: { width: number; height: number } | null = null;
  for (const { type, content } of properties) {
    if (type !== "ispe") continue;
    const found = { width: content.readUInt32BE(4), height: content.readUInt32BE(8) };
    if (size === null || found.width * found.height > size.width * size.height) size = found;
  }
  const [names, places] = [part("iinf"), part("iloc")];
  const item = names && exifItem(names);
  return { size, exif: item === undefined || !places ? null : exifAt(file, places, item) };
}

function boxesIn(content: Buffer | undefined): Box[] {
  const boxes: Box[] = [];
  let at = 0;
  while (content && at + 8 <= content.length && boxes.length < mostBoxes) {
    const said = content.readUInt32BE(at);
    // 1: the size follows in 64 bits; 0: to the end.
    const header = said === 1 ? 16 : 8;
    const length = said === 0 ? content.length - at : said === 1 ? Number(content.readBigUInt64BE(at + 8)) : said;
    if (length < header) break;
    boxes.push({
      type: content.toString("latin1", at + 4, at + 8),
      content: content.subarray(at + header, at + length),
    });
    at += length;
  }
  return boxes;
}

/** The id of the item of type Exif among the entries (infe), of which versions 2 and 3 name a type. */
function exifItem(iinf: Buffer): number | undefined {
  const entries = boxesIn(iinf.subarray(iinf.readUInt8(0) === 0 ? 6 : 8));
  for (const { type, content } of entries) {
    const version = content[0];
    if (type !== "infe" || (version !== 2 && version !== 3)) continue;
    const idBytes = version === 2 ? 2 : 4;
    if (content.toString("latin1", 6 + idBytes, 10 + idBytes) === "Exif") return content.readUIntBE(4, idBytes);
  }
  return undefined;
}

/** More is no Exif of a camera: in a JPEG it has to fit 64 KiB. */
const mostExifBytes = 256 * 1024;

/**
 * The bytes of an item's first extent, from the TIFF header on: an Exif item begins with that header's offset. Items that lie in
 * other files, or in the idat box, are left.
 */
function exifAt(file: Buffer, iloc: Buffer, item: number): Uint8Array | null {
  const version = iloc.readUInt8(0);
  const widths = iloc.readUInt16BE(4);
  const [offsetBytes, lengthBytes, baseBytes] = [widths >> 12, (widths >> 8) & 15, (widths >> 4) & 15];
  const indexBytes = version === 0 ? 0 : widths & 15;
  const idBytes = version < 2 ? 2 : 4;
  const count = iloc.readUIntBE(6, idBytes);
  let at = 6 + idBytes;
  const take = (bytes: number): number => {
    const value = bytes === 0 ? 0 : bytes === 8 ? Number(iloc.readBigUInt64BE(at)) : iloc.readUIntBE(at, bytes);
    at += bytes;
    return value;
  };
  for (let n = 0; n < count; n++) {
    const id = take(idBytes);
    const method = version === 0 ? 0 : take(2) & 15;
    const source = take(2);
    const base = take(baseBytes);
    const extents = take(2);
    if (id !== item) {
      at += extents * (indexBytes + offsetBytes + lengthBytes);
      continue;
    }
    if (method !== 0 || source !== 0 || extents < 1) return null;
    take(indexBytes);
    const start = base + take(offsetBytes);
    const content = file.subarray(start, start + Math.min(take(lengthBytes), mostExifBytes));
    return content.subarray(4 + content.readUInt32BE(0));
  }
  return null;
}
