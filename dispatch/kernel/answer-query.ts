// How any query runs: credentials and role were checked at the door; here parameters, existence and scope, then the
// query's own reading. Nothing is written.

import { queries, type QueryBodyOf, type QueryEntry, type QueryInputOf, type QueryName } from "../contract/index.ts";
import type { Actor } from "./actor.ts";
import { requireScope } from "./authorize.ts";
import type { Desk } from "./desk.ts";
import { refusalFor } from "./failure.ts";
import type { JsonObject, JsonText } from "./json.ts";
import { invalidFields, Refusal } from "./refusal.ts";
import { selectTicket, type TicketRow } from "../ticket/ticket-row.ts";
import type { Validators } from "./validate.ts";

export type QueryCall<N extends QueryName> = {
  readonly desk: Desk;
  readonly actor: Actor;
  readonly input: QueryInputOf<N>;
  /** ISO 8601 */
  readonly now: string;
  /** The other ids a path may hold. */
  readonly receiptId: string | null;
  readonly planId: string | null;
};

/** A query about the ticket named in its path; it is read, and its scope checked, before. */
export type TicketQuery<N extends QueryName> = {
  readonly name: N;
  readonly on: "ticket";
  read(call: QueryCall<N> & { readonly ticket: TicketRow }): Promise<QueryBodyOf<N> | JsonText>;
};
/** A query about the desk; it keeps to the caller's scope itself, in SQL. */
export type DeskQuery<N extends QueryName> = {
  readonly name: N;
  readonly on: "desk";
  read(call: QueryCall<N>): Promise<QueryBodyOf<N> | JsonText>;
};
/** A handler for every query of the contract; a missing one does not compile. */
export type QueryHandlers = { readonly [N in QueryName]: TicketQuery<N> | DeskQuery<N> };

export const ticketQuery = <N extends QueryName>(name: N, read: TicketQuery<N>["read"]): TicketQuery<N> => ({
  name,
  on: "ticket",
  read,
});
export const deskQuery = <N extends QueryName>(name: N, read: DeskQuery<N>["read"]): DeskQuery<N> => ({
  name,
  on: "desk",
  read,
});

export type QueryRequest<N extends QueryName = QueryName> = {
  readonly name: N;
  readonly ticketId: string | null;
  readonly receiptId: string | null;
  /** The plan named in the path; absent where the path names none. */
  readonly planId?: string | null;
  /** Parameters as typed values; see the API's query string reading. */
  readonly parameters: JsonObject;
  readonly actor: Actor;
};

/**
 * Answers a query.
 * @throws Refusal
 */
export async function answerQuery<N extends QueryName>(
  { desk, handlers, validators }: { desk: Desk; handlers: QueryHandlers; validators: Validators },
  request: QueryRequest<N>,
): Promise<{ entry: QueryEntry; body: QueryBodyOf<N> | JsonText }> {
  const entry: QueryEntry = queries[request.name];
  const handler: TicketQuery<N> | DeskQuery<N> = handlers[request.name];
  const validated = validators.queries[request.name](request.parameters);
  if (!validated.ok) throw invalidFields(validated.violations, "INVALID_QUERY");
  const { actor, receiptId, planId = null } = request;
  const call: QueryCall<N> = {
    desk,
    actor,
    receiptId,
    planId,
    input: validated.input,
    now: desk.clock.now().toISOString(),
  };
  try {
    if (handler.on === "desk") return { entry, body: await handler.read(call) };
    const ticket = await desk.db.row(selectTicket, [request.ticketId]);
    if (!ticket) throw new Refusal("TICKET_NOT_FOUND", { ticket_id: request.ticketId });
    requireScope(actor, ticket);
    return { entry, body: await handler.read({ ...call, ticket }) };
  } catch (error) {
    throw refusalFor(error);
  }
}
