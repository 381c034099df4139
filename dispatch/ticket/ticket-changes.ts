// What a change makes of a ticket's fields, as the audit keeps it: what stood there before, beside what stands there now.

import type { Desk } from "../kernel/desk.ts";
import type { JsonObject } from "../kernel/json.ts";
import { ticketAggregate } from "./ticket-aggregate.ts";
import type { TicketChange, TicketRow } from "./ticket-row.ts";

/** What is said of and by persons: that it was put right is kept for good, and what it was is not. */
const personal: ReadonlySet<string> = new Set([
  "customer_name",
  "customer_phone",
  "customer_email",
  "description",
] satisfies (keyof TicketRow)[]);

/** By field, only those that are other than before; with the deadline of the SLA, which follows from some of them. */
export function changesOf(desk: Desk, ticket: TicketRow, change: TicketChange, now: string): JsonObject {
  const before: JsonObject = { ...ticket };
  const after: JsonObject = { ...ticketAggregate.changed(desk, ticket, change, [], now) };
  return Object.fromEntries(
    [...Object.keys(change), "sla_deadline_at"].flatMap((field) => {
      const [from, to] = [before[field], after[field]];
      if (JSON.stringify(from) === JSON.stringify(to)) return [];
      return [[field, personal.has(field) ? { withheld: "personal" } : { from, to }]];
    }),
  );
}
