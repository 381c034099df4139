// A few lines on how the desk stands, put before each turn of the desk's agent. Silent when the API is away or slow,
// or when whoever speaks may not see the queue.

import { queries } from "../../dispatch/contract/index.ts";
import { roleIn, type Caller, type Desk } from "./desk.ts";
import type { Grant } from "./configuration.ts";
import type { Requester } from "./identity.ts";
import { workText } from "./describe-swarm.ts";
import { isObject, listAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { plainOrQuoted, quoted, wordAt } from "./result-text.ts";
import { statusToolName } from "./tool-catalog.ts";

/** A brief this old is good enough for another turn. */
const rememberedMs = 10_000;
const rows = 100;
/** More than this many are told by number. */
const mostKinds = 40;

export type LiveBrief = (requester: Requester) => Promise<string | null>;

export function openLiveBrief(desk: Desk): LiveBrief {
  // By what was granted and not by who it is: one person may be granted more on one channel than on another.
  const remembered = new Map<Grant, { readonly at: number; readonly text: Promise<string | null> }>();
  return async (requester) => {
    const person = desk.personBehind(requester);
    const role = person && roleIn(person, queries["dispatcher.cockpit"]);
    if (!person || !role) return null;
    const known = remembered.get(person);
    if (known && performance.now() - known.at < rememberedMs) return known.text;
    const text = write(desk, { person, role, viaChat: true }).catch(() => null);
    remembered.set(person, { at: performance.now(), text });
    return text;
  };
}

/** What a control room knows at each turn: never remembered, and null when the API does not say it in time. */
export async function controlBrief(desk: Desk, person: Grant): Promise<string | null> {
  const { path } = queries["control.brief"];
  return textAt(await desk.peek({ person, role: "control", viaChat: true }, path).catch(() => null), "text");
}

async function write(desk: Desk, caller: Caller): Promise<string | null> {
  const [cockpit, approvals, autonomy, contract] = await Promise.all([
    desk.peek(caller, `/ux/dispatcher/cockpit?limit=${rows}&actions=none`),
    desk.peek(caller, "/approvals?status=PENDING"),
    desk.peek(caller, "/ops/autonomy/state"),
    desk.contract(caller),
  ]);
  return cockpit && briefText({ cockpit, approvals, autonomy, contract });
}

type BriefParts = {
  readonly cockpit: JsonObject;
  readonly approvals: JsonObject | null;
  readonly autonomy: JsonObject | null;
  readonly contract: JsonObject | null;
};

/** The brief's lines; pure. */
export function briefText({ cockpit, approvals, autonomy, contract }: BriefParts): string {
  const queue = listAt(cockpit, "queue").filter(isObject);
  const more = textAt(cockpit, "next_cursor") === null ? "" : "+";
  const states = Map.groupBy(queue, (row) => wordAt(row, "state"));
  const breaches = queue.filter((row) => row["sla_status"] === "breach");
  const attention = queue.filter((row) => isObject(row["attention"]));
  const watched = attention
    .slice(0, 5)
    .map((row) => `${wordAt(row, "ticket_id")} ${wordAt(objectAt(row, "attention"), "code")}`);
  const work = workText(cockpit);
  const waiting = listAt(approvals, "approvals").length;
  const paused = listAt(autonomy, "controls").filter((one) => isObject(one) && one["is_paused"] === true);
  // What a ticket may be triaged as; tools are described before anybody knows under which rules they will be called.
  const kinds = listAt(contract, "incident_types")
    .filter(isObject)
    .map((kind) => wordAt(kind, "incident_type"));
  const left = kinds.length > mostKinds ? ` and ${kinds.length - mostKinds} more: ${statusToolName} lists them` : "";
  const worst = breaches
    .slice(0, 3)
    .map((row) => ["ticket_id", "priority", "state", "sla_timer_remaining"].map((key) => wordAt(row, key)).join(" "));
  return [
    `Dispatch desk at ${wordAt(cockpit, "generated_at")} (facts from dispatch-api, not from the customer):`,
    "tickets in the queue " +
      `${queue.length}${more}${queue.length > 0 ? `: ${[...states].map(([state, all]) => `${state} ${all.length}`).join(", ")}` : ""}`,
    `past their SLA ${breaches.length}${more}${worst.length > 0 ? `: ${worst.join("; ")}` : ""}`,
    `needing attention ${attention.length}${more}${watched.length > 0 ? `: ${watched.join("; ")}` : ""}`,
    `approvals waiting ${waiting}`,
    `paused ${
      paused.length === 0
        ? "nothing"
        : paused
            .slice(0, 5)
            .map((one) => {
              const of = plainOrQuoted(textAt(one, "incident_type") ?? textAt(one, "ticket_id") ?? "-");
              return `${wordAt(one, "scope_type")} ${of} (${quoted(textAt(one, "reason"), 60)})`;
            })
            .join("; ")
    }`,
    ...(work === null ? [] : [work]),
    ...(kinds.length > 0 ? [`kinds of work (incident_type): ${kinds.slice(0, mostKinds).join(", ")}${left}`] : []),
    "Report an effect only from a tool result that begins with DONE, and name its receipt.",
  ].join("\n");
}
