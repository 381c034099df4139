// A number in a sheet as the text a person saw: a date, a postcode with its leading zeros, or the number itself.

/** How the cells of one number format are written. */
export type CellFormat =
  | { readonly kind: "number" }
  /** The places are digits, filled up with zeros from the left; everything between them stands as it is. */
  | { readonly kind: "padded"; readonly pattern: string }
  | { readonly kind: "date"; readonly date: boolean; readonly time: boolean };

const plain: CellFormat = { kind: "number" };
const date: CellFormat = { kind: "date", date: true, time: false };
const dateTime: CellFormat = { kind: "date", date: true, time: true };
const time: CellFormat = { kind: "date", date: false, time: true };

/** Formats that a workbook names by number alone, without saying what they look like. */
const builtIn: ReadonlyMap<number, CellFormat> = new Map([
  ...[14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58].map((id) => [id, date] as const),
  ...[18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56].map((id) => [id, time] as const),
  [22, dateTime],
]);

/** The letter stands for minutes too: those have a colon or the hours or seconds beside them. */
const monthLetters = /(?<![hs:m\]])m{1,5}(?![:sm])/i;

/** @param code as the workbook has it; undefined where it has none under this number */
export function cellFormat(id: number, code: string | undefined): CellFormat {
  if (code === undefined) return builtIn.get(id) ?? plain;
  // The first of up to four sections is that of positive numbers.
  const [section = ""] = withoutColours(code).split(";");
  const bare = section.replaceAll(/"[^"]*"|\\.|_./g, "");
  if (/^general$/i.test(bare.trim())) return plain;
  const hasDate = /[yd]/i.test(bare) || monthLetters.test(bare.replaceAll(/am\/pm|a\/p/gi, ""));
  const hasTime = /[hs]/i.test(bare);
  if (hasDate || hasTime) return { kind: "date", date: hasDate, time: hasTime };
  const pattern = section
    .replaceAll(/"([^"]*)"/g, "$1")
    .replaceAll(/\\(.)/g, "$1")
    .replaceAll(/_./g, "");
  return /^[^#?.,%*eE]*$/.test(bare) && /0[^0]*0/.test(bare) ? { kind: "padded", pattern } : plain;
}

// [Red], [$-407] and [>=100] say nothing about how a positive number looks; [h] is hours beyond a day.
const withoutColours = (code: string): string => code.replaceAll(/\[(?![hms]+\])[^\]]*\]/gi, "");

/** @param value as the sheet's XML has it */
export function formatted(value: string, format: CellFormat, epoch1904: boolean): string {
  const number = Number(value);
  if (value.trim() === "" || !Number.isFinite(number)) return value;
  if (format.kind === "date") return dateText(number, format, epoch1904) ?? shortest(number);
  if (format.kind === "padded") return padded(number, format.pattern);
  return shortest(number);
}

/** Excel keeps 15 digits, and writes 5.1 as 5.0999999999999996. */
const shortest = (number: number): string => String(Number(number.toPrecision(15)));

function padded(number: number, pattern: string): string {
  if (!Number.isSafeInteger(number) || number < 0) return shortest(number);
  const places = pattern.replaceAll(/[^0]/g, "").length;
  const digits = String(number).padStart(places, "0");
  // What has more digits than places shows the rest before the first of them.
  let taken = digits.length - places;
  let first = true;
  return pattern.replaceAll("0", () => {
    const head = first ? digits.slice(0, taken) : "";
    first = false;
    return head + (digits[taken++] ?? "");
  });
}

const dayMs = 86_400_000;
/** Day 0 of the count in which day 60 is the 29 February 1900 that never was. */
const epoch1900 = Date.UTC(1899, 11, 30);
const mostDays = 2_958_465;

function dateText(serial: number, shows: { date: boolean; time: boolean }, epoch1904: boolean): string | null {
  if (serial < 0 || serial > mostDays + 1) return null;
  const days = epoch1904 ? serial + 1_462 : serial < 60 ? serial + 1 : serial;
  const seconds = Math.round(days * 86_400);
  const text = new Date(epoch1900 + seconds * 1_000).toISOString();
  const clock = text.slice(11, seconds % 60 === 0 ? 16 : 19);
  if (!shows.date || (serial < 1 && shows.time)) return clock;
  return shows.time && (seconds * 1_000) % dayMs !== 0 ? `${text.slice(0, 10)}T${clock}` : text.slice(0, 10);
}
