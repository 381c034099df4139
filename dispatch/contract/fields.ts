// The building blocks of request fields: text, ids, times, money, windows, with the rules every request obeys.
// `x-case` names the letter case a value is folded to before its rules are checked.

import Type, { type Static, type TSchema } from "typebox";
import { ticketStates } from "./states.ts";

/** The largest amount of money a field takes, in cents; sums of many such amounts stay exact in a JSON number. */
export const maxCents = 1_000_000_000_000;

export const uuidPattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";

/** One line of text: no control characters and no broken unicode. */
const linePattern = "^[^\\p{Cc}\\p{Cs}]*$";

export const uuid = (description?: string) =>
  Type.String({ pattern: uuidPattern, format: "uuid", "x-case": "lower", ...(description && { description }) });

/** One trimmed line of text of 1 to `maxLength` characters. */
export const line = (maxLength: number, options: { minLength?: number; description?: string } = {}) =>
  Type.String({ minLength: 1, maxLength, pattern: linePattern, ...options });

/** Free text that may hold line breaks and tabs; other control characters are refused for every field alike. */
export const freeText = (maxLength: number, options: { minLength?: number; description?: string } = {}) =>
  Type.String({ maxLength, ...options });

export const time = (description?: string) =>
  Type.String({ format: "date-time", maxLength: 40, ...(description && { description }) });

export const cents = (description: string) => Type.Integer({ minimum: 0, maximum: maxCents, description });

export const window = (description: string) =>
  Type.Object(
    { start: time(), end: time() },
    { description: `${description}; end lies after start`, "x-window": true },
  );

export const oneOf = <const T extends string[]>(values: [...T], description?: string) =>
  Type.Enum(values, { ...(description && { description }) });

/** As oneOf, in any letter case. */
export const oneOfAnyCase = <const T extends string[]>(values: [...T], description?: string) =>
  Type.Enum(values, { "x-case": "upper", ...(description && { description }) });

export const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A JSON object with fields of the caller's own; its serialised size is bounded by the body limit. */
export const openObject = (description: string) =>
  Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), { description, maxProperties: 200 });

export const priorities = ["EMERGENCY", "URGENT", "ROUTINE"] as const;
export type Priority = (typeof priorities)[number];
export const priority = () => oneOfAnyCase([...priorities], "How soon the work must be done");
export const state = () => Type.Enum([...ticketStates]);
export const incidentType = () =>
  Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: linePattern,
    "x-case": "upper",
    description: "What is wrong, for example CANNOT_SECURE_ENTRY; it decides the closeout template",
  });
export const evidenceKey = () => line(100, { description: "Which requirement of the closeout template this serves" });
export const note = (minLength = 0) => freeText(2_000, { minLength, description: "Why, for whoever reads it later" });
export const reasonCode = () => oneOf(["capacity", "skill_mismatch", "customer_request", "safety", "other"]);

export const checklist = () =>
  Type.Record(line(100), Type.Boolean(), {
    description: "The closeout checklist; an item counts only when true",
    maxProperties: 200,
  });
export const evidenceRefs = () =>
  Type.Array(line(2_048), { maxItems: 200, description: "Evidence ids or URIs of this ticket; default: all of them" });
export const work = () =>
  Type.Object(
    {
      labor_minutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
      travel_minutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
      parts: Type.Optional(
        Type.Array(
          Type.Object({
            sku: line(100),
            description: line(500),
            quantity: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 }),
            unit_price_cents: cents("Price of one, in cents"),
          }),
          { maxItems: 200 },
        ),
      ),
    },
    { description: "What was done, for the invoice" },
  );

export type { Static, TSchema };
export { Type };
