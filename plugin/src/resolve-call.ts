// A call's arguments with ids wherever names stood: what is put before a person on a card, and what is sent.

import { slugPattern } from "../../dispatch/contract/fields.ts";
import { roomRefPattern, ticketNumberFrom } from "../../dispatch/contract/ids.ts";
import { queries } from "../../dispatch/contract/index.ts";
import { roleIn, shortWaitMs, type Caller, type Desk } from "./desk.ts";
import { isUuid } from "./idempotency-key.ts";
import type { JsonObject } from "./json.ts";
import { resolveNames, type Found, type Resolution } from "./resolve-names.ts";
import type { PathId, Tool } from "./tool-catalog.ts";

/** What is called: the ids of the path by their names there, and the fields beside them. */
export type ResolvedCall = { readonly ids: Readonly<Record<string, string>>; readonly fields: JsonObject };

export type CallResolution =
  | ({ readonly kind: "found" } & ResolvedCall)
  /** An id of the path that is none, or is missing. */
  | { readonly kind: "wrong id"; readonly why: string }
  | Exclude<Resolution, { kind: "found" }>;

/**
 * The ids and fields a call would be sent with, by searches in the speaker's own scope.
 * @param args what a model sent, which readArguments let pass; fields about the call itself are no part of it
 */
export async function resolveCall(
  desk: Desk,
  tool: Tool,
  caller: Caller,
  { actor_role: _wish, actor_id: _claim, request_id: _key, ...sent }: JsonObject,
  signal?: AbortSignal,
): Promise<CallResolution> {
  const resolution = await resolveNames(sent, tool, (path) => searchAs(desk, caller, path, signal));
  if (resolution.kind !== "found") return resolution;
  const fields: Record<string, unknown> = { ...resolution.args };
  const ids: Record<string, string> = {};
  for (const { name, field, kind } of tool.ids) {
    const { [field]: id } = fields;
    if (!isIdOf(kind, id)) return { kind: "wrong id", why: `${field} is required: ${wanted(field, kind)}.` };
    ids[name] = id;
    delete fields[field];
  }
  return { kind: "found", ids, fields };
}

const slug = new RegExp(slugPattern, "i");
const roomRef = new RegExp(roomRefPattern, "u");
const isIdOf = (kind: PathId["kind"], id: unknown): id is string =>
  typeof id === "string" &&
  (kind === "slug"
    ? slug.test(id)
    : kind === "room"
      ? roomRef.test(id)
      : isUuid(id) || (kind === "ticket" && ticketNumberFrom(id) !== null));

function wanted(field: string, kind: PathId["kind"]): string {
  if (kind === "slug") return "a name of letters, digits, underscores and hyphens, 63 at most";
  if (kind === "room") return "a room's name, an alias or its uuid";
  return field === "ticket_id" ? "a number such as T-000123, a uuid, or words only one open ticket matches" : "a uuid";
}

/** Searches in any granted role that may: a technician who is also a dispatcher finds by names too. */
async function searchAs(desk: Desk, caller: Caller, path: string, signal: AbortSignal | undefined): Promise<Found> {
  const role = roleIn(caller.person, queries[path.startsWith("/directory") ? "directory.search" : "ticket.search"]);
  if (!role) return { kind: "not allowed" };
  const outcome = await desk.call({ ...caller, role }, { method: "GET", path }, signal, shortWaitMs);
  if (outcome.kind === "answered") return { kind: "found", body: outcome.body };
  return outcome.kind === "refused" ? { kind: "not allowed" } : { kind: "away", why: outcome.why };
}

/** What a card lists of a call: its fields, and the ids of its path but those of the ticket and plan, which it describes. */
export function fieldsShown(tool: Pick<Tool, "ids">, { ids, fields }: ResolvedCall): JsonObject {
  const listed = tool.ids.flatMap(({ name, field }) => {
    const { [name]: id } = ids;
    return id === undefined || name === "ticketId" || name === "planId" ? [] : [[field, id] as const];
  });
  return { ...Object.fromEntries(listed), ...fields };
}
