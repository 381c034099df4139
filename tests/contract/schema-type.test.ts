// The builders of dispatch/schema are typebox's: whatever is built comes out the same, to the last mark that no JSON shows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Type as Typebox } from "typebox";
import { Type } from "../../dispatch/schema/type.ts";

type Builders = typeof Type;

/** Each builder, with and without what it may be given. */
const schemas = (T: Builders) => ({
  array: [T.Array(T.String()), T.Array(T.Integer(), { maxItems: 3, uniqueItems: true, contains: T.Literal("a") })],
  enum: [T.Enum(["a", "b"]), T.Enum([1, -1]), T.Enum(["a"], { type: "string", description: "d", "x-case": "upper" })],
  literal: [T.Literal("a"), T.Literal(""), T.Literal(1), T.Literal(true, { description: "d" })],
  plain: [T.Boolean(), T.Integer(), T.Null(), T.Number(), T.String(), T.Unknown()],
  told: [
    T.Boolean({ description: "d" }),
    T.Integer({ minimum: 0 }),
    T.Null({ description: "d" }),
    T.Number({ exclusiveMinimum: 0 }),
    T.String({ pattern: "^a$", format: "uuid", "x-case": "lower" }),
    T.Unknown({ description: "d" }),
  ],
  object: [
    T.Object({}),
    T.Object({ a: T.Optional(T.String()) }),
    T.Object(
      { a: T.String(), b: T.Optional(T.Unsafe<number>(T.String({ format: "uuid" }))), c: T.Unsafe<1>(T.Null()) },
      { additionalProperties: false, "x-window": true },
    ),
    T.Object({ a: T.Optional(T.Optional(T.Object({ b: T.Null() }))) }),
  ],
  record: [
    T.Record(T.String(), T.Unknown()),
    T.Record(T.String({ maxLength: 200 }), T.Unknown(), { description: "d", maxProperties: 200 }),
    T.Record(T.String({ pattern: "^[a-z]+$" }), T.Boolean(), { maxProperties: 1 }),
  ],
  several: [
    T.Tuple([T.Number(), T.String()]),
    T.Tuple([T.Null()], { description: "d" }),
    T.Union([T.String(), T.Null()], { "x-case": "upper", description: "d" }),
    T.Union([T.Optional(T.String()), T.Unsafe<1>(T.String())]),
  ],
});

/** With what JSON does not show. */
function told(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(Object.getOwnPropertyDescriptors(value))
    .filter(([name]) => name !== "length")
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { value: inner, ...how }]) => [name, how, told(inner)]);
}

test("a schema of ours is typebox's, with its order and its marks", () => {
  const [ours, theirs] = [schemas(Type), schemas(Typebox)];
  assert.equal(JSON.stringify(ours), JSON.stringify(theirs));
  assert.deepEqual(told(ours), told(theirs));
});

test("every builder is among them", () => {
  const used = new Set<PropertyKey>();
  schemas(new Proxy(Type, { get: (builders, name) => (used.add(name), Reflect.get(builders, name)) }));
  assert.deepEqual([...used].map(String).toSorted(), Object.keys(Type).toSorted());
});
