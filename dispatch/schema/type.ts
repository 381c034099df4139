// JSON Schemas with the type of what fits them: those of typebox's builders that the house uses, typed by typebox and equal to
// its own (tests/contract/schema-type.test.ts). No part of its package can be imported alone: it is 370 modules, a third of the CPU
// that an API, a command on the command line or a test took to load (1.0 s, and 0.64 without).

import type { Type as Typebox, TSchema } from "typebox";

export type { Static, TObject, TSchema } from "typebox";

type Builders = Pick<
  typeof Typebox,
  | "Array"
  | "Boolean"
  | "Enum"
  | "Integer"
  | "Literal"
  | "Null"
  | "Number"
  | "Object"
  | "Optional"
  | "Record"
  | "String"
  | "Tuple"
  | "Union"
  | "Unknown"
  | "Unsafe"
>;

/** What typebox reads of a schema and no JSON shows: its kind, whether it is optional or of another type than it says. */
type Mark = "~kind" | "~optional" | "~unsafe";

/** A schema with a mark. The compiler is told its type: it knows no property that is not enumerable. */
const marked = <S>(mark: Mark, value: unknown, keywords: object, marks: TSchema = {}): S =>
  Object.defineProperties(
    { ...keywords },
    {
      ...Object.getOwnPropertyDescriptors(marks),
      [mark]: { value, configurable: true, writable: true, enumerable: false },
    },
  ) as S;

const isOptional = (schema: TSchema): boolean => Object.hasOwn(schema, "~optional");

export const Type: Builders = {
  Array: (items, options) => marked("~kind", "Array", { type: "array", items, ...options }),
  Boolean: (options) => marked("~kind", "Boolean", { type: "boolean", ...options }),
  Enum: <S>(values: unknown, options?: object): S => marked("~kind", "Enum", { enum: values, ...options }),
  Integer: (options) => marked("~kind", "Integer", { type: "integer", ...options }),
  Literal: (value, options) => marked("~kind", "Literal", { type: typeof value, const: value, ...options }),
  Null: (options) => marked("~kind", "Null", { type: "null", ...options }),
  Number: (options) => marked("~kind", "Number", { type: "number", ...options }),
  Object: (properties, options) => {
    const required = Object.keys(properties).filter((name) => !isOptional(properties[name] ?? {}));
    return marked("~kind", "Object", {
      type: "object",
      ...(required.length > 0 && { required }),
      properties,
      ...options,
    });
  },
  Optional: (schema) => marked("~optional", true, {}, schema),
  /** Of texts alone: the key's pattern, or any. */
  Record: (key, value, options) => {
    const pattern = "pattern" in key && typeof key.pattern === "string" ? key.pattern : "^.*$";
    return marked("~kind", "Record", { type: "object", patternProperties: { [pattern]: value }, ...options });
  },
  String: (options) => marked("~kind", "String", { type: "string", ...options }),
  Tuple: (types, options) =>
    marked("~kind", "Tuple", {
      type: "array",
      additionalItems: false,
      items: types,
      minItems: types.length,
      ...options,
    }),
  Union: (anyOf, options) => marked("~kind", "Union", { anyOf, ...options }),
  Unknown: (options) => marked("~kind", "Unknown", { ...options }),
  Unsafe: (schema) => marked("~unsafe", null, {}, schema),
};
