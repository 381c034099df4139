// What an intent is: a sentence a person would type, and the tools that serve it. With the few readings of a sentence
// that several intents share. Pure.

import type { JsonObject } from "../../dispatch/kernel/json.ts";
import type { Memory } from "./memory.ts";
import type { Place } from "./times.ts";
import { uuidAnywhere, type Exchange } from "./tool-result.ts";

export type Call = { readonly name: string; readonly args: JsonObject };
export type Step =
  | { readonly kind: "call"; readonly calls: readonly Call[] }
  | { readonly kind: "say"; readonly text: string };

export type Speaking = {
  readonly sentence: string;
  readonly match: RegExpExecArray;
  readonly memory: Memory;
  readonly place: Place;
};

export type Intent = {
  /** A sentence that has it, for the list of what is understood. */
  readonly example: string;
  /** The tool it is for; the others on the way there only find things out. */
  readonly tool: string;
  readonly pattern: RegExp;
  /** Whether the tool changes nothing. */
  readonly reads?: true;
  /** Whether the sentence ends in free words, in which no second request is looked for. */
  readonly endsInFreeWords?: true;
  /** The next step after the exchanges so far; null when the results are the answer. */
  readonly step: (speaking: Speaking, done: readonly Exchange[]) => Step | null;
};

export const call = (...calls: Call[]): Step => ({ kind: "call", calls });
export const say = (text: string): Step => ({ kind: "say", text });

/** An intent that one call serves. */
export const once =
  (first: (speaking: Speaking) => Step): Intent["step"] =>
  (speaking, done) =>
    done.length === 0 ? first(speaking) : null;

/** One call on the ticket a sentence names by its id, or the one the conversation is about. */
export const onTicket = (
  name: string,
  args: (speaking: Speaking) => JsonObject | string = () => ({}),
): Intent["step"] =>
  once((speaking) => {
    const ticketId = ticketMeant(speaking);
    if (ticketId === null) return whichTicket;
    const more = args(speaking);
    return typeof more === "string" ? say(more) : call({ name, args: { ticket_id: ticketId, ...more } });
  });

const ticketNumber = /\bT-\d{1,15}\b/i;

export const ticketMeant = ({ sentence, memory }: Speaking): string | null =>
  uuidAnywhere.exec(sentence)?.[0] ?? ticketNumber.exec(sentence)?.[0] ?? memory.ticketId;

export const whichTicket: Step = say(
  'Which ticket? None has come up in this conversation yet: name its id, open one, or ask "what is burning?".',
);

/** The id of a technician the ranking names, else the name itself: the plugin looks it up, and asks where it is not clear. */
export function technicianNamed(name: string, { recommendation }: Memory): string {
  const wanted = name.trim().toLowerCase();
  const fitting = (recommendation?.ranked ?? []).filter(
    (one) => one.name.toLowerCase() === wanted || one.name.toLowerCase().split(" ")[0] === wanted,
  );
  const [only, ...others] = fitting;
  return only && others.length === 0 ? only.techId : name.trim();
}

const priorities = [
  ["EMERGENCY", /\bemergency\b/i],
  ["URGENT", /\burgent\b/i],
  ["ROUTINE", /\broutine\b/i],
] as const;

/** How soon, as a sentence says it; null when it does not. */
export const priorityIn = (sentence: string): string | null =>
  priorities.find(([, word]) => word.test(sentence))?.[0] ?? null;

/** Why, as the person said it; null when they did not. */
export function reasonIn(sentence: string): string | null {
  const reason = /(?:\b(?:because(?: of)?|since|as|reason:?)|[:—])\s+(.+)$/is
    .exec(sentence)?.[1]
    ?.trim()
    .replace(/[.!]+$/, "");
  return reason === undefined || reason === "" ? null : reason;
}

const amount = String.raw`([\d,]+(?:\.\d\d)?)`;
const limit = new RegExp(
  String.raw`(?:\b(?:at most|up to|no more than|not more than|max(?:imum)?|limit(?: of)?|nte(?: of)?)\s*\$?\s*|\$\s*)${amount}`,
  "i",
);

/** A limit in a sentence, "at most $880", in cents; null when it has none. */
export function centsIn(sentence: string): number | null {
  const text = limit.exec(sentence)?.[1]?.replaceAll(",", "");
  return text === undefined || text === "" ? null : Math.round(Number(text) * 100);
}

const faults: readonly (readonly [string, RegExp])[] = [
  [
    "CANNOT_SECURE_ENTRY",
    /cannot[ _](?:be[ _])?secure|can(?:'t| not|not) (?:be )?lock|(?:does|do|will)(?:n't| not) lock|unsecured/i,
  ],
  ["DOOR_WONT_LATCH", /latch/i],
  ["CLOSER_LEAKING_OR_SLAMMING", /closer|slam/i],
  ["AUTO_OPERATOR_FAULT", /operator|automatic door/i],
  ["FRAME_OR_GLASS_DAMAGE", /glass|frame|pane/i],
  ["HARDWARE_REPLACEMENT", /hardware/i],
];

/** The incident type a sentence describes; null when it describes none. */
export const incidentIn = (sentence: string): string | null =>
  faults.find(([, words]) => words.test(sentence))?.[0] ?? null;
