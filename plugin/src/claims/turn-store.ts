// What the tools of this process answered, by conversation and turn, for as long as replies are held to it. The host evaluates the
// plugin twice, so this is shared through the process; a gateway that starts anew knows no receipts, and says so.

import type { JsonObject } from "../json.ts";
import { isObject, objectAt, textAt } from "../json.ts";
import type { ToolResult } from "../tool-result.ts";
import { checkClaims, type Checked } from "./check-claims.ts";
import { evidenceOf, learn, type Evidence, type Labels, type Outcome, type Turn } from "./evidence.ts";

type Conversation = {
  runId: string | null;
  startedAt: number;
  calls: Evidence[];
  earlier: Evidence[];
  otherTools: boolean;
  /** What the model said, and what is delivered of it. */
  readonly said: Map<string, string>;
  /** What was said last, as it is delivered, where something in it is not shown. */
  marked: string | null;
  /** Whether a person began the turn that runs, and not a push of the desk. */
  isOfPerson: boolean;
};

export type TurnStore = {
  readonly conversations: Map<string, Conversation>;
  readonly labels: Labels;
  /** What the plugin itself answered, which is no model's word. */
  readonly own: Set<string>;
  /** Since this process began. */
  readonly counts: { replies: number; claims: number; unproven: number; defects: number };
};

/** Conversations, calls of a turn, calls before it, texts of a conversation. */
const most = { conversations: 500, calls: 100, earlier: 30, said: 40, own: 300 } as const;
/** A receipt given again is this turn's where it is no older than a turn that was repeated for want of an answer. */
const sameIntentMs = 15 * 60_000;
const place = Symbol.for("dispatch.plugin.turns");

const isStore = (value: unknown): value is TurnStore => isObject(value) && value["conversations"] instanceof Map;

/** The turns of this process. */
export function turnStore(): TurnStore {
  const found: unknown = Reflect.get(globalThis, place);
  if (isStore(found)) return found;
  const made = newTurnStore();
  Reflect.set(globalThis, place, made);
  return made;
}

export const newTurnStore = (): TurnStore => ({
  conversations: new Map(),
  labels: new Map(),
  own: new Set(),
  counts: { replies: 0, claims: 0, unproven: 0, defects: 0 },
});

function conversationOf({ conversations }: TurnStore, sessionKey: string, now: number): Conversation {
  const known = conversations.get(sessionKey);
  const one = known ?? {
    runId: null,
    startedAt: now,
    calls: [],
    earlier: [],
    otherTools: false,
    said: new Map<string, string>(),
    marked: null,
    isOfPerson: true,
  };
  conversations.delete(sessionKey);
  conversations.set(sessionKey, one);
  dropOldest(conversations, most.conversations);
  return one;
}

function dropOldest(all: Map<string, unknown> | Set<string>, kept: number): void {
  for (const oldest of all.keys()) {
    if (all.size <= kept) return;
    all.delete(oldest);
  }
}

/** A turn begins; a further prompt of the same run is the same turn. `isOfPerson`: whether a person waits for what is said in it. */
export function beginTurn(
  store: TurnStore,
  sessionKey: string,
  runId: string | null,
  now: number,
  isOfPerson = true,
): void {
  const one = conversationOf(store, sessionKey, now);
  if (runId !== null && one.runId === runId) return;
  one.earlier = [...one.earlier, ...one.calls].slice(-most.earlier);
  Object.assign(one, { runId, startedAt: now, calls: [], otherTools: false, marked: null, isOfPerson });
}

/** Keeps what a tool answered in the turn that runs. */
export function recordCall(
  store: TurnStore,
  sessionKey: string | null,
  { tool, args, result }: { readonly tool: string; readonly args: unknown; readonly result: ToolResult },
  now: number,
): void {
  if (sessionKey === null) return;
  const one = conversationOf(store, sessionKey, now);
  const { details } = result;
  const outcome = outcomeOf(details, one.startedAt);
  const body = objectAt(details, outcome === "not done" ? "refusal" : "body");
  learn(store.labels, body);
  const call = { tool, outcome, args: isObject(args) ? args : {}, body };
  one.calls = [...one.calls, evidenceOf(call, store.labels)].slice(-most.calls);
}

function outcomeOf(details: JsonObject, startedAt: number): Outcome {
  const outcome = textAt(details, "outcome");
  if (outcome === "read") return "read";
  if (outcome !== "done") return "not done";
  if (details["replayed"] !== true) return "done";
  const at = Date.parse(textAt(objectAt(objectAt(details, "body"), "receipt"), "occurred_at") ?? "");
  return at >= startedAt - sameIntentMs ? "done" : "old";
}

/** A tool of somebody else's was called: what it did is not ours to know. */
export function recordOtherTool(store: TurnStore, sessionKey: string, now: number): void {
  conversationOf(store, sessionKey, now).otherTools = true;
}

/** What the plugin answers itself goes out as it is. */
export function speakOwn({ own }: TurnStore, text: string): string {
  own.add(text.trim());
  dropOldest(own, most.own);
  return text;
}

/** Holds what a model says in a conversation to the receipts of the turn that runs there. */
export function checkSaid(store: TurnStore, sessionKey: string, text: string, now: number): Checked {
  if (store.own.has(text.trim())) return { reply: text, findings: [], claims: 0 };
  const one = conversationOf(store, sessionKey, now);
  const checked = checkClaims(turnOf(store, one), text);
  one.said.set(text.trim(), checked.reply);
  one.marked = checked.findings.length > 0 ? checked.reply : null;
  dropOldest(one.said, most.said);
  store.counts.replies += 1;
  store.counts.claims += checked.claims;
  store.counts.unproven += checked.findings.length;
  return checked;
}

/** What was said to a person last in the turn that runs, with its corrections; null where nothing in it needed one. */
export function markedIn({ conversations }: TurnStore, sessionKey: string): string | null {
  const one = conversations.get(sessionKey);
  return one?.isOfPerson ? one.marked : null;
}

/**
 * What is delivered for a text that is about to leave: as it was checked when it was said, or checked now where it is part of the run
 * that goes on. Null where it is no model's.
 */
export function deliveredFor(
  store: TurnStore,
  sessionKey: string,
  text: string,
  runId: string | null,
  now: number,
): Checked | null {
  const one = store.conversations.get(sessionKey);
  if (!one || store.own.has(text.trim())) return null;
  const known = one.said.get(text.trim());
  if (known !== undefined) return { reply: known, findings: [], claims: 0 };
  if ([...one.said.values()].some((said) => said.trim() === text.trim())) return null;
  return runId !== null && runId === one.runId ? checkSaid(store, sessionKey, text, now) : null;
}

const turnOf = ({ labels }: TurnStore, { calls, earlier, startedAt, otherTools }: Conversation): Turn => ({
  calls,
  earlier,
  technicians: techniciansIn(labels),
  at: startedAt,
  otherTools,
});

const techniciansIn = (labels: Labels): ReadonlySet<string> =>
  new Set([...labels.values()].flatMap(({ label, isTechnician }) => (isTechnician ? [label.toLowerCase()] : [])));
