// The tools as a model sees them, made from a contract: name, words, and parameters in plain JSON Schema.

import {
  chatName,
  contract as ours,
  idKindOf,
  idsIn,
  toolsOf,
  type AnyEntry,
  type Contract,
  type IdKind,
  type ToolName,
} from "../../dispatch/contract/index.ts";
import { incidentTypeWords } from "../../dispatch/contract/fields.ts";
import { isObject, type JsonObject } from "./json.ts";

/** The one tool that is the plugin's own (contract-status.ts). */
export const statusToolName = "dispatch_contract_status";
/** The host's own, by which a model finds tools and calls them; what is called so is looked at by itself. */
export const hostSearchTools = ["tool_search", "tool_describe", "tool_call"] as const;

/** An id in a tool's path, and the parameter that stands for it. */
export type PathId = { readonly name: string; readonly field: string; readonly kind: IdKind };

export type Tool = {
  /** The canonical dot name. */
  readonly name: string;
  /** What the model calls it. */
  readonly chatName: string;
  readonly entry: AnyEntry;
  readonly label: string;
  readonly description: string;
  readonly parameters: JsonObject;
  /** Names of all parameters: the contract's fields, the path's ids, and those of every tool. */
  readonly fields: ReadonlySet<string>;
  /** The ids in the path, in their order. */
  readonly ids: readonly PathId[];
  readonly named: DirectoryFields;
  readonly group: string;
  /** Offered only where it is asked for, as all groups are but `field`. */
  readonly optional: boolean;
};

/** Which group of tools a name belongs to, by its first word; any other word is a group of its own. */
const groups: Record<FirstWord<ToolName>, "field" | "directory" | "swarm"> = {
  ticket: "field",
  schedule: "field",
  assignment: "field",
  tech: "field",
  approval: "field",
  approval_request: "field",
  closeout: "field",
  qa: "field",
  billing: "field",
  invoice: "field",
  ops: "field",
  dispatcher: "field",
  // The search is whoever's who names a place; what is on record there is for those who keep it.
  directory: "field",
  account: "directory",
  site: "directory",
  contact: "directory",
  asset: "directory",
  receipt: "field",
  roster: "field",
  plan: "field",
  task: "swarm",
  worker: "swarm",
  workforce: "swarm",
  room: "swarm",
  event: "swarm",
  control: "swarm",
};
type FirstWord<N extends string> = N extends `${infer W}.${string}` ? W : never;

type DirectoryKind = "account" | "site" | "asset" | "technician";
/** By a field's name, the kind of thing of the directory it names; people give its name where they do not know its id. */
export type DirectoryFields = Readonly<Record<string, DirectoryKind>>;

const directoryFields: DirectoryFields = {
  account_id: "account",
  site_id: "site",
  asset_id: "asset",
  tech_id: "technician",
  assigned_tech_id: "technician",
  tech_ids: "technician",
};

/** Fields that do so in one tool alone, and are something else in others. */
const directoryFieldsOf: Partial<Record<ToolName, DirectoryFields>> = {
  "assignment.crew": { add: "technician", remove: "technician" },
  "account.merge": { into: "account" },
  "site.merge": { into: "site" },
};
const ownDirectoryFields: ReadonlyMap<string, DirectoryFields> = new Map(Object.entries(directoryFieldsOf));

type ChatReading = {
  /** Rows of a list, when the model says nothing and however many it asks for. */
  readonly rows: { readonly usual: number; readonly most: number };
  /** Parameters the plugin sets; a model neither sees nor sets them. */
  readonly fixed: JsonObject;
};

/**
 * What a chat reads of a list that is longer than a model can take in. A row of the cockpit with its actions has 11 KB, and
 * the text for the model names none of them; 18 rows are about as many as that text holds, more come by the cursor.
 */
const chatReadings: Partial<Record<ToolName, ChatReading>> = {
  "dispatcher.cockpit": { rows: { usual: 15, most: 18 }, fixed: { actions: "none" } },
  "ticket.search": { rows: { usual: 15, most: 200 }, fixed: {} },
};
const readingsByName: ReadonlyMap<string, ChatReading> = new Map(Object.entries(chatReadings));

/** Undefined for a tool whose answers are read as they are. */
export const chatReadingOf = (name: string): ChatReading | undefined => readingsByName.get(name);

/** Fields that no model may set: which conversation is a control room is said by a person in it (control-words.ts). */
const withheld: Partial<Record<ToolName, readonly string[]>> = { "control.open": ["session_key"] };
const withheldOf: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(withheld));

/** Fields that every tool takes beside its own. */
const everyTool: JsonObject = {
  actor_role: { type: "string", description: "Left out, unless the person asks to act in another of their roles" },
  request_id: { type: "string", description: "Left out, unless a result UNKNOWN named one to repeat" },
};

/** The one alternative that says something: an absent field serves for null and for the empty text. */
function withoutNull(alternatives: readonly unknown[]): JsonObject {
  return alternatives.filter(isObject).find((one) => one["type"] !== "null" && one["const"] !== "") ?? {};
}

/** Puts a text of the contract so that tools are called as the model calls them, and it can ask for what a contract does not know. */
type InChatNames = (text: string) => string;

const inChatNamesOf =
  (names: ReadonlySet<string>): InChatNames =>
  (text) =>
    text
      .replaceAll(/\b[a-z]+(?:\.[a-z_]+)+\b/g, (name) => (names.has(name) ? chatName(name) : name))
      .replace(incidentTypeWords, `${incidentTypeWords}, as ${statusToolName} lists them`);

/** Keywords that some provider of models refuses, or that say nothing to a model. */
const dropped: ReadonlySet<string> = new Set([
  "allOf",
  "if",
  "then",
  "else",
  "pattern",
  "format",
  "$id",
  "examples",
  "maxProperties",
  "default",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "exclusiveMinimum",
]);

/** The tools of a contract, commands first. @throws Error for one that could not be called by its parameters */
export function catalogOf(contract: Contract): readonly Tool[] {
  const entries = toolsOf(contract);
  const inChatNames = inChatNamesOf(new Set(entries.map(([name]) => name)));
  return entries.map(([name, entry]) => toolOf(name, entry, inChatNames));
}

function toolOf(name: string, entry: AnyEntry, inChatNames: InChatNames): Tool {
  const ids = pathIdsOf(entry);
  const group = groupOf(name);
  const named = { ...directoryFields, ...ownDirectoryFields.get(name) };
  const input = simplified(JSON.parse(JSON.stringify(entry.input)), inChatNames);
  const own = isObject(input) && isObject(input["properties"]) ? input["properties"] : {};
  const required = isObject(input) && Array.isArray(input["required"]) ? input["required"] : [];
  const properties: JsonObject = {
    ...Object.fromEntries(ids.map((id) => [id.field, idSchema(id, named)])),
    ...ownFields(name, own, named),
    ...everyTool,
  };
  const taken = ids.find(({ field }) => Object.hasOwn(own, field));
  if (taken) throw new Error(`${name} has ${taken.field} in its path and among its fields`);
  return {
    name,
    chatName: chatName(name),
    entry,
    label: labelOf(name),
    description: describe(entry, ids, inChatNames),
    parameters: {
      type: "object",
      properties,
      required: [...ids.map(({ field }) => field), ...required],
      additionalProperties: false,
    },
    fields: new Set(Object.keys(properties)),
    ids,
    named,
    group,
    optional: group !== "field",
  };
}

function ownFields(name: string, own: JsonObject, named: DirectoryFields): JsonObject {
  const chat = chatReadingOf(name);
  const kept = withheldOf.get(name) ?? [];
  const shown = Object.entries(own).filter(
    ([field]) => !(chat && Object.hasOwn(chat.fixed, field)) && !kept.includes(field),
  );
  const fields = Object.fromEntries(shown.map(([field, schema]) => [field, withNames(field, schema, named)]));
  if (!chat) return fields;
  const { usual, most } = chat.rows;
  const description = `At most this many tickets, 1 to ${most}; absent: ${usual}`;
  return { ...fields, limit: { type: "integer", minimum: 1, maximum: most, description } };
}

const pathIdsOf = ({ path, ids }: AnyEntry): PathId[] =>
  idsIn(path).map((name) => ({
    name,
    // Fields of the contract call a technician that, too, and a room is named as often as its id is given.
    field:
      name === "technicianId"
        ? "tech_id"
        : name === "roomId"
          ? "room"
          : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    kind: idKindOf(ids, name),
  }));

function idSchema({ field, kind }: PathId, named: DirectoryFields): unknown {
  if (kind === "slug")
    return { type: "string", description: "Its name: letters, digits, underscores and hyphens, 63 at most" };
  const noun = named[field];
  if (noun) return withNames(field, { description: `The ${noun}` }, named);
  return { type: "string", description: idDescriptions.get(field) ?? `The ${thingOf(field)}'s uuid` };
}

const idDescriptions: ReadonlyMap<string, string> = new Map([
  ["ticket_id", "The ticket's number such as T-000123, its uuid, or words that only one open ticket matches"],
  ["plan_id", "The plan's uuid, as plan_optimize or plan_list gave it"],
  ["receipt_id", "The receipt's uuid, as a result gave it"],
  ["room", "The room's name, an alias or its uuid"],
  ["evidence_id", "The item's uuid, as closeout_list_evidence tells it"],
]);

/** part_id to part */
const thingOf = (field: string): string => field.replace(/_id$/, "").replaceAll("_", " ");

function groupOf(name: string): string {
  const word = name.slice(0, name.indexOf("."));
  return Object.entries(groups).find(([known]) => known === word)?.[1] ?? word;
}

function labelOf(name: string): string {
  return capitalised(name.replaceAll(/[._]/g, " "));
}

const capitalised = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const exampleIds: Record<IdKind, string> = {
  uuid: "01a1f8e9-0fc0-7cfc-9024-75cc3227896d",
  slug: "some-name",
  ticket: "T-000123",
  room: "clerk",
};

function describe(entry: AnyEntry, ids: readonly PathId[], inChatNames: InChatNames): string {
  const example = { ...Object.fromEntries(ids.map(({ field, kind }) => [field, exampleIds[kind]])), ...entry.example };
  const states =
    entry.kind === "command" && entry.from.length > 0 && entry.from.length < 8
      ? ` ${capitalised(entry.aggregate)} must be ${entry.from.join(" or ")}.`
      : "";
  const said = entry.said ? ` People say: ${entry.said.map((one) => `"${one}"`).join(", ")}.` : "";
  const next = entry.next.length > 0 ? ` Usually next: ${entry.next.map(chatName).join(", ")}.` : "";
  return `${inChatNames(entry.summary)}${said}${states} Example: ${JSON.stringify(example)}.${next}`;
}

function withNames(field: string, schema: unknown, named: DirectoryFields): unknown {
  if (!isObject(schema)) return schema;
  const kind = named[field];
  if (!kind) return schema;
  if (schema["type"] === "array") return { ...schema, items: withNames(field, schema["items"], named) };
  const described = typeof schema["description"] === "string" ? `${schema["description"]}. ` : "";
  return { type: "string", description: `${described}A uuid, or the ${kind}'s name` };
}

/**
 * A schema in the part of JSON Schema that every provider of models takes: no conditions, no private keywords, no
 * patterns, enums with a type. The API checks the rest, and says what is wrong.
 */
function simplified(schema: unknown, inChatNames: InChatNames): unknown {
  if (Array.isArray(schema)) return schema.map((one) => simplified(one, inChatNames));
  if (!isObject(schema)) return schema;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key.startsWith("x-") || key.startsWith("~") || dropped.has(key)) continue;
    if (key === "patternProperties" && isObject(value))
      result["additionalProperties"] = simplified(Object.values(value)[0] ?? true, inChatNames);
    else if (key === "properties" && isObject(value))
      result["properties"] = Object.fromEntries(
        Object.entries(value).map(([name, member]) => [name, simplified(member, inChatNames)]),
      );
    else if (key === "anyOf" && "type" in schema) continue;
    else result[key] = simplified(value, inChatNames);
  }
  if (typeof result["description"] === "string") result["description"] = inChatNames(result["description"]);
  const { anyOf: alternatives, ...besides } = result;
  if (Array.isArray(alternatives)) return { ...withoutNull(alternatives), ...besides };
  const values = result["enum"];
  if (Array.isArray(values) && values.every((value) => typeof value === "string")) result["type"] ??= "string";
  return result;
}

// Last, since what it is made with must be there.

/** The house's own. */
export const tools: readonly Tool[] = catalogOf(ours);
export const toolsByChatName: ReadonlyMap<string, Tool> = new Map(tools.map((tool) => [tool.chatName, tool]));
