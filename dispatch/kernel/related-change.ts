// A row that changes, or comes to be, because of a command on something else (a technician signs off, another ticket takes the
// place, more work follows): it gets its own audit event, moves and outbox row in that command's transaction. What is there
// already the command must have locked.

import type { ReceiptId } from "../contract/ids.ts";
import { creation } from "../contract/states.ts";
import { partiesTo, type Aggregate, type Belonging } from "./aggregate.ts";
import { chained, type AuditEvent } from "./audit.ts";
import { timeAfter } from "./clock.ts";
import type { Desk } from "./desk.ts";
import type { JsonObject } from "./json.ts";
import { movesAlong, requirePath, type Moves } from "./machine.ts";
import type { Told } from "./outbox.ts";
import { entriesOf, inWritingOrder, type PartChange } from "./parts.ts";
import { rowHashes } from "./row-hash.ts";

export type RelatedChange<Row = unknown, Change = unknown> = {
  readonly aggregate: Aggregate<Row, Change>;
  readonly row: Row;
  /** The id its event, and so its receipt, will have. */
  readonly eventId: ReceiptId;
  /** The states passed through, the last one included; empty when the state stays. */
  readonly path: readonly string[];
  readonly change: Change;
  readonly payload: JsonObject;
  /** As of a decision. */
  readonly parts?: readonly PartChange[];
  /** As of a decision. */
  readonly told?: readonly Told[];
};

/** A row that comes to be. */
export type RelatedCreation<Row = unknown> = Pick<RelatedChange<Row>, "aggregate" | "eventId" | "payload" | "told"> & {
  /** As the aggregate makes it, at the command's own time. */
  readonly created: Row;
};

export type Related = RelatedChange | RelatedCreation;

/** All that a related change or creation writes. */
export type RelatedEffect = {
  readonly aggregate: Aggregate;
  readonly fate: "inserted" | "updated";
  readonly row: unknown;
  readonly event: AuditEvent;
  readonly moves: Moves;
  readonly place: Belonging | null;
  readonly parts: readonly PartChange[];
  readonly told: readonly Told[] | undefined;
  readonly parties: readonly string[] | null;
};

/**
 * The rows of it, in its own chain, as done by the actor of the command.
 * @param cause the command's own event; its id is kept as `caused_by`
 * @throws Refusal INVALID_STATE_TRANSITION when its path is none of its machine
 */
export function relatedEffect(desk: Desk, cause: AuditEvent, related: Related): RelatedEffect {
  const { aggregate, eventId, payload } = related;
  const { row, from, moves, at, fate } =
    "created" in related ? creationOf(cause, related) : changeOf(desk, cause, related);
  const parts = "created" in related ? [] : inWritingOrder(related.parts ?? []);
  const event = chained(
    {
      ...cause,
      ...rowHashes(aggregate, "created" in related ? null : related.row, row),
      parts: entriesOf(parts),
      id: eventId,
      aggregate: aggregate.name,
      aggregate_id: aggregate.idOf(row),
      before_state: from,
      after_state: aggregate.stateOf(row),
      payload: { ...payload, caused_by: cause.id },
      created_at: at,
    },
    aggregate.headOf(row),
  );
  const place = aggregate.placeOf(row);
  return {
    aggregate,
    fate,
    row: aggregate.withHead(row, { seq: event.seq, hash: event.hash, at }),
    event,
    moves,
    place,
    parts,
    told: related.told,
    parties: partiesTo(aggregate, "created" in related ? null : related.row, row),
  };
}

type Became = Pick<RelatedEffect, "row" | "moves" | "fate"> & { readonly from: string | null; readonly at: string };

function changeOf(desk: Desk, cause: AuditEvent, { aggregate, row, path, change }: RelatedChange): Became {
  const from = aggregate.stateOf(row);
  if (from !== null) requirePath(aggregate.edges, from, path, []);
  const at = timeAfter(aggregate.headOf(row).at, cause.created_at);
  const after = aggregate.changed(desk, row, change, path, at);
  return { row: after, from, moves: movesAlong(from ?? "", path), at, fate: "updated" };
}

function creationOf(cause: AuditEvent, { aggregate, created }: RelatedCreation): Became {
  const state = aggregate.stateOf(created);
  const path = state === null ? [] : [state];
  requirePath(aggregate.edges, creation, path, []);
  return { row: created, from: null, moves: movesAlong(creation, path), at: cause.created_at, fate: "inserted" };
}
