// What happens to one call that a model asks for: somebody allows it, denies it or takes it back, on a card or by its number; or two at
// once; or never; and now and then what it is about is changed by somebody else before that.

import { randomUUID } from "node:crypto";
import { chatName } from "../../dispatch/contract/index.ts";
import type { Role } from "../../dispatch/contract/roles.ts";
import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { canonicalSha256 } from "../../dispatch/policy/canonical-json.ts";
import { places } from "../bench/lifecycle.ts";
import { gatewayOwner, type Chatter, type DeskGateway } from "./gateway.ts";
import { madeBy, type Kind, type Sent } from "./kinds.ts";
import type { Ask, Evidence, Word } from "./model.ts";
import type { Heard, Voice } from "./voice.ts";

/** What the judge is told of, beside what the database says. */
export type Notes = {
  -readonly [K in "sent" | "told" | "words" | "cards"]: Evidence[K][number][];
} & {
  /** Answers that no correct desk gives. */
  readonly strange: string[];
  /** How many calls came to which fate. */
  readonly fates: Map<string, number>;
  /** How many answers came by `/dispatch approve` and `/dispatch deny`. */
  readonly inChat: { -readonly [O in Outcome]: number };
};

export const newNotes = (): Notes => ({
  sent: [],
  told: [],
  words: [],
  cards: [],
  strange: [],
  fates: new Map(),
  inChat: { approved: 0, denied: 0 },
});

export type Outcome = "approved" | "denied";

const askers = ["dana", "mia", "noor"];
const people = ["olga", "otto", "pia"];

type Call = Ask & { readonly kind: Kind };
type Asked = Call & { readonly number: string };
type Parts = {
  readonly voice: Voice;
  readonly notes: Notes;
  /** Deals the kinds in turn: drawn, one of them might never come in a short run. */
  readonly deal: () => Kind;
  readonly next: () => number;
};

/** How often each is drawn. */
const fates = {
  approve: 28,
  deny: 9,
  withdraw: 7,
  never: 6,
  card: 14,
  "card, and its host dies": 6,
  "changed, approve": 13,
  "changed, card": 4,
  "approve and deny at once": 5,
  "card and deny at once": 4,
  "approved twice by two keys": 4,
} as const;
type Fate = keyof typeof fates;

/** One ticket, account or site from its making to the end of what is asked about it. */
export async function liveCase(parts: Parts): Promise<void> {
  const { notes, next } = parts;
  const pick = <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)] as T;
  const fate = drawn(next());
  count(notes, fate);
  const kind = parts.deal();
  const target = await make(parts, kind);
  const asked = target === null ? null : await ask(parts, kind, target, pick(askers), next() < 0.05);
  if (target === null || asked === null) return;
  const [one, other] = next() < 0.5 ? ["olga", "pia"] : [pick(people), "zoe"];
  const run: { readonly [F in Fate]: () => Promise<unknown> } = {
    approve: () => decide(parts, asked, "approved", one),
    deny: () => decide(parts, asked, "denied", one),
    withdraw: () => withdraw(parts, asked),
    never: async () => undefined,
    card: () => card(parts, asked, one),
    "card, and its host dies": () => card(parts, asked, one, true),
    "changed, approve": async () => {
      await change(parts, kind.change(target));
      await decide(parts, asked, "approved", one);
      // Whoever asked hears of the successor; a person allows that as well, or not.
      const heard = await callAgain(parts, asked);
      const anew = heard?.error["asked_again"];
      if (typeof anew === "string" && next() < 0.6) await decide(parts, { ...asked, number: anew }, "approved", other);
    },
    "changed, card": async () => {
      await change(parts, kind.change(target));
      await card(parts, asked, one);
    },
    "approve and deny at once": () =>
      Promise.all([decide(parts, asked, "approved", one), decide(parts, asked, "denied", other)]),
    "card and deny at once": () => Promise.all([card(parts, asked, one), decide(parts, asked, "denied", other)]),
    "approved twice by two keys": async () => {
      const second = await ask(parts, kind, target, asked.by, false);
      await Promise.all([decide(parts, asked, "approved", one), second && decide(parts, second, "approved", other)]);
    },
  };
  await run[fate]();
  if (next() < 0.3) await callAgain(parts, asked);
}

const count = ({ fates: all }: Notes, fate: string): void => void all.set(fate, (all.get(fate) ?? 0) + 1);

function drawn(part: number): Fate {
  const all = Object.entries(fates) as [Fate, number][];
  let left = part * all.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [fate, weight] of all) if ((left -= weight) < 0) return fate;
  return "approve";
}

const asPerson = (sub: string, role?: Role): JsonObject => ({ sub, actor_type: "HUMAN", ...inRole(role) });
const asModel = (sub: string, role?: Role): JsonObject => ({ sub, actor_type: "AGENT", via: "chat", ...inRole(role) });
const inRole = (role?: Role): JsonObject =>
  role === undefined ? {} : { role, ...(role === "tech" && { tech_id: places.techId }) };

export type ByGateway = {
  readonly gateway: DeskGateway;
  /** Who answers in its chat. */
  readonly chatter: Chatter;
  /** Told right before a call is made, or something is written. */
  readonly onSend: (moment: "gateway" | "chat") => void;
  /** Under which number the desk keeps a call, as a person finds it there; null where none does, or the desk is away. */
  readonly numberOf: (key: string) => Promise<string | null>;
};

/** After so many tries something is wrong, and not only away. */
const mostTries = 40;

/** One call that comes by a gateway, or is answered in its chat, while it may be killed: each is done again until the desk has it. */
export async function liveGatewayCase(parts: Parts, by: ByGateway): Promise<void> {
  const { notes, next } = parts;
  const kind = parts.deal();
  const target = await make(parts, kind);
  if (target === null) return;
  const asked =
    next() < 0.6 ? await askByGateway(parts, kind, target, by) : await ask(parts, kind, target, "dana", false);
  if (asked === null) return;
  if (next() < 0.15) await change(parts, kind.change(target));
  const outcome = next() < 0.8 ? "approved" : "denied";
  const inChat = decideInChat(parts, asked, outcome, by);
  if (next() < 0.8) return inChat;
  // Somebody says the other thing at the desk itself meanwhile: the first word counts.
  const other = outcome === "approved" ? "denied" : "approved";
  count(notes, "in a chat and at the desk at once");
  await Promise.all([inChat, decide(parts, asked, other, "zoe")]);
}

async function askByGateway(
  { notes }: Parts,
  kind: Kind,
  target: string,
  { gateway, onSend, numberOf }: ByGateway,
): Promise<Asked | null> {
  const call: Call = { tool: kind.tool, target, by: gatewayOwner, key: randomUUID(), kind };
  notes.sent.push(call);
  count(notes, "by a gateway");
  const args = { [`${kind.aggregate}_id`]: target, ...kind.call(target).body, request_id: call.key };
  for (let times = 0; times < mostTries; times++) {
    onSend("gateway");
    await gateway.call(chatName(kind.tool), args);
    const number = await numberOf(call.key);
    if (number === null) continue;
    const asked = { ...call, number };
    notes.told.push(asked);
    return asked;
  }
  notes.strange.push(`${kind.tool} by the gateway is kept nowhere after ${mostTries} calls`);
  return null;
}

const verbs: Readonly<Record<Outcome, string>> = { approved: "approve", denied: "deny" };

/** A person writes it as in any chat, and again where nobody says that it was taken. */
async function decideInChat(
  { notes }: Parts,
  { number }: Asked,
  outcome: Outcome,
  { gateway, chatter, onSend }: ByGateway,
): Promise<void> {
  count(notes, "answered in a chat");
  for (let times = 0; times < mostTries; times++) {
    onSend("chat");
    const heard = await gateway.write(chatter, `/dispatch ${verbs[outcome]} ${number}`, (text) =>
      isAbout(text, number),
    );
    if (heard === null || isUncertain(heard)) continue;
    const [, status] = new RegExp(`^${number} (\\w+): `, "m").exec(heard) ?? [];
    // Somebody else may have answered before, or what was written the last time was heard after all.
    if (status === undefined && heard.includes("INVALID_STATE_TRANSITION")) return;
    const isTaken = (status === "denied") === (outcome === "denied") && heard.includes(`answered by "${chatter}"`);
    if (status === undefined || !isTaken)
      return void notes.strange.push(`${chatter} wrote ${outcome} and read ${heard}`);
    notes.inChat[outcome]++;
    notes.words.push({ number, outcome, by: chatter });
    return;
  }
  notes.strange.push(`${number} is answered nowhere after ${mostTries} words of ${chatter}`);
}

/** What was written before a kill may be answered behind it: that is about another number. */
const isAbout = (text: string, number: string): boolean => text.includes(number) || !/\bA-\d{6}\b/.test(text);

/** The desk was away, and the gateway said so. */
const isUncertain = (text: string): boolean =>
  /^(It is not known|This was not taken|The desk cannot be reached|REFUSED (DEPENDENCY_UNAVAILABLE|IDEMPOTENCY_IN_FLIGHT))/.test(
    text,
  );

/** @returns its id; null where the desk did not make it */
async function make({ voice, notes }: Pick<Parts, "voice" | "notes">, kind: Kind): Promise<string | null> {
  const [first, ...more] = kind.making;
  const made = await voice.say({ ...first, claims: asPerson("otto") });
  const target = made === null ? null : madeBy(kind, made.body);
  if (target === null) notes.strange.push(`what ${kind.tool} is for was answered ${told(made)}`);
  if (target !== null) for (const step of more) await change({ voice, notes }, step(target));
  return target;
}

const told = (heard: Heard | null): string =>
  heard === null ? "not at all" : `${heard.status}: ${JSON.stringify(heard.body).slice(0, 300)}`;

/** @returns null where whoever asked was gone before it was answered */
async function ask(
  { voice, notes }: Parts,
  kind: Kind,
  target: string,
  by: string,
  once: boolean,
): Promise<Asked | null> {
  const call: Call = { tool: kind.tool, target, by, key: randomUUID(), kind };
  notes.sent.push(call);
  const { role, ...sent } = callOf(call);
  const heard = await voice.say({ ...sent, claims: asModel(by, role), moment: "ask", once });
  if (heard === null) return null;
  const number = heard.error["approval_request"];
  if (heard.status !== 403 || typeof number !== "string") {
    notes.strange.push(`an ask was answered ${told(heard)}`);
    return null;
  }
  const asked = { ...call, number };
  notes.told.push(asked);
  return asked;
}

const callOf = ({ kind, target, key }: Call) => ({ ...kind.call(target), key });

function callAgain({ voice }: Parts, asked: Asked): Promise<Heard | null> {
  const { role, ...sent } = callOf(asked);
  return voice.say({ ...sent, claims: asModel(asked.by, role) });
}

async function decide({ voice, notes }: Parts, { number }: Asked, outcome: Outcome, by: string): Promise<void> {
  const heard = await voice.say({
    path: `/approval-requests/${number.toLowerCase()}/decide`,
    body: { outcome },
    claims: asPerson(by),
    moment: "answer",
  });
  note(notes, heard, { number, outcome, by });
}

async function withdraw({ voice, notes }: Parts, { number, by }: Asked): Promise<void> {
  const heard = await voice.say({
    path: `/approval-requests/${number.toLowerCase()}/withdraw`,
    body: {},
    claims: asModel(by),
    moment: "answer",
  });
  note(notes, heard, { number, outcome: "withdrawn", by });
}

/** Somebody else may have answered before. */
function note({ words, strange }: Notes, heard: Heard | null, word: Word): void {
  if (heard?.status === 200) words.push(word);
  else if (heard?.error["code"] !== "INVALID_STATE_TRANSITION")
    strange.push(`${word.outcome} for ${word.number} was answered ${told(heard)}`);
}

/** A person allows the call itself, on the card that its host shows. */
async function card({ voice, notes }: Parts, asked: Asked, by: string, once = false): Promise<void> {
  const { kind, target } = asked;
  const human_approval = {
    tool: kind.tool,
    target: { aggregate: kind.aggregate, id: target },
    arguments_hash: canonicalSha256(kind.call(target).body),
    request_id: asked.key,
    approved_by: by,
    at: new Date().toISOString(),
  };
  notes.cards.push({ key: asked.key, by });
  const { role, ...sent } = callOf(asked);
  const claims = { ...asModel(asked.by, role), human_approval };
  const heard = await voice.say({ ...sent, claims, moment: "card", once });
  // It may have changed, been answered otherwise, or just been done: then the host is told so.
  const refusals: readonly unknown[] = ["APPROVAL_OUTDATED", "HUMAN_APPROVAL_REQUIRED"];
  if (heard !== null && heard.status !== 200 && !refusals.includes(heard.error["code"]))
    notes.strange.push(`a card for ${asked.number} was answered ${told(heard)}`);
}

async function change({ voice, notes }: Pick<Parts, "voice" | "notes">, sent: Sent): Promise<void> {
  const { role, ...said } = sent;
  const heard = await voice.say({ ...said, claims: asPerson("otto", role) });
  if (heard?.status !== 200 && heard?.status !== 201) notes.strange.push(`${sent.path} was answered ${told(heard)}`);
}
