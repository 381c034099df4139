// A ticket that changes, or is made, because of a command on something else: as a related change of that command's decision.

import type { TicketId } from "../contract/ids.ts";
import type { TicketState } from "../contract/states.ts";
import { newId } from "../kernel/clock.ts";
import type { Desk } from "../kernel/desk.ts";
import type { JsonObject } from "../kernel/json.ts";
import { requirePath } from "../kernel/machine.ts";
import type { RelatedChange, RelatedCreation } from "../kernel/related-change.ts";
import { ticketAggregate } from "./ticket-aggregate.ts";
import type { NewTicket, TicketChange, TicketRow } from "./ticket-row.ts";

export type RelatedTicket = Omit<RelatedChange<TicketRow, TicketChange>, "path"> & {
  readonly path: readonly TicketState[];
};

type TicketPart = Pick<RelatedTicket, "path" | "change"> & { readonly ticket: TicketRow; readonly payload: JsonObject };

/**
 * A change of a ticket that the command has locked, with the id of its receipt.
 * @throws Refusal INVALID_STATE_TRANSITION when the path is none of a ticket's
 */
export function relatedTicket({ ticket, path, change, payload }: TicketPart, now: string): RelatedTicket {
  requirePath(ticketAggregate.edges, ticket.state, path, []);
  return { aggregate: ticketAggregate, row: ticket, eventId: newId(Date.parse(now)), path, change, payload };
}

/** Where the ticket will stand. */
export function standsAfter({ row, path, change }: RelatedTicket) {
  const { scheduled_start, scheduled_end } = { ...row, ...change };
  return { state: path.at(-1) ?? row.state, scheduled_start, scheduled_end };
}

type NewPart = { readonly fields: NewTicket; readonly payload: JsonObject };

/** A NEW ticket that a command on another one makes. */
export function newRelatedTicket(desk: Desk, { fields, payload }: NewPart, now: string): RelatedCreation<TicketRow> {
  const ms = Date.parse(now);
  const created = ticketAggregate.created(desk, { id: newId<TicketId>(ms), fields, state: "NEW", at: now });
  return { aggregate: ticketAggregate, created, eventId: newId(ms), payload };
}
