// The tools as a model sees them, made from the contract: name, words, and parameters in plain JSON Schema.

import {
  chatName,
  queries,
  toolEntries,
  type Entry,
  type QueryName,
  type ToolName,
} from "../../dispatch/contract/index.ts";
import { isObject, type JsonObject } from "./json.ts";

export type Tool = {
  /** The canonical dot name. */
  readonly name: ToolName;
  /** What the model calls it. */
  readonly chatName: string;
  readonly entry: Entry;
  readonly label: string;
  readonly description: string;
  readonly parameters: JsonObject;
  /** Names of all parameters: the contract's fields, the path's id, and those of every tool. */
  readonly fields: ReadonlySet<string>;
  /** The parameter that stands for the id in the path; null when the path has none. */
  readonly pathField: "ticket_id" | "receipt_id" | "tech_id" | "plan_id" | null;
  readonly optional: boolean;
};

type Group = "field";

/** Which group of tools a name belongs to, by its first word. Groups but `field` are offered only where they are asked for. */
const groups: Record<FirstWord<ToolName>, Group> = {
  ticket: "field",
  schedule: "field",
  assignment: "field",
  tech: "field",
  approval: "field",
  closeout: "field",
  qa: "field",
  billing: "field",
  ops: "field",
  dispatcher: "field",
  directory: "field",
  receipt: "field",
  roster: "field",
  plan: "field",
};
type FirstWord<N extends string> = N extends `${infer W}.${string}` ? W : never;

/** Fields that name a thing of the directory; people give its name where they do not know its id. */
export const directoryFields: Readonly<Record<string, "account" | "site" | "asset" | "technician">> = {
  account_id: "account",
  site_id: "site",
  asset_id: "asset",
  tech_id: "technician",
  assigned_tech_id: "technician",
  tech_ids: "technician",
};

type ChatReading = {
  /** Rows of a list, when the model says nothing and however many it asks for. */
  readonly rows: { readonly usual: number; readonly most: number };
  /** Parameters the plugin sets; a model neither sees nor sets them. */
  readonly fixed: JsonObject;
};

/**
 * What a chat reads of a list that is longer than a model can take in. A row of the cockpit with its actions has 11 KB, and
 * the text for the model names none of them; 20 rows are about as many as that text holds, more come by the cursor.
 */
export const chatReadings: Partial<Record<ToolName, ChatReading>> = {
  "dispatcher.cockpit": { rows: { usual: 15, most: 20 }, fixed: { actions: "none" } },
  "ticket.search": { rows: { usual: 15, most: 200 }, fixed: {} },
};

/** Fields that every tool takes beside its own. */
const everyTool: JsonObject = {
  actor_role: { type: "string", description: "Left out, unless the person asks to act in another of their roles" },
  request_id: { type: "string", description: "Left out, unless a result UNKNOWN named one to repeat" },
};

/** The one alternative that says something: an absent field serves for null and for the empty text. */
function withoutNull(alternatives: readonly unknown[]): JsonObject {
  return alternatives.filter(isObject).find((one) => one["type"] !== "null" && one["const"] !== "") ?? {};
}

/** A text of the contract, with tools called as the model calls them. */
function inChatNames(text: string): string {
  return text.replaceAll(/\b[a-z]+(?:\.[a-z_]+)+\b/g, (name) => dotNames.get(name) ?? name);
}

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

const dotNames: ReadonlyMap<string, string> = new Map(toolEntries.map(([name]) => [name, chatName(name)]));

export const tools: readonly Tool[] = toolEntries.map(([name, entry]) => toolOf(name, entry));
export const toolsByChatName: ReadonlyMap<string, Tool> = new Map(tools.map((tool) => [tool.chatName, tool]));

export const isQuery = (name: ToolName): name is QueryName => Object.hasOwn(queries, name);

function toolOf(name: ToolName, entry: Entry): Tool {
  const pathField = pathFieldOf(entry);
  const input = simplified(JSON.parse(JSON.stringify(entry.input)));
  const own = isObject(input) && isObject(input["properties"]) ? input["properties"] : {};
  const required = isObject(input) && Array.isArray(input["required"]) ? input["required"] : [];
  const properties: JsonObject = {
    ...(pathField === "ticket_id" && {
      ticket_id: { type: "string", description: "The ticket's uuid, or words that only one open ticket matches" },
    }),
    ...(pathField === "tech_id" && { tech_id: withNames("tech_id", { description: "The technician" }) }),
    ...(pathField === "plan_id" && {
      plan_id: { type: "string", description: "The plan's uuid, as plan_optimize or plan_list gave it" },
    }),
    ...(pathField === "receipt_id" && {
      receipt_id: { type: "string", description: "The receipt's uuid, as a result gave it" },
    }),
    ...ownFields(name, own),
    ...everyTool,
  };
  return {
    name,
    chatName: chatName(name),
    entry,
    label: labelOf(name),
    description: describe(entry, pathField),
    parameters: {
      type: "object",
      properties,
      required: [...(pathField ? [pathField] : []), ...required],
      additionalProperties: false,
    },
    fields: new Set(Object.keys(properties)),
    pathField,
    optional: groups[firstWord(name)] !== "field",
  };
}

function ownFields(name: ToolName, own: JsonObject): JsonObject {
  const chat = chatReadings[name];
  const shown = Object.entries(own).filter(([field]) => !(chat && Object.hasOwn(chat.fixed, field)));
  const fields = Object.fromEntries(shown.map(([field, schema]) => [field, withNames(field, schema)]));
  if (!chat) return fields;
  const { usual, most } = chat.rows;
  const description = `At most this many tickets, 1 to ${most}; absent: ${usual}`;
  return { ...fields, limit: { type: "integer", minimum: 1, maximum: most, description } };
}

function pathFieldOf({ path }: Entry): Tool["pathField"] {
  if (path.includes("{ticketId}")) return "ticket_id";
  if (path.includes("{technicianId}")) return "tech_id";
  if (path.includes("{planId}")) return "plan_id";
  return path.includes("{receiptId}") ? "receipt_id" : null;
}

function firstWord(name: ToolName): FirstWord<ToolName> {
  const word = name.slice(0, name.indexOf("."));
  const known = Object.keys(groups).find((group): group is FirstWord<ToolName> => group === word);
  if (!known) throw new Error(`the tool ${name} belongs to no group`);
  return known;
}

function labelOf(name: ToolName): string {
  const words = name.replaceAll(/[._]/g, " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

function describe(entry: Entry, pathField: Tool["pathField"]): string {
  const example = { ...(pathField && { [pathField]: "01a1f8e9-0fc0-7cfc-9024-75cc3227896d" }), ...entry.example };
  const states =
    entry.kind === "command" && entry.from.length > 0 && entry.from.length < 8
      ? ` Ticket must be ${entry.from.join(" or ")}.`
      : "";
  const next = entry.next.length > 0 ? ` Usually next: ${entry.next.map(chatName).join(", ")}.` : "";
  return `${inChatNames(entry.summary)}${states} Example: ${JSON.stringify(example)}.${next}`;
}

function withNames(field: string, schema: unknown): unknown {
  if (!isObject(schema)) return schema;
  const kind = directoryFields[field];
  if (!kind) return schema;
  if (schema["type"] === "array") return { ...schema, items: withNames(field, schema["items"]) };
  const described = typeof schema["description"] === "string" ? `${schema["description"]}. ` : "";
  return { type: "string", description: `${described}A uuid, or the ${kind}'s name` };
}

/**
 * A schema in the part of JSON Schema that every provider of models takes: no conditions, no private keywords, no
 * patterns, enums with a type. The API checks the rest, and says what is wrong.
 */
function simplified(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(simplified);
  if (!isObject(schema)) return schema;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key.startsWith("x-") || key.startsWith("~") || dropped.has(key)) continue;
    if (key === "patternProperties" && isObject(value))
      result["additionalProperties"] = simplified(Object.values(value)[0] ?? true);
    else if (key === "properties" && isObject(value))
      result["properties"] = Object.fromEntries(
        Object.entries(value).map(([name, member]) => [name, simplified(member)]),
      );
    else if (key === "anyOf" && "type" in schema) continue;
    else result[key] = simplified(value);
  }
  if (typeof result["description"] === "string") result["description"] = inChatNames(result["description"]);
  const { anyOf: alternatives, ...besides } = result;
  if (Array.isArray(alternatives)) return { ...withoutNull(alternatives), ...besides };
  const values = result["enum"];
  if (Array.isArray(values) && values.every((value) => typeof value === "string")) result["type"] ??= "string";
  return result;
}
