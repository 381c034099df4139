// Turns decisions into rows: heads, audit events, moves, the outbox, stored answers. It decides nothing. Rows of all commands
// of a transaction go in by one statement per table.

import type { CommandEntry } from "../contract/entry.ts";
import type { ReceiptId } from "../contract/ids.ts";
import { creation } from "../contract/states.ts";
import type { Session } from "../db/pool.ts";
import { concernsOf, partiesTo, type Aggregate, type Belonging, type ChainHead } from "./aggregate.ts";
import { chained, insertAudit, receiptOf, type AuditEvent } from "./audit.ts";
import type { Answer, CommandRequest } from "./command-call.ts";
import type { Call, CreationDecision, RowCall, RowDecision } from "./command.ts";
import type { Desk } from "./desk.ts";
import { originOf } from "./human-approval.ts";
import { insertAnswers, type AnswerRow } from "./idempotency.ts";
import { insertTransitions, moveRows, movesAlong, requirePath, type Moves } from "./machine.ts";
import { insertOutbox, outboxRows } from "./outbox.ts";
import { relatedEffect, type RelatedEffect } from "./related-change.ts";
import { entriesOf, inWritingOrder, type PartChange } from "./parts.ts";
import { rowHashes } from "./row-hash.ts";

/** A decision of any kind, brought to one shape. */
export type Effect = {
  readonly aggregate: Aggregate;
  /** What becomes of the row: it is new, its fields change, or only the head of its chain moves on. */
  readonly fate: "inserted" | "updated" | "advanced";
  /** The row as it was locked; null where it is new. */
  readonly found: unknown;
  /** The row afterwards, its head not yet advanced. */
  readonly row: unknown;
  readonly before: string | null;
  readonly moves: Moves;
  readonly at: string;
  readonly head: Pick<ChainHead, "seq" | "hash">;
  readonly place: Belonging | null;
  readonly decision: RowDecision | CreationDecision;
};

/** @throws Refusal INVALID_STATE_TRANSITION when the decision's path is not one of the machine */
export function effectOnRow(
  aggregate: Aggregate,
  { desk, row, now }: RowCall,
  entry: CommandEntry,
  decision: RowDecision,
): Effect {
  const before = aggregate.stateOf(row);
  const path = decision.path ?? [];
  if (before !== null) requirePath(aggregate.edges, before, path, entry.from);
  const changes = decision.change !== undefined || path.length > 0;
  return {
    aggregate,
    fate: changes ? "updated" : "advanced",
    found: row,
    row: changes ? aggregate.changed(desk, row, decision.change ?? {}, path, now) : row,
    before,
    moves: movesAlong(before ?? "", path),
    at: now,
    head: aggregate.headOf(row),
    place: decision.place ?? aggregate.placeOf(row),
    decision,
  };
}

export function effectOfCreation(aggregate: Aggregate, { desk, id, now }: Call, decision: CreationDecision): Effect {
  const path = decision.state === undefined ? [] : [decision.state];
  requirePath(aggregate.edges, creation, path, []);
  const row = aggregate.created(desk, {
    id: decision.id ?? id,
    fields: decision.create,
    state: decision.state ?? "",
    at: now,
  });
  return {
    aggregate,
    fate: "inserted",
    found: null,
    row,
    before: null,
    moves: movesAlong(creation, path),
    at: now,
    head: { seq: 0, hash: "" },
    place: decision.place ?? aggregate.placeOf(row),
    decision,
  };
}

export type Writing = {
  readonly desk: Desk;
  readonly request: CommandRequest;
  readonly entry: CommandEntry;
  /** The stored answer's key, as one uuid. */
  readonly key: string;
  readonly requestHash: string;
  readonly eventId: ReceiptId;
  readonly effect: Effect;
};

/** A command with everything it will write, and its answer. */
export type Written = Pick<Writing, "effect"> & {
  readonly row: unknown;
  readonly event: AuditEvent;
  readonly parts: readonly PartChange[];
  readonly related: readonly RelatedEffect[];
  readonly answer: Answer;
  /** The stored answer's row. */
  readonly stored: AnswerRow;
};

/** @throws Refusal INVALID_STATE_TRANSITION for a related change that its machine does not know */
export function written({ desk, request, entry, key, requestHash, eventId, effect }: Writing): Written {
  const { aggregate, decision, moves, at } = effect;
  const { actor, trace } = request;
  const parts = inWritingOrder(decision.parts ?? []);
  const event = chained(
    {
      id: eventId,
      aggregate: aggregate.name,
      aggregate_id: aggregate.idOf(effect.row),
      actor_type: actor.type,
      actor_id: actor.id,
      actor_role: actor.role,
      tool_name: request.name,
      request_id: request.requestId,
      correlation_id: trace.correlationId,
      trace_id: trace.traceId,
      before_state: effect.before,
      after_state: aggregate.stateOf(effect.row),
      payload: { ...decision.payload, ...originOf(request, entry, desk) },
      ...rowHashes(aggregate, effect.found, effect.row),
      parts: entriesOf(parts),
      created_at: at,
    },
    effect.head,
  );
  const row = aggregate.withHead(effect.row, { seq: event.seq, hash: event.hash, at });
  const related = (decision.related ?? []).map((change) => relatedEffect(desk, event, change));
  const { warnings = [], status = entry.status } = decision;
  const answered = decision.body(aggregate.body(row, actor), event);
  const beside = { ...(warnings.length > 0 && { warnings }), receipt: receiptOf(event) };
  const body = JSON.stringify({ ...answered, ...beside });
  const named = concernsOf([effect.place, ...related.map(({ place }) => place)]);
  const { account_ids = [], site_ids = [] } = decision.concerns ?? {};
  const stored: AnswerRow = {
    key,
    actor_id: actor.id,
    endpoint: entry.path,
    request_id: request.requestId,
    request_hash: requestHash,
    response_code: status,
    response_body: decision.kept ? JSON.stringify({ ...decision.kept(answered), ...beside }) : body,
    aggregate: event.aggregate,
    aggregate_id: event.aggregate_id,
    account_ids: [...new Set([...named.account_ids, ...account_ids])],
    site_ids: [...new Set([...named.site_ids, ...site_ids])],
    created_at: at,
  };
  const { aggregate: name, aggregate_id: aggregateId } = event;
  const answer = { status, body, replayed: false, aggregate: name, aggregateId, moves };
  return { effect, row, event, parts, related, answer, stored };
}

/** Queues the statements that make commands true, in this order, before the commit. */
export function writeAll(tx: Session, all: readonly Written[]): Promise<unknown>[] {
  const events = all.flatMap(({ event, effect, row, parts, related }) => [
    {
      aggregate: effect.aggregate,
      event,
      moves: effect.moves,
      place: effect.place,
      parts,
      told: effect.decision.told,
      parties: partiesTo(effect.aggregate, effect.found, row),
    },
    ...related,
  ]);
  return [
    ...writeRows(tx, all),
    ...insertAudit(
      tx,
      events.map(({ event }) => event),
    ),
    ...insertTransitions(
      tx,
      events.flatMap(({ event, moves }) => moveRows(event, moves)),
    ),
    ...writeParts(tx, events),
    ...all.flatMap(({ effect, event }) => effect.decision.write?.(tx, event) ?? []),
    ...insertOutbox(
      tx,
      events.flatMap(({ aggregate, event, told, ...audience }) => outboxRows(aggregate, event, audience, told)),
    ),
    ...insertAnswers(
      tx,
      all.map(({ stored }) => stored),
    ),
  ];
}

type EventWithParts = { readonly event: AuditEvent; readonly parts: readonly PartChange[] };

/** Of all events first the changes, then what is added: two visits of one command may change places. */
function writeParts(tx: Session, events: readonly EventWithParts[]): Promise<unknown>[] {
  const parts = events.flatMap(({ event, parts: own }) => own.map((part) => ({ event, ...part })));
  return inWritingOrder(parts).flatMap((part) => part.write(tx, part.event));
}

/** Rows of one aggregate with one fate go together. */
function writeRows(tx: Session, all: readonly Written[]): Promise<unknown>[] {
  const rows = all.flatMap(({ effect: { aggregate, fate }, row, related }) => [{ aggregate, fate, row }, ...related]);
  return [...Map.groupBy(rows, ({ aggregate }) => aggregate)].flatMap(([aggregate, ofIt]) => {
    const of = (fate: Effect["fate"]) => ofIt.filter((one) => one.fate === fate).map(({ row }) => row);
    return [
      ...aggregate.insert(tx, of("inserted")),
      ...aggregate.update(tx, of("updated")),
      ...aggregate.advanceHead(tx, of("advanced")),
    ];
  });
}
