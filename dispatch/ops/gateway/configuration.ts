// openclaw.json as Dispatch needs it. Pure. Some values are Dispatch's own and are set at every start; the others are
// defaults, set where nothing stands, so that what the user changes stays.

import { isDeepStrictEqual } from "node:util";
import { isObject, type JsonObject } from "../../kernel/json.ts";
import { deskOwner } from "./desk-owner.ts";
import type { ChannelPerson, GatewayAgent, GrantedPerson } from "./granted-person.ts";
import { isScripted, scriptedProvider, type ModelChoice } from "./model-choice.ts";
import type { StateFolder, Written } from "./state-folder.ts";

export type Signing = { readonly secret: string; readonly issuer?: string; readonly audience?: string };

export type ConfigurationFacts = {
  readonly folder: StateFolder;
  readonly port: number;
  /** loopback unless said otherwise; lan is for a container, whose network ends at its host. */
  readonly bind?: "loopback" | "lan";
  readonly token: string;
  /** The folder of the built plugin. */
  readonly pluginPath: string;
  readonly apiUrl: string;
  readonly signing: Signing;
  /** Who speaks from the dashboard, the command line and POST /tools/invoke; null for nobody until one is configured. */
  readonly owner: GrantedPerson | null;
  readonly people: readonly ChannelPerson[];
  /** Agents beside the desk's. */
  readonly agents: readonly GatewayAgent[];
  readonly model: ModelChoice;
  readonly scriptedUrl: string | null;
};

type Value = readonly [path: readonly string[], value: unknown];

const pluginId = "dispatch";
/** The gateway's agent that is the desk. */
const deskAgent = "main";
const ofPlugin = ["plugins", "entries", pluginId];
const ownerPath = [...ofPlugin, "config", "owner"];

/** The configuration to write, given the one that stands there and what Dispatch wrote last. */
export function configurationFor(facts: ConfigurationFacts, standing: JsonObject | null, written: Written): JsonObject {
  const withDefaults = defaults(facts).reduce(
    (made, [path, value]) => (at(made, path) === undefined ? put(made, path, value) : made),
    standing ?? {},
  );
  const made = own(facts, withDefaults, written).reduce((one, [path, value]) => put(one, path, value), withDefaults);
  return withoutDemo(facts, made);
}

/** Whether the configuration names anybody the plugin would speak for. */
export function speaksForAnybody(configuration: JsonObject): boolean {
  const people = at(configuration, [...ofPlugin, "config", "people"]);
  return isObject(at(configuration, ownerPath)) || (Array.isArray(people) && people.length > 0);
}

/** What an earlier start for development has left and this one is not given: the demo's owner, the scripted stand-in. */
function withoutDemo({ owner, scriptedUrl }: ConfigurationFacts, made: JsonObject): JsonObject {
  const withoutOwner =
    owner === null && isDeepStrictEqual(at(made, ownerPath), deskOwner) ? drop(made, ownerPath) : made;
  if (scriptedUrl !== null) return withoutOwner;
  const withoutModel = isScripted(made) ? drop(withoutOwner, ["agents", "defaults", "model"]) : withoutOwner;
  return drop(withoutModel, ["models", "providers", scriptedProvider]);
}

function own(facts: ConfigurationFacts, made: JsonObject, written: Written): Value[] {
  const { port, token, pluginPath, apiUrl, signing, model, scriptedUrl } = facts;
  const otherPaths = texts(at(made, ["plugins", "load", "paths"])).filter(
    (path) => path !== written.pluginPath && path !== pluginPath,
  );
  const otherIds = texts(at(made, ["plugins", "allow"])).filter((id) => id !== pluginId && id !== model.providerPlugin);
  return [
    [["gateway", "port"], port],
    [["gateway", "auth"], { mode: "token", token }],
    [
      ["plugins", "load", "paths"],
      [pluginPath, ...otherPaths],
    ],
    [
      ["plugins", "allow"],
      [pluginId, ...(model.providerPlugin === null ? [] : [model.providerPlugin]), ...otherIds],
    ],
    [[...ofPlugin, "config", "apiUrl"], apiUrl],
    [[...ofPlugin, "config", "signing"], signing],
    ...(model.model === null ? [] : [[["agents", "defaults", "model"], { primary: model.model }] as const]),
    ...(scriptedUrl === null ? [] : [[["models", "providers", scriptedProvider], scripted(scriptedUrl)] as const]),
  ];
}

function defaults({ folder, owner, people, agents, bind = "loopback" }: ConfigurationFacts): Value[] {
  return [
    [["gateway", "mode"], "local"],
    [["gateway", "bind"], bind],
    [["gateway", "http", "endpoints", "chatCompletions", "enabled"], true],
    // The agent of the desk has the desk's tools and next to nothing else: their names and first words in plain sight, the rest
    // when the model wants it. All of it in every call were seven times as much.
    [["tools", "profile"], "minimal"],
    [["tools", "alsoAllow"], [pluginId]],
    [["tools", "toolSearch"], { mode: "directory" }],
    [["tools", "codeMode"], false],
    // Otherwise all people's direct messages share one conversation.
    [["session", "dmScope"], "per-channel-peer"],
    [["agents", "defaults", "workspace"], folder.workspace],
    [["agents", "defaults", "skipBootstrap"], true],
    // A heartbeat is a turn of the model that nobody asked for, and somebody pays.
    [["agents", "defaults", "heartbeat"], { every: "0m" }],
    [["plugins", "slots", "memory"], "none"],
    [[...ofPlugin, "enabled"], true],
    [[...ofPlugin, "hooks", "allowConversationAccess"], true],
    [[...ofPlugin, "config", "agentId"], deskAgent],
    ...(owner === null ? [] : [[ownerPath, owner] as const]),
    [[...ofPlugin, "config", "people"], people],
    ...(agents.length === 0 ? [] : besideTheDesk(agents)),
    [["models", "mode"], "merge"],
    [["models", "catalogRefresh", "enabled"], false],
    [["telemetry", "enabled"], false],
    [["update", "checkOnStart"], false],
    [["logging", "file"], folder.log],
  ];
}

/** What an agent has to have for its tasks, and nothing of the desk's. */
const taskTools = ["task_list", "task_check", "task_progress", "task_complete", "task_fail"];

/** With more than one agent the host wants to know whose is what names none. */
const besideTheDesk = (agents: readonly GatewayAgent[]): Value[] => [
  [["agents", "ownership"], "explicit"],
  [["agents", "defaults", "systemAgent"], { agentId: deskAgent }],
  [["agents", "entries", deskAgent], {}],
  ...agents.map(
    ({ agentId }) => [["agents", "entries", agentId], { tools: { profile: "minimal", alsoAllow: taskTools } }] as const,
  ),
  [[...ofPlugin, "config", "agents"], agents],
];

function scripted(url: string): JsonObject {
  return {
    baseUrl: `${url}/v1`,
    apiKey: "none-needed",
    api: "openai-completions",
    models: [
      {
        id: "dispatch-scripted",
        name: "Scripted stand-in (understands the tour's sentences alone)",
        reasoning: false,
        input: ["text"],
        cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
        contextWindow: 128_000,
        maxTokens: 4_096,
      },
    ],
  };
}

function at(object: JsonObject, [key, ...rest]: readonly string[]): unknown {
  const value = object[key ?? ""];
  if (rest.length === 0) return value;
  return isObject(value) ? at(value, rest) : undefined;
}

function put(object: JsonObject, [key = "", ...rest]: readonly string[], value: unknown): JsonObject {
  const inner = object[key];
  return { ...object, [key]: rest.length === 0 ? value : put(isObject(inner) ? inner : {}, rest, value) };
}

function drop(object: JsonObject, [key = "", ...rest]: readonly string[]): JsonObject {
  const { [key]: inner, ...others } = object;
  if (rest.length === 0) return others;
  return isObject(inner) ? { ...object, [key]: drop(inner, rest) } : object;
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
