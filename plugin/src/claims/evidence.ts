// What the result of one tool call says that a sentence can be held to: tickets, states, people, times, amounts. Pure; it knows
// no host and keeps nothing.

import { isObject, textAt, type JsonObject } from "../json.ts";
import { parts, type Wall } from "./wall-clock.ts";

/** What became of a call. "old" is a receipt of long before this turn, given again. */
export type Outcome = "done" | "old" | "read" | "not done";

/** What one record of a result says. */
export type Facts = {
  /** Numbers and ids. */
  readonly tickets: Set<string>;
  readonly states: Set<string>;
  /** What its events were done by. */
  readonly tools: Set<string>;
  /** Technicians' names, in small letters. */
  readonly people: Set<string>;
  readonly walls: Wall[];
  /** Times as moments, in ms, which a zone makes a wall's. */
  readonly moments: { readonly at: number; readonly isEnd: boolean }[];
  readonly cents: Set<number>;
  /** Everything written in it, in small letters. */
  readonly words: string[];
};

export type Evidence = { readonly tool: string; readonly outcome: Outcome; readonly records: readonly Facts[] };

/** What is known when a reply is checked. */
export type Turn = {
  /** Of this turn's calls, in their order. */
  readonly calls: readonly Evidence[];
  /** Of calls of the same conversation before it: they show what is told as history, and nothing else. */
  readonly earlier: readonly Evidence[];
  /** Names of technicians, in small letters, by which one in a sentence is known for one. */
  readonly technicians: ReadonlySet<string>;
  /** Now, in ms. */
  readonly at: number;
  /** Whether a tool that is not the desk's was called: it may have written to people. */
  readonly otherTools: boolean;
};

/** What ids stand for: the number of a ticket, or a name, with whether it is a technician's. */
export type Labels = Map<string, { readonly label: string; readonly isTechnician: boolean }>;

export type Call = {
  readonly tool: string;
  readonly outcome: Outcome;
  readonly args: JsonObject;
  readonly body: JsonObject;
};

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const number = /^T-\d+$/i;
const state = /^[A-Z][A-Z_]{2,}$/;
const maxDepth = 8;
const maxWords = 4_000;

/** When something was kept or said, and not when a visit is. */
const bookkeeping: ReadonlySet<string> = new Set([
  "created_at",
  "updated_at",
  "occurred_at",
  "issued_at",
  "evaluated_at",
  "requested_at",
  "expires_at",
  "generated_at",
  "at",
]);
/** Who or what it was not, or is no more. */
const notThese: ReadonlySet<string> = new Set(["not_technicians", "rejected", "considered", "bump", "follow_ups"]);
const before: ReadonlySet<string> = new Set(["before_state", "from_state", "before_window", "previous"]);

/** A number as it is told, without the zeros that one may leave out. */
export const ticketKey = (written: string): string => `T-${written.replace(/^T-?0*/i, "").padStart(6, "0")}`;

/** Learns what ids in a body stand for. */
export function learn(labels: Labels, value: unknown, under = "", depth = 0): void {
  if (depth > maxDepth) return;
  if (Array.isArray(value)) for (const item of value) learn(labels, item, under, depth + 1);
  if (!isObject(value)) return;
  const id = textAt(value, "id");
  const called = textAt(value, "number") ?? textAt(value, "name");
  const [techId, techName] = [textAt(value, "tech_id") ?? textAt(value, "technician_id"), textAt(value, "tech_name")];
  const ticketId = textAt(value, "ticket_id");
  if (ticketId !== null && number.test(called ?? ""))
    keep(labels, ticketId, { label: called ?? "", isTechnician: false });
  const isTechnician = /tech|roster|crew/.test(under) || "skills" in value || "shifts" in value || "home_zone" in value;
  if (id !== null && called !== null) keep(labels, id, { label: called, isTechnician });
  if (techId !== null && techName !== null) keep(labels, techId, { label: techName, isTechnician: true });
  for (const [key, member] of Object.entries(value)) learn(labels, member, key, depth + 1);
}

const keptLabels = 5_000;

function keep(labels: Labels, id: string, one: { label: string; isTechnician: boolean }): void {
  const known = labels.get(id);
  labels.delete(id);
  const [oldest] = labels.keys();
  if (labels.size >= keptLabels && oldest !== undefined) labels.delete(oldest);
  labels.set(id, { ...one, isTechnician: one.isTechnician || (known?.isTechnician ?? false) });
}

const none = (): Facts => ({
  tickets: new Set(),
  states: new Set(),
  tools: new Set(),
  people: new Set(),
  walls: [],
  moments: [],
  cents: new Set(),
  words: [],
});

/** What a call's result says, record by record: the first is of the call itself, others of rows that name a ticket of their own. */
export function evidenceOf({ tool, outcome, args, body }: Call, labels: Labels): Evidence {
  const [asked, answered] = [textAt(args, "ticket_id"), textAt(body, "ticket_id")];
  if (asked !== null && answered !== null && number.test(asked))
    labels.set(answered, { label: asked, isTechnician: false });
  const whole = none();
  const rows: Facts[] = [];
  const isDone = outcome === "done" || outcome === "old";
  collect(args, { facts: whole, rows, labels, isDone, depth: 0 });
  collect(body, { facts: whole, rows, labels, isDone, depth: 0 });
  return { tool, outcome, records: [whole, ...rows] };
}

type Place = {
  readonly facts: Facts;
  readonly rows: Facts[];
  readonly labels: Labels;
  readonly isDone: boolean;
  readonly depth: number;
};

function collect(value: unknown, place: Place, key = ""): void {
  if (place.depth > maxDepth || ((before.has(key) || notThese.has(key)) && place.isDone)) return;
  const deeper = { ...place, depth: place.depth + 1 };
  if (Array.isArray(value)) {
    for (const item of value) {
      const row = isObject(item) && namesTicket(item) ? none() : null;
      if (row) place.rows.push(row);
      collect(item, row ? { ...deeper, facts: row } : deeper, key);
    }
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) collect(member, deeper, name);
  } else if (typeof value === "string") collectText(value, key, place);
  else if (typeof value === "number" && key.endsWith("_cents")) place.facts.cents.add(value);
}

const namesTicket = (item: JsonObject): boolean =>
  textAt(item, "ticket_id") !== null ||
  number.test(textAt(item, "number") ?? "") ||
  isObject(item["ticket"]) ||
  ("state" in item && "site_id" in item);

function collectText(text: string, key: string, { facts, labels }: Place): void {
  if (facts.words.length < maxWords) facts.words.push(text.toLowerCase());
  if (number.test(text)) facts.tickets.add(ticketKey(text));
  else if (uuid.test(text)) collectId(text, facts, labels);
  else if (state.test(text) && /(?:state|status)$/.test(key)) facts.states.add(text);
  else if (key === "tool_name") facts.tools.add(text);
  else if (key === "tech_name" || key === "technician_name" || (key === "tech_id" && !uuid.test(text)))
    facts.people.add(text.toLowerCase());
  else if (!bookkeeping.has(key)) collectTime(text, key, facts);
}

function collectId(id: string, facts: Facts, labels: Labels): void {
  facts.tickets.add(id.toLowerCase());
  const known = labels.get(id);
  if (!known) return;
  facts.words.push(known.label.toLowerCase());
  if (number.test(known.label)) facts.tickets.add(ticketKey(known.label));
  if (known.isTechnician) facts.people.add(known.label.toLowerCase());
}

function collectTime(text: string, key: string, facts: Facts): void {
  const isEnd = /(?:^|_)(?:end|until|to)(?:_|$)/.test(key);
  const wall = parts(text, isEnd);
  if (!wall) return;
  facts.walls.push(wall);
  const moment = wall.minute === null ? NaN : Date.parse(text);
  if (!Number.isNaN(moment)) facts.moments.push({ at: moment, isEnd });
}
