// The state machine: which moves exist is an aggregate's data, and a guard in the database holds it too.

import { insertRows } from "../db/insert-rows.ts";
import type { AuditEvent } from "./audit.ts";
import type { ErrorCode } from "../contract/errors.ts";
import type { ReceiptId } from "../contract/ids.ts";
import { creation } from "../contract/states.ts";
import { Refusal } from "./refusal.ts";

export type Edges = ReadonlyMap<string, readonly string[]>;
/** The moves of a path: from[i] to to[i]. */
export type Moves = { readonly from: readonly string[]; readonly to: readonly string[] };

type MoveRow = {
  readonly audit_event_id: ReceiptId;
  readonly step: number;
  readonly aggregate: string;
  readonly aggregate_id: string;
  readonly from_state: string;
  readonly to_state: string;
  readonly created_at: string;
};

export const insertTransitions = insertRows<MoveRow>("transitions_insert", "state_transitions", [
  "audit_event_id",
  "step",
  "aggregate",
  "aggregate_id",
  "from_state",
  "to_state",
  "created_at",
]);

/** The rows of an event's moves. */
export function moveRows(event: AuditEvent, { from, to }: Moves): MoveRow[] {
  const { id, aggregate, aggregate_id, created_at } = event;
  return to.map((to_state, i) => ({
    audit_event_id: id,
    step: i + 1,
    aggregate,
    aggregate_id,
    from_state: from[i] ?? "",
    to_state,
    created_at,
  }));
}

/** Each state of a path with the one before it. */
export function movesAlong(from: string, path: readonly string[]): Moves {
  return { from: path.length === 0 ? [] : [from, ...path.slice(0, -1)], to: path };
}

/**
 * @param code the refusal to give; hold commands have one of their own
 * @param edges of the machine, for where the state leads to
 * @throws Refusal when the state is not one the command starts from
 */
export function requireState(
  state: string,
  allowed: readonly string[],
  to: string | undefined,
  code: ErrorCode = "INVALID_STATE_TRANSITION",
  edges?: Edges,
): void {
  if (!allowed.includes(state)) throw wrongState(state, to ?? state, allowed, code, edges?.get(state));
}

/** @throws Refusal INVALID_STATE_TRANSITION when a step of the path is no edge of the machine */
export function requirePath(edges: Edges, from: string, path: readonly string[], allowed: readonly string[]): void {
  let at = from;
  for (const next of path) {
    if (!edges.get(at)?.includes(next)) {
      // The command may start from here, only not to there: the caller is told from where it leads there.
      const leading = allowed.filter((state) => edges.get(state)?.includes(next));
      throw wrongState(from === creation ? null : from, next, leading, "INVALID_STATE_TRANSITION", edges.get(at));
    }
    at = next;
  }
}

export const wrongState = (
  from: string | null,
  to: string,
  allowed: readonly string[],
  code: ErrorCode = "INVALID_STATE_TRANSITION",
  leadsTo?: readonly string[],
): Refusal =>
  new Refusal(code, {
    from_state: from,
    to_state: to,
    allowed_from_states: allowed,
    ...(leadsTo && { allowed_to_states: leadsTo }),
  });
