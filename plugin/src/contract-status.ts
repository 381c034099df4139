// dispatch_contract_status: what is offered here, to whom, by which contract, and in plain words what is wrong.

import type { Grant, Reading } from "./configuration.ts";
import { queries } from "../../dispatch/contract/index.ts";
import { seatOf } from "./control-rooms.ts";
import { roleIn, type Caller, type Desk } from "./desk.ts";
import { workText } from "./describe-swarm.ts";
import type { Requester } from "./identity.ts";
import { isObject, listAt, numberAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { lines, plainOrQuoted, quoted, wordAt } from "./result-text.ts";
import { saidLine } from "./said-hooks.ts";
import { tokenLivesSeconds } from "./token.ts";
import { statusToolName, tools } from "./tool-catalog.ts";
import type { ToolResult } from "./tool-result.ts";

export const statusToolDescription =
  "Tells whether Dispatch is set up and reachable, who you speak for and in which roles, and what " +
  "is wrong if anything is. Use it when a tool FAILED or the person asks for the status of the " +
  "desk's software. Example: {}.";

export type StatusParts = {
  readonly plugin: string;
  readonly version: string;
  readonly contractHash: string;
  readonly reading: Reading;
  readonly desk: Desk | null;
  /** This machine's clock, in ms. */
  readonly now?: () => number;
};

/** The status for whoever asks; a stranger learns that they are one, and nothing about the desk. */
export async function contractStatus(
  { plugin, version, contractHash, reading, desk, now = Date.now }: StatusParts,
  requester: Requester,
  sessionKey: string | null = null,
): Promise<ToolResult> {
  const known = desk?.personBehind(requester) ?? null;
  const seat = desk && known && (await seatOf(desk, known, sessionKey));
  const person = seat?.kind === "seat" ? seat.person : known;
  const role = person?.roles[0];
  const asked = desk && person && role !== undefined ? await askApi(desk, { person, role, viaChat: true }, now) : null;
  const contract = asked && "contract" in asked ? asked.contract : null;
  const [work, waiting] =
    contract && desk && person
      ? await Promise.all([askForWork(desk, person), askForRequests(desk, person)])
      : [null, null];
  const apiHash = textAt(contract, "contract_hash");
  const clock = asked && "contract" in asked ? asked.clock : null;
  const problems = [
    ...reading.problems.map((problem) => `not configured: ${problem}`),
    ...(desk && !person
      ? ["whoever speaks here is not known: the gateway's owner adds people in plugins.entries.dispatch.config.people"]
      : []),
    ...(asked && "why" in asked ? [asked.why] : []),
    ...(clock !== null && Math.abs(clock.behindSeconds) > clockLeewaySeconds ? [clocksApart(clock)] : []),
    ...(textAt(contract, "development_headers") === "anywhere"
      ? [
          "dispatch-api believes development headers from anywhere: whoever reaches it is whoever they say; set " +
            "DISPATCH_AUTH_ALLOW_DEV_HEADERS=false where it runs",
        ]
      : []),
    ...(apiHash !== null && apiHash !== contractHash
      ? [
          "dispatch-api serves another version of the contract than this plugin was made for: update the older of the two",
        ]
      : []),
    ...oldZones(contract),
    ...unreadablePolicies(contract),
  ];
  const status = {
    tool_names: tools.map((tool) => tool.chatName),
    plugin,
    version,
    contract_hash: contractHash,
    configured: reading.configuration !== null,
    base_url: person ? (reading.configuration?.apiUrl ?? null) : null,
    api_reachable: person ? contract !== null || (asked !== null && "reached" in asked && asked.reached) : null,
    api_contract_hash: apiHash,
    time_zones: contract ? objectAt(contract, "time_zones") : null,
    clock_behind_seconds: clock?.behindSeconds ?? null,
    profile: contract ? objectAt(contract, "profile") : null,
    policy_version: contract?.["policy_version"] ?? null,
    policy_unreadable: contract ? listAt(contract, "policy_unreadable") : null,
    incident_types: contract ? listAt(contract, "incident_types") : null,
    development_headers: textAt(contract, "development_headers"),
    human_approval: contract ? objectAt(contract, "human_approval") : null,
    ...(work && { desk_work: objectAt(work, "desk_work") }),
    ...(waiting && { approval_requests: waiting }),
    actor: person?.actor ?? null,
    granted_roles: person?.roles ?? [],
    problems,
  };
  return {
    content: [{ type: "text", text: statusText(status, person) }],
    details: { tool: statusToolName, outcome: "read", ...status },
  };
}

const statusWaitMs = 4_000;

/** What API and plugin forgive each other; from then on one of the two clocks needs to be set. */
const clockLeewaySeconds = 60;

type Clock = {
  /** As the gateway's clock and dispatch-api's showed at one moment. */
  readonly gateway: string;
  readonly api: string;
  /** Of the gateway's clock; negative when it is ahead. */
  readonly behindSeconds: number;
};

/** Null where the API does not tell its time. */
function clockFrom(contract: JsonObject, now: number): Clock | null {
  const api = Date.parse(textAt(contract, "now") ?? "");
  if (Number.isNaN(api)) return null;
  const behindSeconds = Math.round((api - now) / 1_000);
  return { gateway: new Date(now).toISOString(), api: new Date(api).toISOString(), behindSeconds };
}

const clocksApart = ({ gateway, api, behindSeconds }: Clock): string =>
  `the gateway's clock is ${Math.abs(behindSeconds)} s ${behindSeconds > 0 ? "behind" : "ahead of"} dispatch-api's (${gateway} here, ` +
  `${api} there): set both by NTP; of one that is behind every call is refused from ${tokenLivesSeconds + clockLeewaySeconds} s on`;

type Asked =
  | { readonly contract: JsonObject; readonly clock: Clock | null }
  | { readonly why: string; readonly reached: boolean };

async function askApi(desk: Desk, caller: Caller, now: () => number): Promise<Asked> {
  const outcome = await desk.call(
    caller,
    { method: "GET", path: "/contract", expected: ["contract_hash"] },
    undefined,
    statusWaitMs,
  );
  switch (outcome.kind) {
    case "answered":
      return { contract: outcome.body, clock: clockFrom(outcome.body, now()) };
    case "refused":
      if (outcome.refusal.code === "NOT_FOUND")
        return { reached: true, why: "dispatch-api does not tell its contract: it is older than this plugin" };
      return {
        reached: true,
        why:
          `dispatch-api refuses this plugin's signature: ${outcome.refusal.code}, ` +
          `${outcome.refusal.message} (compare plugins.entries.dispatch.config.signing with the API's ` +
          "DISPATCH_AUTH_… settings)",
      };
    default:
      return { reached: false, why: outcome.why };
  }
}

/** How tasks and agents stand, for who may see the queue; null where the desk has none, or does not say in time. */
async function askForWork(desk: Desk, person: Grant): Promise<JsonObject | null> {
  const role = roleIn(person, queries["dispatcher.cockpit"]);
  if (!role) return null;
  const cockpit = await desk.peek({ person, role, viaChat: true }, "/ux/dispatcher/cockpit?limit=1&actions=none");
  return cockpit && workText(cockpit) !== null ? cockpit : null;
}

/** The numbers of what a model asked a person for and nobody has answered, for who may; null where the desk does not say in time. */
async function askForRequests(desk: Desk, person: Grant): Promise<string[] | null> {
  const { path } = queries["approval_request.list"];
  const role = roleIn(person, queries["approval_request.list"]);
  const answer = role && (await desk.peek({ person, role, viaChat: true }, path));
  return answer && listAt(answer, "approval_requests").map((one) => textAt(one, "number") ?? "?");
}

/** Local times are the API's to reckon: what its Node does not know of, this chat says wrong. */
function oldZones(contract: JsonObject | null): string[] {
  const zones = contract && objectAt(contract, "time_zones");
  const [version, tried] = [textAt(zones, "version"), textAt(zones, "tried_with")];
  if (version === null || tried === null || version >= tried) return [];
  return [
    `dispatch-api's Node knows the time zones of ${version}, older than ${tried}: local times may be wrong; give it a newer Node`,
  ];
}

/** Versions of the company's rules that dispatch-api cannot read, each with why, the way out and whose tickets wait for it. */
const unreadablePolicies = (contract: JsonObject | null): string[] =>
  listAt(contract, "policy_unreadable").map(
    (one) => `${textAt(one, "why") ?? ""} (open tickets that opened under it: ${numberAt(one, "open_tickets") ?? 0})`,
  );

function statusText(
  status: { readonly [key: string]: unknown; readonly problems: readonly string[] },
  person: Grant | null,
): string {
  const profile = objectAt(status, "profile");
  const zones = objectAt(status, "time_zones");
  return lines(
    `READ ${statusToolName}`,
    status.problems.length === 0
      ? "everything is there"
      : `WRONG:\n${status.problems.map((problem) => `- ${problem}`).join("\n")}`,
    `plugin ${String(status["plugin"])} ${String(status["version"])}, contract ` +
      `${String(status["contract_hash"]).slice(0, 12)}, API's contract ` +
      `${String(status["api_contract_hash"] ?? "not known").slice(0, 12)}`,
    person &&
      `speaking for ${person.actor} in ${person.roles.join(", ")}; dispatch-api at ` +
        `${String(status["base_url"])}, ` +
        `${status["api_reachable"] === true ? "reachable" : "NOT reachable"}`,
    textAt(zones, "version") && `time zones of ${textAt(zones, "version") ?? ""}`,
    textAt(profile, "profile") &&
      `policy profile ${textAt(profile, "profile") ?? ""}; approvals by a person ` +
        `${objectAt(status, "human_approval")["required"] === true ? "required" : "off"}; development headers ` +
        `${textAt(status, "development_headers") ?? "not known"}`,
    person && saidLine(),
    workText(status),
    requestsText(listAt(status, "approval_requests")),
    kindsOfWork(status),
  );
}

function requestsText(numbers: readonly unknown[]): string | null {
  if (numbers.length === 0) return null;
  const first = numbers.slice(0, 5).map((number) => plainOrQuoted(String(number)));
  const more = numbers.length > first.length ? ` and ${numbers.length - first.length} more` : "";
  return `waiting for a person: ${first.join(", ")}${more}; /dispatch approvals tells what they are`;
}

/** The names a ticket's incident_type may have, with what people call each. */
function kindsOfWork(status: JsonObject): string | null {
  const kinds = listAt(status, "incident_types").filter(isObject);
  if (kinds.length === 0) return null;
  return `kinds of work: ${kinds.map((kind) => `${wordAt(kind, "incident_type")} ${quoted(textAt(kind, "title"), 60)}`).join(", ")}`;
}
