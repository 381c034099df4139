// Turns names into ids where exactly one thing has the name, through searches in the speaker's own scope. Several
// matches make a question; none makes a refusal. It never guesses.

import { finalStates, ticketStates } from "../../dispatch/contract/states.ts";
import { ticketNumberFrom } from "../../dispatch/contract/ids.ts";
import { isUuid } from "./idempotency-key.ts";
import { isObject, listAt, textAt, type JsonObject } from "./json.ts";
import { lines, quoted, wordAt } from "./result-text.ts";
import type { Tool } from "./tool-catalog.ts";

export type Found =
  | { readonly kind: "found"; readonly body: JsonObject }
  /** The search is not the speaker's to make. */
  | { readonly kind: "not allowed" }
  | { readonly kind: "away"; readonly why: string };

/** A search of the API with the speaker's token. */
export type Search = (path: string) => Promise<Found>;

export type Resolution =
  | { readonly kind: "found"; readonly args: JsonObject }
  | { readonly kind: "several"; readonly text: string; readonly candidates: readonly JsonObject[] }
  | { readonly kind: "none"; readonly field: string; readonly why: string }
  | { readonly kind: "away"; readonly why: string };

type One = { readonly id: string } | Exclude<Resolution, { kind: "found" }>;

const limit = 10;
const isFinal = (state: string) => finalStates.some((final) => final === state);
const openStates = ticketStates.filter((state) => !isFinal(state));
/** Where a ticket that is named by words may stand: open, or over where the tool is for few states and that is one of them. */
const statesFor = ({ entry }: NamingTool): readonly string[] =>
  entry.kind === "command" && entry.from.length < openStates.length
    ? [...openStates, ...entry.from.filter(isFinal)]
    : openStates;

type NamingTool = Pick<Tool, "ids" | "named" | "entry">;

/**
 * The arguments with an id wherever a name stood.
 * @param args the tool's own fields; what is no text or already a uuid stays as it is
 * @param tool the ids in its path that are names themselves stay as they are
 */
export async function resolveNames(args: JsonObject, tool: NamingTool, search: Search): Promise<Resolution> {
  const resolved: Record<string, unknown> = { ...args };
  const kinds = new Map(tool.ids.map(({ field, kind }) => [field, kind]));
  for (const [field, value] of Object.entries(args)) {
    const kind = kinds.get(field);
    if (kind === "slug" || kind === "room") continue;
    const values = Array.isArray(value) ? value : [value];
    const found: unknown[] = [];
    for (const name of values) {
      if (typeof name !== "string" || name.trim() === "" || isId(field, name.trim())) {
        found.push(typeof name === "string" ? name.trim() : name);
        continue;
      }
      const one = await resolveOne(tool, field, name.trim(), resolved, search);
      if (one === null) found.push(name);
      else if ("id" in one) found.push(one.id);
      else return one;
    }
    resolved[field] = Array.isArray(value) ? found : found[0];
  }
  return { kind: "found", args: resolved };
}

/** What the API takes as it is. */
const isId = (field: string, text: string): boolean =>
  isUuid(text) || (/(^|_)ticket_id$/.test(field) && ticketNumberFrom(text) !== null);

/** Null when the field does not name a thing. */
async function resolveOne(
  tool: NamingTool,
  field: string,
  name: string,
  args: JsonObject,
  search: Search,
): Promise<One | null> {
  if (name.length > 200)
    return tool.named[field] || field === "ticket_id"
      ? { kind: "none", field, why: "is neither a uuid nor a name" }
      : null;
  const kind = tool.named[field];
  if (kind) return inDirectory(field, kind, name, args, search);
  const inPath = tool.ids.some((id) => id.field === field);
  return field === "ticket_id" && inPath ? amongTickets(name, statesFor(tool), search) : null;
}

async function inDirectory(field: string, kind: string, name: string, args: JsonObject, search: Search): Promise<One> {
  const answer = await search(`/directory?${new URLSearchParams({ q: name, kind, limit: String(limit) })}`);
  if (answer.kind === "away") return answer;
  if (answer.kind === "not allowed")
    return {
      kind: "none",
      field,
      why: `names a ${kind} by ${quoted(name)}, and this sender may not search the directory: give its uuid`,
    };
  const account = textAt(args, "account_id");
  const all = listAt(answer.body, "results").filter(isObject);
  // A site or asset of another account is not meant when the account is known already.
  const fitting =
    account !== null && isUuid(account) ? all.filter((one) => (textAt(one, "account_id") ?? account) === account) : all;
  return theOne(
    field,
    kind,
    name,
    fitting,
    (one) => `${kind}_id ${wordAt(one, "id")} ${quoted(textAt(one, "name"))} ${quoted(textAt(one, "detail"), 120)}`,
  );
}

async function amongTickets(words: string, states: readonly string[], search: Search): Promise<One> {
  const answer = await search(
    `/tickets?${new URLSearchParams({ q: words, state: states.join(","), limit: String(limit) })}`,
  );
  if (answer.kind === "away") return answer;
  if (answer.kind === "not allowed")
    return {
      kind: "none",
      field: "ticket_id",
      why: "is no uuid, and this sender may not search tickets: give the ticket's uuid",
    };
  const found = listAt(answer.body, "tickets").filter(isObject);
  return theOne(
    "ticket_id",
    "open ticket",
    words,
    found,
    (one) =>
      `ticket_id ${wordAt(one, "id")} number ${wordAt(one, "number")} ${wordAt(one, "state")} ` +
      `${quoted(textAt(one, "summary"), 100)}`,
  );
}

function theOne(
  field: string,
  kind: string,
  name: string,
  found: readonly JsonObject[],
  describe: (one: JsonObject) => string,
): One {
  const exact = found.filter((one) => textAt(one, "name")?.toLowerCase() === name.toLowerCase());
  const candidates = exact.length > 0 ? exact : found;
  const [first] = candidates;
  const id = first ? textAt(first, "id") : null;
  if (candidates.length === 1 && id !== null) return { id };
  if (candidates.length === 0)
    return { kind: "none", field, why: `names no ${kind}: nothing within this sender's scope matches ${quoted(name)}` };
  const text = lines(
    `${field} ${quoted(name)} could be any of these; ask which one is meant, then call again with its id:`,
    ...candidates.map(describe),
    candidates.length >= limit && "and perhaps more",
  );
  return { kind: "several", text, candidates };
}
