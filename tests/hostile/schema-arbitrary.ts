// Turns a JSON Schema of the contract into generators: of values it allows, and of values that are wrong in one place
// or lie on an edge. It knows the part of JSON Schema that the contract uses, and fails on any other.

import assert from "node:assert/strict";
import fc from "fast-check";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import {
  anyUuid,
  edgeTimes,
  hostileId,
  hostileJson,
  hostileName,
  hostileNumber,
  hostileText,
  hostileTime,
  objectOf,
  RawJson,
} from "./hostile-values.ts";

/** Values that mean something on this desk, by field name; undefined leaves the field to its schema. */
export type Known = (field: string) => fc.Arbitrary<unknown> | undefined;

export const schemaOf = (input: object): JsonObject => {
  const plain: unknown = JSON.parse(JSON.stringify(input));
  assert.ok(isObject(plain));
  return plain;
};

/** Values the schema allows; now and then one that only looks so, as texts are trimmed before they are measured. */
export function validValue(schema: unknown, known: Known, field = ""): fc.Arbitrary<unknown> {
  assert.ok(isObject(schema));
  const own = known(field);
  if (own) return fc.oneof({ weight: 9, arbitrary: own }, { weight: 1, arbitrary: bySchema(schema, known, field) });
  return bySchema(schema, known, field);
}

function bySchema(schema: JsonObject, known: Known, field: string): fc.Arbitrary<unknown> {
  const { anyOf, type } = schema;
  if (Array.isArray(schema["enum"])) return fc.constantFrom(...schema["enum"].map((value: unknown) => value));
  if ("const" in schema) return fc.constant(schema["const"]);
  if (Array.isArray(anyOf) && type === undefined)
    return fc.oneof(...anyOf.map((one) => bySchema(objectSchema(one), known, field)));
  if (type === "string") return validText(schema);
  if (type === "integer") return numberWithin(schema, true);
  if (type === "number") return numberWithin(schema, false);
  if (type === "boolean") return fc.boolean();
  if (type === "null") return fc.constant(null);
  if (type === "array") {
    return fc.array(validValue(schema["items"], known, field), {
      minLength: limit(schema, "minItems", 0),
      maxLength: Math.min(limit(schema, "maxItems", 4), 4),
    });
  }
  if (type === "object")
    return isObject(schema["properties"]) ? validObject(schema, known) : validRecord(schema, known);
  assert.ok(
    Object.keys(schema).every((keyword) => keyword === "description"),
    `a kind of schema the generator does not know: ${JSON.stringify(schema)}`,
  );
  return hostileJson;
}

/** Values beside the rules of the schema, or just inside them. */
export function oddValue(schema: unknown, known: Known, field = ""): fc.Arbitrary<unknown> {
  assert.ok(isObject(schema));
  const { type } = schema;
  const odd = fc.oneof(
    { weight: 4, arbitrary: oddOfItsType(schema, known, field) },
    { weight: 1, arbitrary: hostileJson },
  );
  return type === "object" || type === "array"
    ? fc.oneof({ weight: 3, arbitrary: odd }, { weight: 1, arbitrary: hostileText })
    : odd;
}

function oddOfItsType(schema: JsonObject, known: Known, field: string): fc.Arbitrary<unknown> {
  const { anyOf, type, enum: allowed, format } = schema;
  if (Array.isArray(allowed)) {
    return fc.oneof(
      hostileText,
      fc
        .constantFrom(...allowed.map(String))
        .chain((text) => fc.constantFrom(text.toLowerCase(), ` ${text}\t`, `${text}\u200b`, [text], text.slice(1))),
    );
  }
  if (Array.isArray(anyOf) && type === undefined) return fc.oneof(...anyOf.map((one) => oddValue(one, known, field)));
  if (type === "string") {
    if (format === "date-time") return hostileTime;
    if (format === "uuid") return hostileId;
    const [least, most] = [limit(schema, "minLength", 0), limit(schema, "maxLength", 1_000)];
    return fc.oneof(
      { weight: 3, arbitrary: hostileText },
      fc.constantFrom(least - 1, least, most, most + 1).map((length) => "x".repeat(Math.max(0, length))),
    );
  }
  if (type === "integer" || type === "number") {
    const [least, most] = [limit(schema, "minimum", 0), limit(schema, "maximum", 1_000)];
    return fc.oneof(
      { weight: 3, arbitrary: hostileNumber },
      fc.constantFrom(least - 1, least, most, most + 1, most + 0.5).map((n) => new RawJson(String(n))),
    );
  }
  if (type === "array") {
    const { items } = schema;
    const tooMany = limit(schema, "maxItems", 200) + 1;
    return fc.oneof(
      {
        weight: 4,
        arbitrary: fc.tuple(validValue(items, known, field), oddValue(items, known, field)).map((pair) => pair),
      },
      {
        weight: 1,
        arbitrary: validValue(items, known, field).map((item) => Array.from({ length: tooMany }, () => item)),
      },
      { weight: 1, arbitrary: fc.constant([]) },
    );
  }
  if (type === "object" && isObject(schema["properties"])) return nearlyValidObject(schema, known);
  return hostileJson;
}

/** A valid object with one thing about it changed. */
export function nearlyValidObject(schema: JsonObject, known: Known): fc.Arbitrary<unknown> {
  const fields = Object.entries(propertiesOf(schema));
  const replace = fields.map(([name, field]) =>
    oddValue(field, known, name).map((value) => (object: object) => ({ ...object, [name]: value })),
  );
  const drop = fields.map(([name]) =>
    fc.constant((object: object) => objectOf(Object.entries(object).filter(([key]) => key !== name))),
  );
  const add = fc.tuple(hostileName, hostileJson).map(
    ([name, value]) =>
      (object: object) =>
        objectOf([...Object.entries(object), [name, value]]),
  );
  const change = fc.oneof(
    { weight: 1, arbitrary: add },
    ...(fields.length === 0
      ? []
      : [
          { weight: 5, arbitrary: fc.oneof(...replace) },
          { weight: 1, arbitrary: fc.oneof(...drop) },
        ]),
  );
  return fc.tuple(validObject(schema, known), change).map(([object, changed]) => changed(object));
}

function validObject(schema: JsonObject, known: Known): fc.Arbitrary<object> {
  const properties = propertiesOf(schema);
  const required = namesIn(schema["required"]);
  const all = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, validValue(field, known, name)])),
  );
  const optional = Object.keys(properties).filter((name) => !required.includes(name));
  const kept = fc.oneof(
    { weight: 2, arbitrary: fc.subarray(optional) },
    { weight: 1, arbitrary: fc.constant(optional) },
  );
  const window = schema["x-window"] === true ? known("x-window") : undefined;
  const filled = fc
    .tuple(all, kept, fc.nat(1))
    .map(([values, chosen, which]) => obeying(schema, values, new Set([...required, ...chosen]), which));
  if (!window) return filled;
  return fc.tuple(filled, window).map(([object, times]) => ({ ...object, ...(isObject(times) && times) }));
}

/** Keeps the fields named, and those that rules about fields going together ask for. */
function obeying(schema: JsonObject, values: JsonObject, kept: Set<string>, which: number): object {
  const { anyOf, allOf = [], if: condition } = schema;
  const matches = (rule: unknown): boolean =>
    isObject(rule) &&
    namesIn(rule["required"]).every((name) => kept.has(name)) &&
    Object.entries(propertiesOf(rule)).every(
      ([name, one]) => !kept.has(name) || (isObject(one) && values[name] === one["const"]),
    );
  const obey = (rule: unknown): void => {
    if (!isObject(rule)) return;
    namesIn(rule["required"]).forEach((name) => kept.add(name));
    if (isObject(rule["not"])) namesIn(rule["not"]["required"]).forEach((name) => kept.delete(name));
  };
  assert.ok(Array.isArray(allOf));
  for (const rule of [...allOf, ...(condition === undefined ? [] : [schema])])
    if (isObject(rule)) obey(matches(rule["if"]) ? rule["then"] : rule["else"]);
  if (Array.isArray(anyOf)) obey(anyOf[which % anyOf.length]);
  return objectOf(Object.entries(values).filter(([name]) => kept.has(name)));
}

function validRecord(schema: JsonObject, known: Known): fc.Arbitrary<object> {
  const [values = {}] = Object.values(isObject(schema["patternProperties"]) ? schema["patternProperties"] : {});
  return fc
    .array(fc.tuple(fc.oneof(hostileName, fc.constantFrom("key", "evidence_key", "note")), validValue(values, known)), {
      maxLength: 4,
    })
    .map(objectOf);
}

const words = [
  "Front door does not latch",
  "x",
  "Café, rear entrance",
  'O\'Brien & Söhne "north"',
  "玻璃門",
  "50% off_sale\\",
  "DOOR_WONT_LATCH",
  "PHOTO",
] as const;
const soon = fc
  .constantFrom(0, 60, 1_440, 20_000, 525_600)
  .map((minutes) => new Date(Date.now() + minutes * 60_000).toISOString());

function validText(schema: JsonObject): fc.Arbitrary<unknown> {
  const { format, pattern } = schema;
  if (format === "uuid") return anyUuid;
  if (format === "date-time")
    return fc.oneof({ weight: 3, arbitrary: soon }, { weight: 1, arbitrary: fc.constantFrom(...edgeTimes) });
  if (typeof pattern === "string" && pattern.includes("{64}")) return fc.constantFrom("ab".repeat(32), "CD".repeat(32));
  const [least, most] = [limit(schema, "minLength", 0), limit(schema, "maxLength", 1_000)];
  const fitted = hostileText.map((text) =>
    text
      .toWellFormed()
      .replaceAll(/\p{Cc}/gu, "")
      .trim()
      .slice(0, most)
      .toWellFormed()
      .trim(),
  );
  return fc
    .oneof({ weight: 3, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: fitted })
    .map((text) => text.slice(0, most).padEnd(least, "x"));
}

function numberWithin(schema: JsonObject, whole: boolean): fc.Arbitrary<unknown> {
  const above = typeof schema["exclusiveMinimum"] === "number" ? 0.001 : 0;
  const [least, most] = [limit(schema, "minimum", above), limit(schema, "maximum", 1_000)];
  const small = Math.min(most, least + 500);
  const within = whole ? fc.integer({ min: least, max: small }) : fc.double({ min: least, max: small, noNaN: true });
  return fc.oneof({ weight: 4, arbitrary: within }, { weight: 1, arbitrary: fc.constantFrom(least, most) });
}

const limit = (schema: JsonObject, name: string, otherwise: number): number => {
  const value = schema[name];
  return typeof value === "number" ? value : otherwise;
};
export const namesIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
export const propertiesOf = (schema: JsonObject): JsonObject =>
  isObject(schema["properties"]) ? schema["properties"] : {};

function objectSchema(value: unknown): JsonObject {
  assert.ok(isObject(value));
  return value;
}
