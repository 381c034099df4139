// A scheduling problem as it is written to files and passed to the planner: the JSON Schema and the type, nothing else.
// One time unit and one length unit per problem, chosen by its author; validate.ts holds the rules a schema cannot say.

import { Type, type Static } from "../schema/type.ts";

const closed = { additionalProperties: false };
const Amount = Type.Number({ minimum: 0 });
const Id = Type.String({ minLength: 1, maxLength: 200 });
const Names = Type.Array(Type.String({ minLength: 1 }));
const Counts = Type.Record(Type.String(), Amount);
const Span = Type.Tuple([Type.Number(), Type.Number()]);

/** A point of the plane, or a row of the travel matrix; the kind of travel says which counts. */
export const Place = Type.Union([
  Type.Object({ x: Type.Number(), y: Type.Number() }),
  Type.Object({ node: Type.Integer({ minimum: 0 }) }),
]);
export type Place = Static<typeof Place>;

/** Applied to each leg, to distance and to time on their own; sums are never rounded. */
export const Rounding = Type.Object(
  {
    mode: Type.Enum(["floor", "nearest", "ceil", "none"]),
    decimals: Type.Optional(Type.Integer({ minimum: 0, maximum: 6 })),
  },
  closed,
);
export type Rounding = Static<typeof Rounding>;

const Matrix = Type.Array(Type.Array(Amount));

export const Travel = Type.Union([
  Type.Object({
    kind: Type.Literal("euclidean"),
    speed: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    rounding: Type.Optional(Rounding),
  }),
  Type.Object({ kind: Type.Literal("matrix"), distance: Matrix, time: Matrix, rounding: Type.Optional(Rounding) }),
]);
export type Travel = Static<typeof Travel>;

export const Technician = Type.Object(
  {
    id: Id,
    start: Place,
    /** Absent: where the technician started. */
    end: Type.Optional(Place),
    shift: Type.Object({ from: Type.Number(), to: Type.Number() }, closed),
    /** In a break nothing is served, and driving pauses. */
    breaks: Type.Optional(Type.Array(Span)),
    skills: Type.Optional(Names),
    tools: Type.Optional(Names),
    parts: Type.Optional(Counts),
    /** Absent: no limit. */
    capacity: Type.Optional(Amount),
    /** Instead of the travel speed; a matrix has its own times. */
    speed: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  closed,
);
export type Technician = Static<typeof Technician>;

export const Visit = Type.Object(
  {
    id: Id,
    at: Place,
    duration: Amount,
    /** Service starts inside one of them, ends included. */
    windows: Type.Array(Span, { minItems: 1 }),
    skills: Type.Optional(Names),
    /** Held while serving, not used up. */
    tools: Type.Optional(Names),
    /** Used up. */
    parts: Type.Optional(Counts),
    demand: Type.Optional(Amount),
    /** What being left out weighs, beside others; absent: 1. */
    priority: Type.Optional(Amount),
    pinned: Type.Optional(Type.Object({ technician: Id, start: Type.Optional(Type.Number()) }, closed)),
    /** Visits that name the same crew begin at the same moment, each with another technician, or none of them is served. */
    crew: Type.Optional(Id),
  },
  closed,
);
export type Visit = Static<typeof Visit>;

/** Where a route may call once; from then on it has every tool and never runs short of parts. */
export const Depot = Type.Object(
  {
    at: Place,
    duration: Amount,
    window: Span,
    restock: Type.Object({ tools: Type.Literal("all"), parts: Type.Literal("unlimited") }, closed),
  },
  closed,
);
export type Depot = Static<typeof Depot>;

export const Problem = Type.Object(
  {
    schema: Type.Literal("dispatch.schedule.problem/1"),
    name: Type.String(),
    objective: Type.Enum(["distance", "cost"]),
    /** For the objective "cost"; an absent weight is 0, absent weights are distance 1. */
    weights: Type.Optional(
      Type.Object(
        { distance: Type.Optional(Amount), duration: Type.Optional(Amount), technician: Type.Optional(Amount) },
        closed,
      ),
    ),
    /** Cost of a visit left out, times its priority. Null: every visit must be served, as with the objective "distance". */
    unservedPenalty: Type.Optional(Type.Union([Amount, Type.Null()])),
    travel: Travel,
    technicians: Type.Array(Technician),
    visits: Type.Array(Visit),
    depot: Type.Optional(Depot),
  },
  closed,
);
export type Problem = Static<typeof Problem>;
