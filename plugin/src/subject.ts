// What a call is about, read in the speaker's own scope, so that a person who is asked sees it. What cannot be read is not
// put before anybody: there is no card then, and the API refuses the call.

import { pathWith, queries, type QueryName } from "../../dispatch/contract/index.ts";
import { queryString, roleIn, type Caller, type Desk } from "./desk.ts";
import { isUuid } from "./idempotency-key.ts";
import { isObject, listAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { fieldsShown, type ResolvedCall } from "./resolve-call.ts";
import type { Tool } from "./tool-catalog.ts";

export type Subject = {
  /** The call with a ticket's id wherever its number stood. */
  readonly call: ResolvedCall;
  /** The ticket the call names, in its path or among its fields; null when it names none. So with the others. */
  readonly ticket: JsonObject | null;
  readonly plan: JsonObject | null;
  readonly approval: JsonObject | null;
  /** What a model asked for, where that is to be answered. */
  readonly request: JsonObject | null;
  /** What the ids of people, places and further tickets among the fields are called, by id. */
  readonly names: ReadonlyMap<string, string>;
};

type Read = (name: QueryName, ids: Readonly<Record<string, string>>, fields?: JsonObject) => Promise<JsonObject | null>;

/** The subject of a call; null when something that it names cannot be read. */
export async function subjectOf(
  desk: Desk,
  tool: Tool,
  caller: Caller,
  { ids, fields }: ResolvedCall,
): Promise<Subject | null> {
  const read: Read = async (name, pathIds, parameters = {}) => {
    const role = roleIn(caller.person, queries[name]);
    const path = `${pathWith(queries[name].path, pathIds)}${queryString(parameters)}`;
    return role ? desk.peek({ ...caller, role }, path) : null;
  };
  const named = ticketsNamed(tool, { ids, fields });
  const requestId = ids["approvalRequestId"];
  const [tickets, plan, approval, request, names] = await Promise.all([
    Promise.all(named.map(async ({ id }) => read("ticket.get", { ticketId: id }))),
    ids["planId"] === undefined ? null : read("plan.get", { planId: ids["planId"] }),
    approvalIn({ ids, fields }, read),
    requestId === undefined ? null : read("approval_request.get", { approvalRequestId: requestId }),
    namesOf(tool, fieldsShown(tool, { ids, fields }), read),
  ]);
  const call = withIds({ ids, fields }, named, tickets);
  const isUnread = (one: JsonObject | null, id: unknown) => one === null && id !== undefined;
  if (isUnread(request, requestId)) return null;
  if (call === null || isUnread(plan, ids["planId"]) || isUnread(approval, fields["approval_id"])) return null;
  const beside = tickets.slice(1).map((one) => [textAt(one, "id") ?? "", textAt(one, "number") ?? ""] as const);
  return {
    call,
    ticket: tickets[0] ?? null,
    plan: plan && objectAt(plan, "plan"),
    approval,
    request,
    names: new Map([...names, ...beside]),
  };
}

type NamedTicket = { readonly id: string; readonly inPath: boolean; readonly field: string };

/** The tickets a call names, the one in its path first. */
function ticketsNamed(tool: Tool, { ids, fields }: ResolvedCall): NamedTicket[] {
  const inPath = tool.ids.flatMap(({ name, kind }) => {
    const { [name]: id } = ids;
    return kind === "ticket" && id !== undefined ? [{ id, inPath: true, field: name }] : [];
  });
  const beside = Object.entries(fields).flatMap(([field, id]) =>
    /(^|_)ticket_id$/.test(field) && typeof id === "string" ? [{ id, inPath: false, field }] : [],
  );
  return [...inPath, ...beside];
}

/** The call with the id of each ticket that was read; null when one was not. */
function withIds(
  { ids, fields }: ResolvedCall,
  named: readonly NamedTicket[],
  tickets: readonly (JsonObject | null)[],
): ResolvedCall | null {
  const call = { ids: { ...ids }, fields: { ...fields } };
  for (const [index, { field, inPath }] of named.entries()) {
    const id = textAt(tickets[index], "id");
    if (id === null) return null;
    if (inPath) call.ids[field] = id;
    else call.fields[field] = id;
  }
  return call;
}

/** The request that is to be decided, where the fields name one; null when it is not there, or waits no longer. */
async function approvalIn({ ids, fields }: ResolvedCall, read: Read): Promise<JsonObject | null> {
  const { approval_id: id } = fields;
  if (typeof id !== "string") return null;
  // Of the ticket alone: the whole desk's are pages.
  const filters = { status: "PENDING", ...(ids["ticketId"] !== undefined && { ticket_id: ids["ticketId"] }) };
  const waiting = listAt(await read("approval.list", {}, filters), "approvals");
  return waiting.filter(isObject).find((one) => textAt(one, "id") === id.toLowerCase()) ?? null;
}

async function namesOf(tool: Tool, fields: JsonObject, read: Read): Promise<ReadonlyMap<string, string>> {
  const wanted = Object.entries(fields).flatMap(([field, value]) => {
    const { [field]: kind } = tool.named;
    const all: readonly unknown[] = Array.isArray(value) ? value : [value];
    return kind ? all.filter(isUuid).map((id) => ({ kind, id })) : [];
  });
  const found = await Promise.all(
    wanted.map(async ({ kind, id }) => {
      const body = await read("directory.search", {}, { q: id, kind, limit: 1 });
      const name = textAt(listAt(body, "results")[0], "name");
      return name === null ? [] : [[id, name] as const];
    }),
  );
  return new Map(found.flat());
}
