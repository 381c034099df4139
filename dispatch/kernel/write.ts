// Turns a decision into rows: the ticket, its audit event, its moves, the outbox, the stored answer. It decides nothing.

import type { CommandEntry, PipelineName } from "../contract/index.ts";
import { creation, type FromState, type TicketState } from "../contract/states.ts";
import type { Session } from "../db/pool.ts";
import { advanceDeskChain, auditValues, chained, insertAudit, receiptOf, type AuditEvent } from "./audit.ts";
import type { Call, CreationDecision, DeskDecision, Place, TicketCall, TicketDecision } from "./command.ts";
import type { Answer, CommandRequest } from "./command-call.ts";
import { originOf } from "./human-approval.ts";
import { insertAnswer } from "./idempotency.ts";
import type { JsonObject } from "./json.ts";
import { insertTransitions, movesAlong, requirePath } from "./machine.ts";
import { insertOutbox, outboxValues } from "./outbox.ts";
import {
  advanceTicketAudit,
  changedTicket,
  insertTicket,
  insertTicketWords,
  insertValues,
  newTicket,
  ticketBody,
  updateTicket,
  updateValues,
  type TicketRow,
} from "../ticket/ticket-row.ts";

/** A decision of any kind, brought to one shape. */
export type Effect = {
  readonly before: TicketRow | null;
  /** The ticket afterwards, its audit head not yet advanced; null when there is no ticket. */
  readonly after: TicketRow | null;
  readonly place: Place | null;
  readonly from: FromState;
  readonly path: readonly TicketState[];
  readonly at: string;
  readonly head: { readonly seq: number; readonly hash: string };
  readonly payload: JsonObject;
  readonly write: (tx: Session, event: AuditEvent) => Promise<unknown>[];
  readonly body: (ticket: TicketRow | null, event: AuditEvent) => object;
};

const nothing = (): Promise<unknown>[] => [];

/** @throws Refusal INVALID_STATE_TRANSITION when the decision's path is not one of the machine */
export function effectOfTicket<N extends PipelineName>(
  call: TicketCall<N>,
  entry: CommandEntry,
  decision: TicketDecision<N>,
): Effect {
  const { ticket, now } = call;
  const path = decision.path ?? [];
  requirePath(ticket.state, path, entry.from);
  const changes = decision.change !== undefined || path.length > 0;
  return {
    before: ticket,
    after: changes
      ? changedTicket(ticket, decision.change ?? {}, path, now, call.desk.policy.sla.targetMinutes)
      : ticket,
    place: ticket,
    from: ticket.state,
    path,
    at: now,
    head: { seq: ticket.audit_seq, hash: ticket.audit_hash },
    payload: decision.payload,
    write: decision.write ?? nothing,
    body: (after, event) => decision.body(ticketBody(after ?? ticket), event),
  };
}

export function effectOfCreation<N extends PipelineName>(call: Call<N>, decision: CreationDecision<N>): Effect {
  const made = newTicket(call.ticketId, decision.create, decision.state, call.now, call.desk.policy.sla.targetMinutes);
  requirePath(creation, [decision.state], []);
  return {
    before: null,
    after: made,
    place: made,
    from: creation,
    path: [decision.state],
    at: call.now,
    head: { seq: 0, hash: "" },
    payload: decision.payload,
    write: decision.write ?? nothing,
    body: (after, event) => decision.body(ticketBody(after ?? made), event),
  };
}

export function effectOfDesk<N extends PipelineName>(
  call: Call<N>,
  decision: DeskDecision<N>,
  head: Effect["head"],
): Effect {
  return {
    before: null,
    after: null,
    place: decision.place ?? null,
    from: creation,
    path: [],
    at: call.now,
    head,
    payload: decision.payload,
    write: decision.write ?? nothing,
    body: (_none, event) => decision.body(event),
  };
}

type Writing = {
  readonly request: CommandRequest;
  readonly entry: CommandEntry;
  readonly eventId: string;
  readonly effect: Effect;
  readonly requestHash: string;
};

/** The answer of a command, and the statements that make it true, to be queued in this order before the commit. */
export function writeEffect({ request, entry, eventId, effect, requestHash }: Writing): {
  answer: Answer;
  statements: (tx: Session) => Promise<unknown>[];
} {
  const { before, after, path, at } = effect;
  const event = chained(
    {
      id: eventId,
      ticket_id: after?.id ?? null,
      actor_type: request.actor.type,
      actor_id: request.actor.id,
      actor_role: request.actor.role,
      tool_name: request.name,
      request_id: request.requestId,
      correlation_id: request.trace.correlationId,
      trace_id: request.trace.traceId,
      before_state: before?.state ?? null,
      after_state: after?.state ?? null,
      payload: { ...effect.payload, ...originOf(request) },
      created_at: at,
    },
    effect.head,
  );
  const ticket = after && { ...after, audit_seq: event.seq, audit_hash: event.hash, audit_at: at };
  const scope = { account_id: effect.place?.account_id ?? null, site_id: effect.place?.site_id ?? null };
  const body = JSON.stringify({ ...effect.body(ticket, event), receipt: receiptOf(event) });
  const moves = movesAlong(effect.from, path);
  return {
    answer: { status: entry.status, body, replayed: false, ticketId: event.ticket_id, moves },
    statements: (tx) => [
      ...headStatements(tx, before, ticket, event, before !== after),
      tx.row(insertAudit, auditValues(event)),
      ...(path.length === 0 ? [] : [tx.row(insertTransitions, [event.id, event.ticket_id, at, moves.from, moves.to])]),
      ...effect.write(tx, event),
      tx.row(insertOutbox, outboxValues(event, scope)),
      tx.row(insertAnswer, [
        request.actor.id,
        entry.path,
        request.requestId,
        requestHash,
        entry.status,
        body,
        event.ticket_id,
        scope.account_id,
        scope.site_id,
        at,
      ]),
    ],
  };
}

/** The row that holds the head of the event's chain: the ticket, new, changed or as it was, or the desk's. */
function headStatements(
  tx: Session,
  before: TicketRow | null,
  ticket: TicketRow | null,
  event: AuditEvent,
  changed: boolean,
): Promise<unknown>[] {
  if (!ticket) return [tx.row(advanceDeskChain, [event.seq, event.hash, event.created_at])];
  if (!before) {
    const words = [ticket.id, ticket.summary, ticket.description, ticket.customer_name, ticket.site_id];
    return [tx.row(insertTicket, insertValues(ticket)), tx.row(insertTicketWords, words)];
  }
  if (changed) return [tx.row(updateTicket, updateValues(ticket))];
  return [tx.row(advanceTicketAudit, [ticket.id, event.seq, event.hash, event.created_at])];
}
