// When and where a camera says a picture was taken: four fields of its Exif block (CIPA DC-008, in a TIFF's directories).
// Pure. Three directories are looked at, once each, and offsets that lead out of the block read nothing.

export type Exif = {
  /** `2026-11-29T09:41:07` on the camera's own clock; null where it says none. */
  readonly takenAt: string | null;
  /** That clock's offset from UTC, `+01:00`; null where the camera does not say. */
  readonly offset: string | null;
  /** Degrees, WGS 84; null where there was no fix. */
  readonly place: { readonly lat: number; readonly lon: number } | null;
};

/** A camera's directory has some dozens of entries. */
const mostEntries = 512;

const tags = {
  exif: 0x8769,
  gps: 0x8825,
  taken: 0x9003,
  digitized: 0x9004,
  takenOffset: 0x9011,
  digitizedOffset: 0x9012,
};
const gpsTags = { latRef: 1, lat: 2, lonRef: 3, lon: 4 };

type Entry = { readonly count: number; readonly type: number; readonly at: number };

/** @returns null when the block is no TIFF; @throws RangeError when it is cut off */
export function readExif(block: Buffer): Exif | null {
  const order = block.toString("latin1", 0, 2);
  if (order !== "II" && order !== "MM") return null;
  const little = order === "II";
  const short = (at: number): number => (little ? block.readUInt16LE(at) : block.readUInt16BE(at));
  const long = (at: number): number => (little ? block.readUInt32LE(at) : block.readUInt32BE(at));
  if (short(2) !== 42) return null;

  /** An entry: tag, type, count, and in four bytes the value, or where it is if it is longer. */
  const directory = (at: number): ReadonlyMap<number, Entry> => {
    const entries = new Map<number, Entry>();
    if (at < 8 || at + 2 > block.length) return entries;
    const count = Math.min(short(at), mostEntries);
    for (let entry = at + 2; entry < at + 2 + count * 12 && entry + 12 <= block.length; entry += 12)
      entries.set(short(entry), { type: short(entry + 2), count: long(entry + 4), at: entry + 8 });
    return entries;
  };
  const pointer = (entry: Entry | undefined): number => (entry ? long(entry.at) : 0);
  const ascii = (entry: Entry | undefined): string => {
    if (entry?.type !== 2 || entry.count > 64) return "";
    const from = entry.count <= 4 ? entry.at : long(entry.at);
    return block.toString("latin1", from, from + entry.count).split("\0", 1)[0] ?? "";
  };
  /** Degrees, minutes and seconds as three fractions. */
  const degrees = (entry: Entry | undefined): number | null => {
    if (entry?.type !== 5 || entry.count !== 3) return null;
    const from = long(entry.at);
    if (from + 24 > block.length) return null;
    const [deg, min, sec] = [0, 8, 16].map((step) => long(from + step) / long(from + step + 4));
    const value = (deg ?? NaN) + (min ?? NaN) / 60 + (sec ?? NaN) / 3_600;
    return Number.isFinite(value) ? value : null;
  };

  const first = directory(long(4));
  const camera = directory(pointer(first.get(tags.exif)));
  const gps = directory(pointer(first.get(tags.gps)));
  const taken = isoTime(ascii(camera.get(tags.taken)));
  return {
    takenAt: taken ?? isoTime(ascii(camera.get(tags.digitized))),
    offset: isoOffset(ascii(camera.get(taken ? tags.takenOffset : tags.digitizedOffset))),
    place: placeOf(
      signed(degrees(gps.get(gpsTags.lat)), ascii(gps.get(gpsTags.latRef)), "N", "S"),
      signed(degrees(gps.get(gpsTags.lon)), ascii(gps.get(gpsTags.lonRef)), "E", "W"),
    ),
  };
}

/** Exif writes `2026:11:29 09:41:07`, and spaces or zeros where the clock was never set. */
function isoTime(text: string): string | null {
  const [, date, time] = /^((?:19|20|21)\d\d:\d\d:\d\d) (\d\d:\d\d:\d\d)$/.exec(text.trim()) ?? [];
  if (date === undefined || time === undefined) return null;
  const iso = `${date.replaceAll(":", "-")}T${time}`;
  const parsed = Date.parse(`${iso}Z`);
  // Date.parse moves the 31st of a short month into the next.
  return !Number.isNaN(parsed) && new Date(parsed).toISOString().startsWith(iso) ? iso : null;
}

const isoOffset = (text: string): string | null => (/^[+-](?:0\d|1[0-4]):[0-5]\d$/.test(text) ? text : null);

function signed(value: number | null, ref: string, plus: string, minus: string): number | null {
  if (value === null || (ref !== plus && ref !== minus)) return null;
  return ref === minus ? -value : value;
}

/** Phones without a fix write zeros: nobody repairs doors in the Gulf of Guinea. */
function placeOf(lat: number | null, lon: number | null): Exif["place"] {
  if (lat === null || lon === null || Math.abs(lat) > 90 || Math.abs(lon) > 180 || (lat === 0 && lon === 0))
    return null;
  return { lat: rounded(lat), lon: rounded(lon) };
}

/** To a decimetre, which no phone knows. */
const rounded = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;
