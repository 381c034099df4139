// How any query runs: credentials and role were checked at the door; here parameters, existence and scope, then the
// query's own reading. Nothing is written.

import type { QueryBodyOf, QueryIdsOf, QueryInputOf, QueryName } from "../contract/index.ts";
import type { Actor } from "./actor.ts";
import type { Aggregate } from "./aggregate.ts";
import { requireScope } from "./authorize.ts";
import type { Desk } from "./desk.ts";
import { readingRefusal } from "./failure.ts";
import type { JsonObject, JsonText } from "./json.ts";
import type { ListAnswer } from "./list-answer.ts";
import { withPolicies } from "./policies.ts";
import { invalidFields } from "./refusal.ts";
import type { Validator } from "./validate.ts";

export type QueryCall<Input = unknown, Ids = unknown> = {
  readonly desk: Desk;
  readonly actor: Actor;
  readonly input: Input;
  /** The ids in the path. */
  readonly ids: Ids;
  /** ISO 8601 */
  readonly now: string;
};

/** A query about the row named in its path; it is read, and its scope checked, before. */
export type RowQuery<Input = unknown, Ids = unknown, Row = unknown, Answer = object> = {
  readonly name: string;
  readonly on: "row";
  readonly aggregate: Aggregate;
  read(call: QueryCall<Input, Ids> & { readonly row: Row }): Promise<Answer>;
};
/** A query about the desk; it keeps to the caller's scope itself, in SQL. */
export type DeskQuery<Input = unknown, Ids = unknown, Answer = object> = {
  readonly name: string;
  readonly on: "desk";
  read(call: QueryCall<Input, Ids>): Promise<Answer>;
};
export type Query = RowQuery | DeskQuery;
/** By the query's name. The composition root's type says that none is missing. */
export type QueryHandlers = Readonly<Record<string, Query>>;

/** What a query about the desk knows. */
export type DeskQueryCall<N extends QueryName> = QueryCall<QueryInputOf<N>, QueryIdsOf<N>>;

export const deskQuery = <N extends QueryName>(
  name: N,
  read: (call: DeskQueryCall<N>) => Promise<DeskAnswer<N>>,
): DeskQuery<QueryInputOf<N>, QueryIdsOf<N>, DeskAnswer<N>> => ({ name, on: "desk", read });

/** As the contract says, as its text, or, where that is a list, with where its next page begins. */
type DeskAnswer<N extends QueryName> =
  | (QueryBodyOf<N> & object)
  | JsonText
  | (QueryBodyOf<N> extends readonly (infer Item extends object)[] ? ListAnswer<Item> : never);

export type QueryRequest = {
  readonly query: Query;
  readonly validate: Validator<unknown>;
  /** The ids in the path by the names the contract gives them. */
  readonly ids: Readonly<Record<string, string>>;
  /** Parameters as typed values; see the API's query string reading. */
  readonly parameters: JsonObject;
  readonly actor: Actor;
};

/**
 * Answers a query.
 * @throws Refusal
 */
export async function answerQuery(
  desk: Desk,
  { query, validate, ids, parameters, actor }: QueryRequest,
): Promise<object> {
  const validated = validate(parameters);
  if (!validated.ok) throw invalidFields(validated.violations, "INVALID_QUERY");
  const call: QueryCall = { desk, actor, ids, input: validated.input, now: desk.clock.now().toISOString() };
  try {
    if (query.on === "desk") return await withPolicies(desk.policies, () => query.read(call));
    const { aggregate } = query;
    const id = (aggregate.idIn === null ? null : ids[aggregate.idIn]) ?? aggregate.name;
    const row = await desk.db.row(aggregate.select, [id]);
    if (!row) throw aggregate.notFound(id);
    const place = aggregate.placeOf(row);
    if (place) requireScope(actor, place);
    return await withPolicies(desk.policies, () => query.read({ ...call, row }));
  } catch (error) {
    throw readingRefusal(error);
  }
}
