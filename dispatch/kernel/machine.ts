// The state machine: which moves exist is an aggregate's data, and a guard in the database holds it too.

import { statement } from "../db/statement.ts";
import type { ErrorCode } from "../contract/errors.ts";
import { creation } from "../contract/states.ts";
import { Refusal } from "./refusal.ts";

export type Edges = ReadonlyMap<string, readonly string[]>;
/** The moves of a path: from[i] to to[i]. */
export type Moves = { readonly from: readonly string[]; readonly to: readonly string[] };

/** One row per move of any number of events. */
export const insertTransitions = statement(
  "transitions_insert",
  `INSERT INTO state_transitions (audit_event_id, step, aggregate, aggregate_id, from_state, to_state, created_at)
   SELECT move.audit_event_id, move.step, move.aggregate, move.aggregate_id, move.from_state, move.to_state, move.created_at
   FROM json_to_recordset($1::json) AS move (audit_event_id uuid, step smallint, aggregate text, aggregate_id text,
                                             from_state text, to_state text, created_at timestamptz)`,
);

/** Each state of a path with the one before it. */
export function movesAlong(from: string, path: readonly string[]): Moves {
  return { from: path.length === 0 ? [] : [from, ...path.slice(0, -1)], to: path };
}

/**
 * @param code the refusal to give; hold commands have one of their own
 * @throws Refusal when the state is not one the command starts from
 */
export function requireState(
  state: string,
  allowed: readonly string[],
  to: string | undefined,
  code: ErrorCode = "INVALID_STATE_TRANSITION",
): void {
  if (!allowed.includes(state)) throw wrongState(state, to ?? state, allowed, code);
}

/** @throws Refusal INVALID_STATE_TRANSITION when a step of the path is no edge of the machine */
export function requirePath(edges: Edges, from: string, path: readonly string[], allowed: readonly string[]): void {
  let at = from;
  for (const next of path) {
    if (!edges.get(at)?.includes(next)) {
      // The command may start from here, only not to there: the caller is told from where it leads there.
      const leading = allowed.filter((state) => edges.get(state)?.includes(next));
      throw wrongState(from === creation ? null : from, next, leading);
    }
    at = next;
  }
}

export const wrongState = (
  from: string | null,
  to: string,
  allowed: readonly string[],
  code: ErrorCode = "INVALID_STATE_TRANSITION",
): Refusal => new Refusal(code, { from_state: from, to_state: to, allowed_from_states: allowed });
