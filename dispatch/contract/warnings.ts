// What a command that was obeyed may say besides: each warning by its code, with what it means. A refusal's codes are in
// errors.ts.

import { duplicateOf, oneOf, Type, type Static } from "./fields.ts";

export const warningRegistry = {
  NOBODY_ABLE:
    "Nobody on the roster has an ability that this work requires, so no search for a time will find anybody.",
  NOBODY_FREE: "Nobody who can do this work is free at the promised time; move the visit, or free somebody.",
  PROMISED_TWICE: "Others were promised the same time, and there are not enough who can do this work for all of them.",
  WINDOW_IN_PAST: "The time has passed already: it is put on record, and the worker sends nobody.",
  SITE_CLOSED: "The site is closed then: ask the site first whether somebody can be let in.",
  SITE_HOURS_UNKNOWN: "What is on record of the site's opening hours cannot be read, so that they were not kept to.",
  LOCATION_NOT_UNDERSTOOD: "What was given as the place is none; it is kept as it was given and nothing relies on it.",
  TIME_ZONE_UNKNOWN:
    "Nobody works in the site's zone and no other site of it is known, so its times are UTC's: give timezone, such as America/Chicago.",
  BEYOND_ABILITIES: "The technician is booked for visits that are beyond their abilities or zones from now on.",
  UNKNOWN_INCIDENT_TYPE:
    "The policy does not know this incident type: no skill, tool or closeout template belongs to it.",
  DUPLICATE_EVIDENCE:
    "The same file is on record already: duplicate_of names it. It is kept, and whoever checks the work is told.",
  EVIDENCE_DOUBTFUL:
    "By their cameras' clocks, photos were not taken on this visit, or the finished work before the fault; evidence names them.",
} as const;
export type WarningCode = keyof typeof warningRegistry;

const isCode = (name: string): name is WarningCode => Object.hasOwn(warningRegistry, name);

/** An item of evidence, and what speaks against it. */
export const judgedEvidence = Type.Object({
  evidence_id: Type.String(),
  evidence_key: Type.String(),
  reason: Type.String({
    description:
      "ANOTHER_KEY: the same file was recorded later for another key; OLDER_THAN_RETURN: the work was sent back for a new one; " +
      "WRONG_KIND: not what the key asks for; OUTSIDE_VISIT, NOT_AFTER: by the camera's clock",
  }),
});

/** Beside code and message a warning has what the caller needs to put it right, under names of its code's own. */
export const warning = Type.Object({
  code: oneOf(Object.keys(warningRegistry).filter(isCode), "What it is about; each code is one kind of warning"),
  message: Type.String({ description: "A sentence for people" }),
  known: Type.Optional(Type.Array(Type.String(), { description: "UNKNOWN_INCIDENT_TYPE: the types the policy knows" })),
  duplicate_of: Type.Optional(duplicateOf()),
  evidence: Type.Optional(
    Type.Array(judgedEvidence, { description: "EVIDENCE_DOUBTFUL: the items, and what speaks against each" }),
  ),
  closest: Type.Optional(
    Type.Union([Type.String(), Type.Null()], {
      description: "UNKNOWN_INCIDENT_TYPE: the known type that reads most like the given one; null when none does",
    }),
  ),
});
export type Warning = Static<typeof warning>;
