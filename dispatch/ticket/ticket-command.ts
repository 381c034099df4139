// How a command or a query on tickets is declared: the pipeline's row is called a ticket here.

import type {
  BodyOf,
  IdsOf,
  InputOf,
  PipelineName,
  QueryBodyOf,
  QueryIdsOf,
  QueryInputOf,
  QueryName,
} from "../contract/index.ts";
import type { TicketId } from "../contract/ids.ts";
import type { TicketBody } from "../contract/responses.ts";
import type { TicketState } from "../contract/states.ts";
import type { Session } from "../db/pool.ts";
import type { QueryCall, RowQuery } from "../kernel/answer-query.ts";
import type { Call, CreationCommand, CreationDecision, RowCall, RowCommand, RowDecision } from "../kernel/command.ts";
import type { FileAnswer } from "../kernel/file-answer.ts";
import { ticketAggregate } from "./ticket-aggregate.ts";
import { selectNextNumber } from "./ticket-details.ts";
import type { NewTicket, ShownTicket, TicketChange, TicketRow } from "./ticket-row.ts";

/** What a command on a ticket knows before the ticket is locked; a creating command knows the id the ticket will have. */
export type TicketLoad<N extends PipelineName> = Call<InputOf<N>, IdsOf<N>, TicketId> & { readonly ticketId: TicketId };
/** What it knows once the ticket is locked. */
export type TicketCall<N extends PipelineName> = TicketLoad<N> & { readonly ticket: TicketRow };

type AnswerOf<N extends PipelineName> = BodyOf<N> & object;
export type TicketDecision<N extends PipelineName> = RowDecision<TicketChange, TicketBody, AnswerOf<N>, TicketState>;
/** The ticket's number is the wing's to give. */
export type TicketCreation<N extends PipelineName> = Omit<
  CreationDecision<NewTicket, TicketBody, AnswerOf<N>, TicketState>,
  "create"
> & { readonly create: Omit<NewTicket, "number"> };

type Common<N extends PipelineName, Loaded> = {
  readonly name: N;
  readonly alone?: boolean;
  readonly races?: readonly string[];
  load?(tx: Session, call: TicketLoad<N>): Promise<Loaded>;
};

type TicketCommand<N extends PipelineName, Loaded, Prepared> = Common<N, Loaded> & {
  target?(call: TicketCall<N>): TicketState | undefined;
  consult?(call: TicketCall<N>, loaded: Loaded): (() => Promise<void>) | null;
  prepare?(call: TicketCall<N>, loaded: Loaded): Promise<Prepared>;
  needsPreparation?(loaded: Loaded): boolean;
  readonly preparedOnce?: boolean;
  decide(call: TicketCall<N>, loaded: Loaded, prepared: Prepared): TicketDecision<N>;
};

/** Declares a command on a ticket, inferring what it loads and prepares; see RowCommand. */
export function ticketCommand<N extends PipelineName, Loaded = undefined, Prepared = undefined>(
  command: TicketCommand<N, Loaded, Prepared>,
): RowCommand<InputOf<N>, IdsOf<N>, TicketRow, TicketChange, TicketBody, AnswerOf<N>, Loaded, Prepared, TicketId> {
  const { load, target, consult, prepare, decide, ...rest } = command;
  return {
    ...rest,
    on: "row",
    aggregate: ticketAggregate,
    ...(load && { load: (tx, call) => load(tx, { ...call, ticketId: call.id }) }),
    ...(target && { target: (call) => target(onTicket(call)) }),
    ...(consult && { consult: (call, loaded) => consult(onTicket(call), loaded) }),
    ...(prepare && { prepare: (call, loaded) => prepare(onTicket(call), loaded) }),
    decide: (call, loaded, prepared) => decide(onTicket(call), loaded, prepared),
  };
}

/** Declares a command that makes a ticket; see CreationCommand. */
export function creationCommand<N extends PipelineName, Loaded>(
  command: Common<N, Loaded> &
    Required<Pick<Common<N, Loaded>, "load">> & { decide(call: TicketLoad<N>, loaded: Loaded): TicketCreation<N> },
): CreationCommand<InputOf<N>, IdsOf<N>, NewTicket, TicketBody, AnswerOf<N>, Numbered<Loaded>, TicketId> {
  const { load, decide, ...rest } = command;
  return {
    ...rest,
    on: "creation",
    aggregate: ticketAggregate,
    async load(tx, call) {
      const own = load(tx, { ...call, ticketId: call.id }).then((loaded) => ({ loaded }));
      const [next, { loaded }] = await Promise.all([tx.row(selectNextNumber, []), own]);
      if (!next) throw new Error("the sequence of ticket numbers gave none");
      return { number: next.number, loaded };
    },
    decide(call, { number, loaded }) {
      const decision = decide({ ...call, ticketId: call.id }, loaded);
      return { ...decision, create: { ...decision.create, number } };
    },
  };
}

type Numbered<Loaded> = { readonly number: string; readonly loaded: Loaded };

const onTicket = <Input, Ids>(call: RowCall<Input, Ids, TicketRow, TicketId>) => ({
  ...call,
  ticketId: call.id,
  ticket: call.row,
});

/** What a query about a ticket knows. */
export type TicketQueryCall<N extends QueryName> = QueryCall<QueryInputOf<N>, QueryIdsOf<N>> & {
  readonly ticket: ShownTicket;
};

export const ticketQuery = <N extends QueryName>(
  name: N,
  read: (call: TicketQueryCall<N>) => Promise<QueryBodyOf<N> & object>,
): RowQuery<QueryInputOf<N>, QueryIdsOf<N>, ShownTicket, QueryBodyOf<N> & object> => ({
  name,
  on: "row",
  aggregate: ticketAggregate,
  read: ({ row, ...call }) => read({ ...call, ticket: row }),
});

/** The same of a query that answers with a file. */
export const ticketFile = <N extends QueryName>(
  name: N,
  read: (call: TicketQueryCall<N>) => Promise<FileAnswer<QueryBodyOf<N> & object>>,
): RowQuery<QueryInputOf<N>, QueryIdsOf<N>, ShownTicket, FileAnswer<QueryBodyOf<N> & object>> => ({
  name,
  on: "row",
  aggregate: ticketAggregate,
  read: ({ row, ...call }) => read({ ...call, ticket: row }),
});
