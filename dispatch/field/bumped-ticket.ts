// The ticket that loses its technician to an emergency: whether it may, and how it goes back to the queue.

import type { TicketId } from "../contract/ids.ts";
import type { InputOf } from "../contract/index.ts";
import { requireScope } from "../kernel/authorize.ts";
import { type TicketCall } from "../ticket/ticket-command.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import type { RelatedTicket } from "../ticket/related-ticket.ts";
import type { TicketRow } from "../ticket/ticket-row.ts";
import { isBumpable } from "../workforce/bump.ts";
import { requeued } from "../workforce/requeue.ts";

/** The ticket an override means to bump; null when it means none. */
export const bumpIn = ({ bump_ticket_id: id }: InputOf<"assignment.override">): TicketId | null => id ?? null;

/**
 * @param bumped the ticket as it is locked; null when there is none
 * @throws Refusal INVALID_REQUEST, ASSIGNMENT_BYPASS_DENIED, TICKET_NOT_FOUND, FORBIDDEN_SCOPE, TECH_UNAVAILABLE
 */
export function bumpedBy(call: TicketCall<"assignment.override">, bumped: TicketRow | null): RelatedTicket | null {
  const { actor, input, ticket, now, clockTime } = call;
  const id = bumpIn(input);
  if (id === null) return null;
  if (input.override_type !== "direct_dispatch_bypass")
    throw invalidField("bump_ticket_id", "override_type", "goes with direct_dispatch_bypass only");
  if (id === ticket.id) throw invalidField("bump_ticket_id", "other", "must be another ticket");
  if (ticket.priority !== "EMERGENCY") {
    throw new Refusal("ASSIGNMENT_BYPASS_DENIED", { dispatch_mode: "EMERGENCY_BYPASS", missing_fields: ["priority"] });
  }
  if (!bumped) throw new Refusal("TICKET_NOT_FOUND", { ticket_id: id });
  requireScope(actor, bumped);
  if (bumped.assigned_tech_id === null || bumped.assigned_tech_id !== input.tech_id) {
    throw invalidField("bump_ticket_id", "assigned", "is not work of this technician");
  }
  const change = isBumpable(bumped)
    ? requeued(bumped, { bumped_for: ticket.id, reason: input.note }, now, clockTime)
    : null;
  if (change) return change;
  const detail = bumped.priority === "EMERGENCY" ? "that work is an emergency as well" : `that work is ${bumped.state}`;
  throw new Refusal("TECH_UNAVAILABLE", { tech_id: input.tech_id, reason: "BOOKED", detail });
}
