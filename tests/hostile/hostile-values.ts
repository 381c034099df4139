// Values that break programs: texts, numbers, times and ids, and JSON made of them. Each stands here because some
// program somewhere fell over it.

import fc from "fast-check";
import { canary } from "./attacked-api.ts";

/** JSON text that no JavaScript value becomes, or none that every reader takes alike. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** JSON.stringify, with RawJson as it stands. */
export function jsonText(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  return `{${Object.entries(value)
    .map(([key, field]) => `${JSON.stringify(key)}:${jsonText(field)}`)
    .join(",")}}`;
}

const texts = [
  "",
  " ",
  "\t",
  "\n",
  "a\nb\tc",
  "\u0000",
  "a\u0000b",
  "\u0001",
  "\u001b[31m",
  "\u007f",
  "\u0085",
  "\u009f",
  "\ud800",
  "\udc00",
  "a\ud800b",
  "\udfff\ud800",
  "\u{10ffff}",
  "\ufffe",
  "\uffff",
  "\ufeff",
  "\ufeffa",
  "\u200b",
  "a\u200bb",
  "\u200d",
  "\u2060",
  "\u00ad",
  "\u202eabc\u202c",
  "\u2066abc",
  "שלום",
  "مرحبا",
  "\u2028",
  "\u2029",
  "e\u0301",
  "é",
  "ﬃ",
  "Å",
  "İstanbul",
  "ıI",
  "ß",
  "ŉ",
  "ΐ",
  "ǰ",
  "𝕏𝕐",
  "👩‍👩‍👧‍👦",
  "a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307",
  "漢字かな交じり",
  "'",
  "''",
  "'; drop table t; --",
  "' or '1'='1",
  '"',
  "`",
  "\\",
  "\\'",
  "$1",
  "$$",
  "%s%n%x",
  "{}",
  "${7*7}",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "%",
  "_",
  "%_%",
  "\\%",
  "%%%%%%%%%%%%",
  "a & b",
  "a | !b",
  "a <-> b",
  "a:*",
  ":*",
  "((((",
  "))))",
  "!!!!",
  "& |",
  '"a b',
  "a -b or c",
  "-",
  "or",
  "and or not",
  "[",
  "[a-",
  "(?<",
  ".*",
  "(a+)+$",
  "^$",
  "*",
  "?",
  "+",
  "\\d{1,99999}",
  "[^.]+",
  "../../x",
  "..\\..\\x",
  "//",
  "\r\nx-evil: 1",
  "a\r\n\r\nb",
  "nan",
  "NaN",
  "null",
  "undefined",
  "true",
  "[object Object]",
  "infinity",
  "-infinity",
  "now",
  "0",
  "-1",
  "1e400",
  "0x10",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "__defineGetter__",
  "then",
  `${canary}@example.invalid`,
  "+1 555 012 3456",
  "5550123456",
  "=1+1",
  "@sum(1)",
] as const;

const lengths = [
  99, 100, 101, 200, 201, 254, 255, 500, 501, 1_000, 2_000, 2_001, 2_048, 2_049, 10_000, 10_001, 65_536,
] as const;

// fc.string({ unit: "binary" }) writes a table of all 1.1 million code points first, seconds in each file's process.
const codePoints = fc
  .array(
    fc.nat(0x10ffff).map((point) => (point >= 0xd800 && point <= 0xdfff ? point - 0x800 : point)),
    { maxLength: 40 },
  )
  .map((points) => String.fromCodePoint(...points));
const codeUnits = fc.array(fc.nat(0xffff), { maxLength: 12 }).map((units) => String.fromCharCode(...units));

const longText = fc
  .tuple(fc.constantFrom(...lengths), fc.constantFrom("a", " ", "é", "\u0301", "漢", "👩", "%", "\\", "a b ", "-", "("))
  .map(([length, unit]) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length));

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...texts) },
  { weight: 2, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 2, arbitrary: codePoints },
  { weight: 1, arbitrary: codeUnits },
  { weight: 1, arbitrary: longText },
);

const numbers = [
  "0",
  "-0",
  "-1",
  "0.5",
  "-0.0000001",
  "1e400",
  "-1e400",
  "1e308",
  "5e-324",
  "1E+2",
  "1e-400",
  "0e0",
  "2147483647",
  "2147483648",
  "-2147483649",
  "4294967296",
  "9007199254740991",
  "9007199254740992",
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775809",
  "18446744073709551616",
  "1000000000000",
  "1000000000001",
  "99.999999999999999999",
  "100.00000000000001",
  `1${"0".repeat(400)}`,
  `0.${"1".repeat(400)}`,
] as const;

/** Numbers as JSON text, each as exact as it is written. */
export const hostileNumber: fc.Arbitrary<RawJson> = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom(...numbers) },
    { weight: 1, arbitrary: fc.integer({ min: -20, max: 2_000 }).map(String) },
    { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String) },
    { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String) },
  )
  .map((text) => new RawJson(text));

const times = [
  "0000-01-01T00:00:00Z",
  "0001-01-01T00:00:00Z",
  "1899-12-31T23:59:59Z",
  "1900-01-01T00:00:00Z",
  "1900-01-01T00:00:00+14:00",
  "1969-12-31T23:59:59.999Z",
  "1970-01-01T00:00:00Z",
  "9000-12-31T23:59:59.999Z",
  "9000-12-31T23:59:59-14:00",
  "9001-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999Z",
  "+275760-09-13T00:00:00.000Z",
  "+275760-09-13T00:00:00.001Z",
  "-000001-01-01T00:00:00Z",
  "-271821-04-20T00:00:00Z",
  "2026-02-29T10:00:00Z",
  "2028-02-29T10:00:00Z",
  "2026-02-30T10:00:00Z",
  "2026-04-31T10:00:00Z",
  "2026-13-01T10:00:00Z",
  "2026-00-10T10:00:00Z",
  "2026-01-00T10:00:00Z",
  "2026-06-01T24:00:00Z",
  "2026-06-01T24:00:00.000Z",
  "2026-06-01T24:00:01Z",
  "2026-06-01T25:00:00Z",
  "2026-06-30T23:59:60Z",
  "2016-12-31T23:59:60Z",
  "2026-06-01T10:60:00Z",
  "2026-06-01T10:00:00+14:00",
  "2026-06-01T10:00:00-14:00",
  "2026-06-01T10:00:00+15:59",
  "2026-06-01T10:00:00+16:00",
  "2026-06-01T10:00:00+23:59",
  "2026-06-01T10:00:00-23:59",
  "2026-06-01T10:00:00+24:00",
  "2026-06-01T10:00:00+99:99",
  "2026-06-01T10:00:00-00:00",
  "2026-06-01T10:00:00+0530",
  "2026-06-01T10:00+05",
  "2026-06-01t10:00:00z",
  "2026-06-01 10:00:00Z",
  "2026-06-01T10:00Z",
  "2026-06-01T10Z",
  "2026-06-01",
  "2026-06-01T10:00:00",
  "20260601T100000Z",
  "2026-W23-1",
  "2026-152",
  "2026-06-01T10:00:00.1Z",
  "2026-06-01T10:00:00.123456789Z",
  "2026-06-01T10:00:00.1234567890Z",
  "2026-06-01T10:00:00,5Z",
  "2026-06-01T10:00:00.Z",
  "２０２６-06-01T10:00:00Z",
  "now",
  "today",
  "epoch",
  "infinity",
  "-infinity",
  "allballs",
  "1780000000",
  "1780000000000",
  "Mon, 01 Jun 2026 10:00:00 GMT",
] as const;

/** Times that are right by every rule, and still unlike any a caller would send. */
export const edgeTimes = [
  "1900-01-01T00:00:00Z",
  "1970-01-01T00:00:00.000Z",
  "2028-02-29T23:59:59.999999999Z",
  "2026-06-01T24:00:00Z",
  "2026-06-01T10:00:00+14:00",
  "2026-06-01T10:00:00+16:00",
  "2027-06-01T10:00:00+23:59",
  "2027-06-02T10:00:00-23:59",
  "2027-06-01T10:00:00+0530",
  "2027-06-01t10:00:00z",
  "2027-06-01 11:00Z",
  "8999-06-01T00:00:00Z",
  "9000-12-31T23:59:59.999Z",
] as const;

const twoDigits = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, "0"));

export const hostileTime: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...times) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom("0000", "1900", "2026", "8999", "9000", "9999"),
        twoDigits(14),
        twoDigits(33),
        twoDigits(25),
        twoDigits(61),
        fc.constantFrom("Z", "+00:00", "+14:00", "-23:59", "+5", ""),
      )
      .map(([year, month, day, hour, minute, zone]) => `${year}-${month}-${day}T${hour}:${minute}:00${zone}`),
  },
);

const ids = [
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
  "00000000000000000000000000000000",
  "{00000000-0000-4000-8000-000000000000}",
  "urn:uuid:00000000-0000-4000-8000-000000000000",
  "00000000-0000-4000-8000-00000000000",
  "00000000-0000-4000-8000-0000000000000",
  "00000000-0000-4000-8000-00000000000g",
  "００000000-0000-4000-8000-000000000000",
  "1",
  "-1",
  "null",
  "undefined",
  "NaN",
  "0",
  "*",
  "a0000000-0000-4000-8000-000000000001'",
  "a0000000-0000-4000-8000-000000000001 ",
  "a0000000-0000-4000-8000-000000000001\n",
] as const;

/** One for all: fast-check takes 20 ms to make it. */
export const anyUuid: fc.Arbitrary<string> = fc.uuid();

export const hostileId: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...ids),
  anyUuid,
  anyUuid.map((id) => id.toUpperCase()),
);

/** Field names with a meaning to JavaScript, and some without. */
export const hostileName: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "__proto__",
      "constructor",
      "prototype",
      "toString",
      "toJSON",
      "then",
      "length",
      "hasOwnProperty",
      "",
      " ",
      "$ref",
      "id",
      "state",
      "account_id",
      "receipt",
      "a/b",
      "a.b",
      "é",
    ),
  },
  { weight: 1, arbitrary: hostileText },
);

const scalar: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, false, [], {}),
  hostileNumber,
  hostileText,
  hostileTime,
);

const nested = (depth: number, open: string, close: string): RawJson =>
  new RawJson(open.repeat(depth) + "1" + close.repeat(depth));

/** Whole values that cost a careless reader its stack, its memory or its prototypes. */
const heavy: fc.Arbitrary<RawJson> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(10, 31, 32, 33, 200, 5_000, 40_000).map((depth) => nested(depth, "[", "]")) },
  { weight: 3, arbitrary: fc.constantFrom(10, 31, 32, 33, 200, 5_000).map((depth) => nested(depth, '{"a":', "}")) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("0", '""', "[]", "{}")
      .map((item) => new RawJson(`[${`${item},`.repeat(60_000)}${item}]`)),
  },
  { weight: 1, arbitrary: fc.constant(new RawJson(`[${"0,".repeat(100_000)}0]`)) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(
        '{"__proto__":{"admin":true}}',
        '{"constructor":{"prototype":{"admin":true}}}',
        '{"a":1,"a":2}',
        '{"__proto__":null,"__proto__":[]}',
      )
      .map((text) => new RawJson(text)),
  },
);

/** Any JSON at all. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 12, arbitrary: scalar },
  { weight: 3, arbitrary: fc.array(scalar, { maxLength: 4 }) },
  { weight: 3, arbitrary: fc.array(fc.tuple(hostileName, scalar), { maxLength: 4 }).map(objectOf) },
  { weight: 1, arbitrary: heavy },
);

/** An object with these fields as its own, `__proto__` too. */
export function objectOf(fields: readonly (readonly [string, unknown])[]): object {
  return Object.fromEntries(fields);
}
