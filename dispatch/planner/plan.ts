// A plan as it is written to files and shown: the JSON Schema and the type, nothing else. check.ts says whether it is good.

import { Type, type Static } from "../schema/type.ts";

const closed = { additionalProperties: false };
const times = { arrive: Type.Number(), start: Type.Number(), leave: Type.Number() };

export const Stop = Type.Object({ visit: Type.String(), ...times }, closed);
export type Stop = Static<typeof Stop>;

/** The call at the depot. `before` is the index of the stop that follows it; the number of stops when none does. */
export const Restock = Type.Object({ before: Type.Integer({ minimum: 0 }), ...times }, closed);
export type Restock = Static<typeof Restock>;

export const Route = Type.Object(
  { technician: Type.String(), stops: Type.Array(Stop), restock: Type.Optional(Restock) },
  closed,
);
export type Route = Static<typeof Route>;

/** Lengths and times as they are; `unserved` is already a cost. Weights turn the first three into costs. */
export const Terms = Type.Object(
  { distance: Type.Number(), duration: Type.Number(), technicians: Type.Integer(), unserved: Type.Number() },
  closed,
);
export type Terms = Static<typeof Terms>;

/** What the solver was given: iterations, or seconds and then how many iterations they held. */
export const Budget = Type.Object(
  { seconds: Type.Optional(Type.Number()), iterations: Type.Integer({ minimum: 0 }) },
  closed,
);
export type Budget = Static<typeof Budget>;

export const Plan = Type.Object(
  {
    schema: Type.Literal("dispatch.schedule.plan/1"),
    routes: Type.Array(Route),
    unserved: Type.Array(Type.String()),
    cost: Type.Number(),
    terms: Terms,
    seed: Type.Integer(),
    budget: Budget,
    input_sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    solver: Type.String(),
  },
  closed,
);
export type Plan = Static<typeof Plan>;
