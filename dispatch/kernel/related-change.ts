// A row that changes because of a command on something else (a technician signs off, another ticket takes the place): it gets
// its own audit event, moves and outbox row in that command's transaction. The command must have locked it.

import type { ReceiptId } from "../contract/ids.ts";
import type { Aggregate, Place } from "./aggregate.ts";
import { chained, type AuditEvent } from "./audit.ts";
import { timeAfter } from "./clock.ts";
import type { Desk } from "./desk.ts";
import type { JsonObject } from "./json.ts";
import { movesAlong, requirePath, type Moves } from "./machine.ts";

export type RelatedChange<Row = unknown, Change = unknown> = {
  readonly aggregate: Aggregate<Row, Change>;
  readonly row: Row;
  /** The id its event, and so its receipt, will have. */
  readonly eventId: ReceiptId;
  /** The states passed through, the last one included; empty when the state stays. */
  readonly path: readonly string[];
  readonly change: Change;
  readonly payload: JsonObject;
};

/** All that a related change writes. */
export type RelatedEffect = {
  readonly aggregate: Aggregate;
  readonly row: unknown;
  readonly event: AuditEvent;
  readonly moves: Moves;
  readonly place: Place | null;
};

/**
 * The change as rows, in its own chain, as done by the actor of the command.
 * @param cause the command's own event; its id is kept as `caused_by`
 * @throws Refusal INVALID_STATE_TRANSITION when its path is none of its machine
 */
export function relatedEffect(
  desk: Desk,
  cause: AuditEvent,
  { aggregate, row, eventId, path, change, payload }: RelatedChange,
): RelatedEffect {
  const from = aggregate.stateOf(row);
  if (from !== null) requirePath(aggregate.edges, from, path, []);
  const head = aggregate.headOf(row);
  const at = timeAfter(head.at, cause.created_at);
  const after = aggregate.changed(desk, row, change, path, at);
  const event = chained(
    {
      ...cause,
      id: eventId,
      aggregate: aggregate.name,
      aggregate_id: aggregate.idOf(row),
      before_state: from,
      after_state: aggregate.stateOf(after),
      payload: { ...payload, caused_by: cause.id },
      created_at: at,
    },
    head,
  );
  const moves = movesAlong(from ?? "", path);
  return {
    aggregate,
    row: aggregate.withHead(after, { seq: event.seq, hash: event.hash, at }),
    event,
    moves,
    place: aggregate.placeOf(row),
  };
}
