// The state machine: which moves exist is the contract's data, and a foreign key in the database holds it too.

import { statement } from "../db/statement.ts";
import type { ErrorCode } from "../contract/errors.ts";
import { creation, ticketEdges, type FromState, type TicketState } from "../contract/states.ts";
import { Refusal } from "./refusal.ts";

export const insertTransitions = statement(
  "transitions_insert",
  `INSERT INTO ticket_state_transitions (audit_event_id, step, ticket_id, from_state, to_state, created_at)
   SELECT $1, move.step, $2, move.from_state, move.to_state, $3
   FROM unnest($4::text[], $5::text[]) WITH ORDINALITY AS move (from_state, to_state, step)`,
);

/** The moves of a path: each state with the one before it. */
export function movesAlong(from: FromState, path: readonly TicketState[]): { from: FromState[]; to: TicketState[] } {
  return { from: [from, ...path.slice(0, -1)], to: [...path] };
}

/**
 * @param code the refusal to give; hold commands have one of their own
 * @throws Refusal when the ticket's state is not one the command starts from
 */
export function requireState(
  ticket: { state: TicketState },
  allowed: readonly TicketState[],
  to: TicketState | undefined,
  code: ErrorCode = "INVALID_STATE_TRANSITION",
): void {
  if (!allowed.includes(ticket.state)) throw wrongState(ticket.state, to ?? ticket.state, allowed, code);
}

/** @throws Refusal INVALID_STATE_TRANSITION when a step of the path is no edge of the machine */
export function requirePath(from: FromState, path: readonly TicketState[], allowed: readonly TicketState[]): void {
  let at = from;
  for (const next of path) {
    if (!ticketEdges.get(at)?.includes(next)) {
      // The command may start from here, only not to there: the caller is told from where it leads there.
      const leading = allowed.filter((state) => ticketEdges.get(state)?.includes(next));
      throw wrongState(from === creation ? null : from, next, leading);
    }
    at = next;
  }
}

export const wrongState = (
  from: TicketState | null,
  to: TicketState,
  allowed: readonly TicketState[],
  code: ErrorCode = "INVALID_STATE_TRANSITION",
): Refusal => new Refusal(code, { from_state: from, to_state: to, allowed_from_states: allowed });
