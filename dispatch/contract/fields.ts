// The building blocks of request fields: text, ids, times, money, windows, with the rules every request obeys.
// `x-case` names the letter case a value is folded to before its rules are checked.

import { Type, type Static, type TSchema } from "../schema/type.ts";
import { ticketIdPattern, uuidPattern, type Id, type TicketId } from "./ids.ts";
import { ticketStates } from "./states.ts";

/** The largest amount of money a field takes, in cents; sums of many such amounts stay exact in a JSON number. */
export const maxCents = 1_000_000_000_000;

/** How many people may go to one visit, its lead among them. */
export const mostInCrew = 4;

/** A name of lower-case letters, digits, underscores and hyphens, for what people and agents are called by. */
export const slugPattern = "^[a-z0-9][a-z0-9_-]{0,62}$";

/** One line of text: no control characters and no broken unicode. */
const linePattern = "^[^\\p{Cc}\\p{Cs}]*$";

export const uuid = (description?: string) =>
  Type.String({ pattern: uuidPattern, format: "uuid", "x-case": "lower", ...(description && { description }) });

/** The id of one noun, as a request's field. */
export const idOf = <I extends Id>(description?: string) => Type.Unsafe<I>(uuid(description));

/** A ticket, by its id or its number. */
export const ticketRef = (description: string) =>
  Type.Unsafe<TicketId>(
    Type.String({ pattern: ticketIdPattern, "x-case": "lower", description: `${description} (its id or number)` }),
  );

/** The same in an answer. */
export const answeredId = <I extends Id>() => Type.Unsafe<I>(Type.String({ format: "uuid" }));

/** One trimmed line of text of 1 to `maxLength` characters. */
export const line = (maxLength: number, options: { minLength?: number; description?: string } = {}) =>
  Type.String({ minLength: 1, maxLength, pattern: linePattern, ...options });

/** Free text that may hold line breaks and tabs; other control characters are refused for every field alike. */
export const freeText = (maxLength: number, options: { minLength?: number; description?: string } = {}) =>
  Type.String({ maxLength, ...options });

export const time = (description?: string) =>
  Type.String({ format: "date-time", maxLength: 40, ...(description && { description }) });

/**
 * In an answer: a time on the clock of the site, with its offset from UTC, e.g. 2026-03-08T09:00:00-07:00; null where there is no
 * time, or no such time zone.
 */
export const localTime = () =>
  nullable(Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{3})?[+-]\\d{2}:\\d{2}$" }));

export const cents = (description: string) => Type.Integer({ minimum: 0, maximum: maxCents, description });

export const window = (description: string) =>
  Type.Object(
    { start: time("When it begins; ISO 8601 with zone"), end: time("When it ends; ISO 8601 with zone, after start") },
    { description: `${description}; end lies after start`, "x-window": true },
  );

export const oneOf = <const T extends string[]>(values: [...T], description?: string) =>
  Type.Enum(values, { ...(description && { description }) });

/** As oneOf, in any letter case. */
export const oneOfAnyCase = <const T extends string[]>(values: [...T], description?: string) =>
  Type.Enum(values, { "x-case": "upper", ...(description && { description }) });

export const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
export const nullable = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], {
    ...("x-case" in schema && { "x-case": schema["x-case"] }),
    ...(description && { description }),
  });

/**
 * A JSON object with fields of the caller's own, of at most `maxBytes` as canonical JSON in UTF-8: whatever is kept with one thing
 * stands in every list of many.
 */
export const openObject = (description: string, maxBytes: number) =>
  Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), {
    description,
    maxProperties: 200,
    "x-max-json-bytes": maxBytes,
  });

/** What a piece of evidence may bring along besides its file. */
export const maxMetadataBytes = 8_192;

/** Of a command that replaces what somebody may have changed since it was read; the pipeline holds the row to it. */
export const expectedVersion = (what = "The ticket's version as it was read") =>
  Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 2_147_483_647,
      description: `${what}: refused when it has changed since; absent: whatever it is now`,
    }),
  );

export const priorities = ["EMERGENCY", "URGENT", "ROUTINE"] as const;
export type Priority = (typeof priorities)[number];
export const priority = (addition = "") =>
  oneOfAnyCase([...priorities], `How soon the work must be done; it sets the deadline of the SLA${addition}`);
export const state = () => Type.Enum([...ticketStates]);
/** How a field that names a kind of work is described. Which kinds live only the rules in force know: whoever shows it adds them. */
export const incidentTypeWords = "A kind of work that the rules in force name";
/** It decides the closeout template. */
export const incidentType = (addition = "") =>
  Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: linePattern,
    "x-case": "upper",
    description: `${incidentTypeWords}${addition}`,
  });
export const evidenceKey = () =>
  line(100, {
    description:
      "Which required evidence this is, as tech.job_packet lists it, e.g. photo_before_security_risk; absent: none",
  });
export const note = (description: string, minLength = 0) => freeText(2_000, { minLength, description });
export const reasonCode = () =>
  oneOf(["capacity", "skill_mismatch", "customer_request", "safety", "other"], "Why the technician changes");

/** What work that follows from a ticket is to it. */
export const followUpKinds = ["warranty", "callback", "further_work"] as const;

/** How answers and refusals name the earlier item with the same bytes. */
export const duplicateOf = () =>
  nullable(
    Type.Object({
      evidence_id: nullable(Type.String({ format: "uuid" })),
      ticket_id: nullable(answeredId<TicketId>()),
      number: nullable(Type.String()),
      evidence_key: nullable(Type.String()),
    }),
    "The earlier item with the same bytes; all null where that is beyond the caller's reach",
  );

/** What a required piece of evidence is to be. */
export const evidenceKinds = ["photo", "note", "signature", "document", "any"] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

/** Why a call-out had nothing to do; the policy says what proves each. */
export const noWorkReasons = ["no_access", "cancelled_at_door", "not_needed", "unsafe"] as const;

export const checklist = () =>
  Type.Record(line(100), Type.Boolean(), {
    description: "Item to true or false; only true counts. tech.job_packet lists the items of the incident type",
    maxProperties: 200,
  });
export const evidenceRefs = () =>
  Type.Array(line(2_048), {
    maxItems: 200,
    description: "Evidence ids or URIs of this ticket to rely on; absent: all of them",
  });
export const work = (description: string) =>
  Type.Object(
    {
      labor_minutes: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 100_000, description: "Minutes of labor; absent: 0" }),
      ),
      travel_minutes: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 100_000, description: "Minutes of travel; absent: 0" }),
      ),
      parts: Type.Optional(
        Type.Array(
          Type.Object({
            sku: line(100, { description: "Stock number of the part, in any letter case" }),
            description: Type.Optional(
              line(500, {
                description:
                  "Name of the part, as the invoice shows it; absent: as the price book names it, else the sku",
              }),
            ),
            quantity: Type.Number({
              exclusiveMinimum: 0,
              maximum: 1_000_000,
              description: "Pieces; at most three decimals",
            }),
            unit_price_cents: Type.Optional(
              cents(
                "Our cost of one piece, in cents, to be marked up; absent: as the price book lists the sku; a customer's price that it " +
                  "lists holds anyway",
              ),
            ),
          }),
          {
            maxItems: 200,
            description:
              "Parts used; sku and quantity are enough of one that the price book lists; a refusal names the closest sku; absent: none",
          },
        ),
      ),
    },
    { description },
  );

export type { Static, TSchema };
export { Type, uuidPattern };
