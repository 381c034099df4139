// The ticket as an aggregate: what the pipeline asks of one, answered for tickets.

import type { TicketId } from "../contract/ids.ts";
import { ticketEdges, type TicketState } from "../contract/states.ts";
import type { TicketBody } from "../contract/responses.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Aggregate, KnownHead } from "../kernel/aggregate.ts";
import { Refusal } from "../kernel/refusal.ts";
import { writeTicketWords } from "./ticket-details.ts";
import {
  advanceTicketAudits,
  changedTicket,
  insertTickets,
  lockFreeTickets,
  lockTicket,
  newTicket,
  selectTicket,
  ticketBody,
  updateTickets,
  type NewTicket,
  type TicketChange,
  type TicketRow,
} from "./ticket-row.ts";

const selectHeads = statement<KnownHead>(
  "ticket_heads",
  `SELECT id::text AS id, audit_seq AS seq, audit_hash AS hash, state
   FROM tickets WHERE id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY tickets.id LIMIT $2`,
);

export const ticketAggregate: Aggregate<TicketRow, TicketChange, NewTicket, TicketBody, TicketState, TicketId> = {
  name: "ticket",
  idIn: "ticketId",
  edges: ticketEdges,
  lock: lockTicket,
  lockFree: lockFreeTickets,
  select: selectTicket,
  heads: selectHeads,
  races: ["bookings_live_ticket"],
  notFound: (id) => new Refusal("TICKET_NOT_FOUND", { ticket_id: id }),
  idOf: ({ id }) => id,
  stateOf: ({ state }) => state,
  placeOf: ({ account_id, site_id }) => ({ account_id, site_id }),
  headOf: ({ audit_seq, audit_hash, audit_at }) => ({ seq: audit_seq, hash: audit_hash, at: audit_at }),
  versionOf: ({ version }) => version,
  guard: requireAssignedTech,
  created: ({ policy }, { id, fields, state, at }) => newTicket(id, fields, state, at, policy.sla.targetMinutes),
  changed: ({ policy }, row, change, path, at) => changedTicket(row, change, path, at, policy.sla.targetMinutes),
  withHead: (row, { seq, hash, at }) => ({ ...row, audit_seq: seq, audit_hash: hash, audit_at: at }),
  insert: (tx, rows) => [...insertTickets(tx, rows), ...rows.map((row) => writeTicketWords(tx, row))],
  update: updateTickets,
  advanceHead: advanceTicketAudits,
  body: ticketBody,
  subject: (id, event) => `field.ticket.${id}.${event}`,
};

/** @throws Refusal NOT_ASSIGNED_TECH when a named technician acts on work that is not theirs */
export function requireAssignedTech(actor: Actor, ticket: Pick<TicketRow, "assigned_tech_id">): void {
  if (actor.role === "tech" && actor.techId !== null && actor.techId !== ticket.assigned_tech_id) {
    throw new Refusal("NOT_ASSIGNED_TECH", { assigned_tech_id: ticket.assigned_tech_id });
  }
}
