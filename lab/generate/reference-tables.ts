// The reference tables as Markdown, each made from the one place that defines what it lists.

import { claimList } from "../../dispatch/api/claim-list.ts";
import { errorEntries } from "../../dispatch/contract/errors.ts";
import type { TSchema } from "../../dispatch/contract/fields.ts";
import { chatName, commandEntries, queryEntries, type CommandEntry } from "../../dispatch/contract/index.ts";
import { operatorPhases, ticketEdges } from "../../dispatch/contract/states.ts";
import { apiNodeOptions } from "../../dispatch/process/node-options.ts";
import { maxConfigBytes } from "../../dispatch/process/settings/config-file.ts";
import { fileVariable } from "../../dispatch/process/settings/setting.ts";
import { configVariable, settingsList } from "../../dispatch/process/settings/settings-list.ts";
import { triedZoneData } from "../../dispatch/process/zone-data.ts";
import { code, made, table } from "./markdown.ts";

const leadsTo = ({ to, opens = [] }: CommandEntry): string =>
  [to.join(" or ") || "unchanged", ...opens.map((state) => `opens one in ${state}`)].join("; ");

/** ops/reference/tools.md */
export function toolsPage(): string {
  const commandRows = commandEntries.map(([name, entry]) => [
    code(name),
    code(chatName(name)),
    code(entry.path),
    entry.roles.join(", "),
    entry.from.length === 0 ? "–" : entry.from.join(", "),
    leadsTo(entry),
    String(entry.status),
    entry.summary,
  ]);
  const queryRows = queryEntries.map(([name, entry]) => [
    code(name),
    code(chatName(name)),
    code(entry.path),
    entry.roles.join(", "),
    entry.summary,
  ]);
  const inputs = [...commandEntries, ...queryEntries].map(([name, entry]) => `### ${name}\n\n${fields(entry.input)}`);
  return `${made}

# Tools

Commands are POST and need the header \`Idempotency-Key\` (a uuid, one per intent). Queries are GET.

## Commands

${table(["tool", "chat name", "path", "roles", "from states", "to state", "status", "what it does"], commandRows)}

## Queries

${table(["tool", "chat name", "path", "roles", "what it does"], queryRows)}

## Fields

${inputs.join("\n\n")}
`;
}

function fields(input: TSchema & { properties: Record<string, TSchema>; required?: string[] }): string {
  const rows = Object.entries(input.properties).map(([name, schema]) => [
    code(name),
    input.required?.includes(name) ? "yes" : "",
    code(shapeOf(schema)),
    "description" in schema && typeof schema.description === "string" ? schema.description : "",
  ]);
  return rows.length === 0 ? "None." : table(["field", "required", "shape", "meaning"], rows);
}

/** A schema in a few words: its type with its bounds. */
function shapeOf(schema: TSchema): string {
  const {
    type,
    enum: values,
    anyOf,
    items,
    properties,
    format,
    minimum,
    maximum,
    minLength,
    maxLength,
    minItems,
    maxItems,
  } = { ...noKeywords, ...schema };
  if (values) return values.join(" | ");
  if (anyOf) return anyOf.map(shapeOf).join(" | ");
  if (items) return `array of ${shapeOf(items)}${bounds(minItems, maxItems)}`;
  if (properties) return `{${Object.keys(properties).join(", ")}}`;
  return `${format ?? type ?? "value"}${bounds(minimum ?? minLength, maximum ?? maxLength)}`;
}

type Keywords = {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly TSchema[];
  readonly items?: TSchema;
  readonly properties?: object;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
};
const noKeywords: Keywords = {};

const bounds = (least: number | undefined, most: number | undefined): string =>
  least === undefined && most === undefined ? "" : ` ${least ?? ""}..${most ?? ""}`;

/** The claims of a token, for README. */
export const claimsTable = (): string =>
  table(
    ["claim", "required", "meaning"],
    claimList.map(({ claim, required, meaning }) => [
      claim.split(", ").map(code).join(", "),
      required ? "yes" : "",
      meaning,
    ]),
  );

/** ops/reference/errors.md */
export function errorsPage(): string {
  const rows = errorEntries.map(([name, entry]) => [
    code(name),
    String(entry.status),
    "dimension" in entry && entry.dimension ? entry.dimension : "",
    entry.message,
  ]);
  return `${made}

# Errors

Every refusal has the body \`{"error": {code, message, request_id, correlation_id, …}}\`, and \`policy_error\` where a dimension is named.

${table(["code", "status", "dimension", "what it says"], rows)}
`;
}

/** ops/reference/states.md */
export function statesPage(): string {
  const rows = [...ticketEdges].map(([from, to]) => [
    from === "@new" ? "(creation)" : code(from),
    to.map(code).join(", ") || "none",
  ]);
  const phases = Object.entries(operatorPhases).map(([phase, members]) => [phase, members.map(code).join(", ")]);
  return `${made}

# States

The database refuses every move that is not in this table.

${table(["from", "to"], rows)}

## Operator phases

${table(["phase", "states"], phases)}
`;
}

/** ops/reference/settings.md */
export function settingsPage(): string {
  const rows = Object.values(settingsList).map((one) => [
    [one.variable, ...one.aliases].map(code).join(" or "),
    code(one.key),
    one.shown,
    one.secret ? `${one.about} (secret; may come in a file, named by ${code(fileVariable(one.variable))})` : one.about,
  ]);
  return `${made}

# Settings

Read once at the start: the default, over it the file that ${code(configVariable)} names, over that the environment. An empty
variable, and a key without a value, count as unset. Whatever is wrong stops the start: ${code("CONFIG_INVALID")}, with each fault, the
variable or the key with file and line that it came from, and an example. ${code("--print-config")}, which every process and command that
reads settings has, prints those in force, each with where it comes from, secrets masked.

${code("NODE_ENV")} is a variable alone: development, test, production or unset, and anything else stops the start.

## The file

YAML or JSON, at most ${maxConfigBytes} bytes, each setting in its group:

${"```yaml"}
server:
  port: 8080
database:
  url: postgresql://dispatch@db/dispatch
${"```"}

A key is the group of what the setting is about, and the words of the variable that the group does not say. Keys that are no setting's
or stand twice, anchors, aliases and tags are refused. Paths in it are seen from the folder the process runs in, as those of
variables are. Where a secret stands in it, others must not be able to read it; that is said at the start.

## The settings

${table(["variable", "key in the file", "default", "meaning"], rows)}

## Node's own options

An API is started as ${code(`node ${apiNodeOptions.join(" ")} dispatch/api/main.ts`)}: by ${code("pnpm dispatch:api:start")}, the stack and
the image. Whoever starts ${code("dispatch/api/main.ts")} otherwise gives it the same; without it an API works as well and takes more
memory under a large import.

## Time zones

Shifts, holidays and every local time are reckoned with the time zones inside Node
(${code("node -p process.versions.tz")}), never with those of Postgres or of the machine.
This release was tried with ${triedZoneData}; an older edition is said at the start, and the chat's contract
status and ${code("GET /contract")} tell which one runs. When a country changes its clocks, take a
newer Node of the same line.
`;
}
