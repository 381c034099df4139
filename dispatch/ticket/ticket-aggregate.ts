// The ticket as an aggregate: what the pipeline asks of one, answered for tickets.

import type { CommandEntry } from "../contract/entry.ts";
import type { TicketId } from "../contract/ids.ts";
import { ticketEdges, type TicketState } from "../contract/states.ts";
import type { TicketBody } from "../contract/responses.ts";
import { statement } from "../db/statement.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Aggregate, KnownHead, VisitMove } from "../kernel/aggregate.ts";
import { Refusal } from "../kernel/refusal.ts";
import { policyOf } from "./policy-of.ts";
import { writeTicketWords } from "./ticket-details.ts";
import {
  advanceTicketAudits,
  changedTicket,
  insertTickets,
  lockFreeTickets,
  lockTicket,
  newTicket,
  selectTicket,
  selectTickets,
  ticketBody,
  ticketCover,
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

const selectHelping = statement<{ id: string }>(
  "ticket_helping",
  `SELECT id FROM bookings
   WHERE ticket_id = $1 AND technician_id = $2 AND role = 'helper' AND state IN ('tentative', 'firm')`,
);

export const ticketAggregate: Aggregate<TicketRow, TicketChange, NewTicket, TicketBody, TicketState, TicketId> = {
  name: "ticket",
  idIn: "ticketId",
  edges: ticketEdges,
  lock: lockTicket,
  lockFree: lockFreeTickets,
  select: selectTicket,
  selectMany: selectTickets,
  covers: ticketCover,
  heads: selectHeads,
  races: ["bookings_live_ticket", "bookings_live_member"],
  notFound: (id) => new Refusal("TICKET_NOT_FOUND", { ticket_id: id }),
  idOf: ({ id }) => id,
  stateOf: ({ state }) => state,
  placeOf: ({ account_id, site_id }) => ({ account_id, site_id }),
  headOf: ({ audit_seq, audit_hash, audit_at }) => ({ seq: audit_seq, hash: audit_hash, at: audit_at }),
  versionOf: ({ version }) => version,
  standing: (tx, actor, id) =>
    actor.role === "tech" && actor.techId !== null ? tx.row(selectHelping, [id, actor.techId]) : null,
  guard: requireOwnWork,
  created: ({ policies }, { id, fields, state, at }) => newTicket(id, fields, state, at, policies.live),
  changed: (desk, row, change, path, at) =>
    changedTicket(row, change, path, at, (priority) =>
      // Of the same priority it stays, and nobody asks for rules that may be away.
      priority === row.priority ? row.sla_target_minutes : policyOf(desk, row).sla.targetMinutes[priority],
    ),
  moved: visitMove,
  withHead: (row, { seq, hash, at }) => ({ ...row, audit_seq: seq, audit_hash: hash, audit_at: at }),
  insert: (tx, rows) => [...insertTickets(tx, rows), ...rows.map((row) => writeTicketWords(tx, row))],
  update: updateTickets,
  advanceHead: advanceTicketAudits,
  body: ticketBody,
  subject: (id, event) => `field.ticket.${id}.${event}`,
};

const settled: readonly TicketState[] = ["SCHEDULED", "PENDING_CUSTOMER_CONFIRMATION", "DISPATCHED"];
const underWay: readonly TicketState[] = ["ON_SITE", "IN_PROGRESS", "ON_HOLD", "APPROVAL_REQUIRED"];

/** Work under way that ends, or goes back to be scheduled, is no move: only a colleague in somebody's place is. */
export function visitMove(
  before: Pick<TicketRow, "state" | "assigned_tech_id" | "scheduled_start">,
  after: Pick<TicketRow, "assigned_tech_id" | "scheduled_start">,
): VisitMove | null {
  const isSettled = settled.includes(before.state);
  if (!isSettled && !underWay.includes(before.state)) return null;
  const technicianChanged =
    before.assigned_tech_id !== null &&
    before.assigned_tech_id !== after.assigned_tech_id &&
    (isSettled || after.assigned_tech_id !== null);
  const timeChanged = isSettled && before.scheduled_start !== null && before.scheduled_start !== after.scheduled_start;
  return technicianChanged || timeChanged ? { technicianChanged } : null;
}

/**
 * A technician acts on work of their own. Whoever leads it decides about it; whoever helps comes to it, and adds to it.
 * @param helping their booking as a helper; null where they have none
 * @throws Refusal NOT_ASSIGNED_TECH when a named technician acts on work that is not theirs
 */
export function requireOwnWork(
  actor: Actor,
  ticket: Pick<TicketRow, "assigned_tech_id">,
  { effect, byHelpers = false }: Pick<CommandEntry, "effect" | "byHelpers">,
  helping: unknown,
): void {
  if (actor.role !== "tech" || actor.techId === null || actor.techId === ticket.assigned_tech_id) return;
  if (helping && (effect === "touches" || byHelpers)) return;
  throw new Refusal("NOT_ASSIGNED_TECH", { assigned_tech_id: ticket.assigned_tech_id });
}
