// The parts that all tickets fall into, as indexes hold them: what is in the dispatchers' queue, what waits for money alone,
// what is over. A question that names states is one about the part they lie in.

import type { TicketState } from "../contract/states.ts";

const inBilling = "t.is_open AND NOT t.in_queue";

/** Conditions on `t`, by what is asked for; the last two span parts. What is over has left the queue, which an index asks for. */
export const ticketParts = {
  queue: "t.in_queue",
  billing: inBilling,
  final: "NOT t.is_open AND NOT t.in_queue",
  open: `(t.in_queue OR (${inBilling}))`,
  all: "true",
} as const;
export type TicketPart = keyof typeof ticketParts;

/** The smallest part that holds all tickets in these states. VERIFIED and INVOICED wait for money, and for no dispatcher. */
export function partOf(states: readonly TicketState[]): TicketPart {
  const parts = new Set(
    states.map((state) => {
      if (state === "CLOSED" || state === "CANCELLED") return "final";
      return state === "VERIFIED" || state === "INVOICED" ? "billing" : "queue";
    }),
  );
  if (parts.size === 1) return [...parts][0] ?? "all";
  return parts.has("final") ? "all" : "open";
}
