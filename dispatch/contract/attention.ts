// What a dispatcher has to look at though nobody did anything wrong: the codes a cockpit row may carry.

import { oneOf, Type, type Static } from "./fields.ts";

export const attentionCodes = [
  "NOBODY_ABLE",
  "NOBODY_FREE",
  "NOT_SENT",
  "LATE_ARRIVAL",
  "NOT_HEARD",
  "OVERRUN",
  "PROMISED_TWICE",
  "HOLD_ENDED",
  "UNKNOWN_INCIDENT_TYPE",
] as const;
export type AttentionCode = (typeof attentionCodes)[number];

export const attention = Type.Object({
  code: oneOf([...attentionCodes]),
  since: Type.String({ format: "date-time" }),
  /** A sentence for whoever reads the queue. */
  detail: Type.String(),
});
export type Attention = Static<typeof attention>;
