// What a change makes of a ticket's fields, as the audit keeps it: what stood there before, beside what stands there now.

import type { Desk } from "../kernel/desk.ts";
import type { JsonObject } from "../kernel/json.ts";
import { ticketAggregate } from "./ticket-aggregate.ts";
import type { TicketChange, TicketRow } from "./ticket-row.ts";

/** By field, only those that are other than before; with the deadline of the SLA, which follows from some of them. */
export function changesOf(desk: Desk, ticket: TicketRow, change: TicketChange, now: string): JsonObject {
  const before: JsonObject = { ...ticket };
  const after: JsonObject = { ...ticketAggregate.changed(desk, ticket, change, [], now) };
  return Object.fromEntries(
    [...Object.keys(change), "sla_deadline_at"].flatMap((field) => {
      const [from, to] = [before[field], after[field]];
      return JSON.stringify(from) === JSON.stringify(to) ? [] : [[field, { from, to }]];
    }),
  );
}
