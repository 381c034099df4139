// What happens to one call that a model asks for: somebody allows it, denies it or takes it back, on a card or by its number; or two at
// once; or never; and now and then what it is about is changed by somebody else before that.

import { randomUUID } from "node:crypto";
import { chatName } from "../../dispatch/contract/index.ts";
import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { canonicalSha256 } from "../../dispatch/policy/canonical-json.ts";
import { gatewayOwner, type DeskGateway } from "./gateway.ts";
import { kinds, madeBy, type Kind, type Sent } from "./kinds.ts";
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
};

export const newNotes = (): Notes => ({ sent: [], told: [], words: [], cards: [], strange: [], fates: new Map() });

const askers = ["dana", "mia", "noor"];
const people = ["olga", "otto", "pia"];

type Call = Ask & { readonly kind: Kind };
type Asked = Call & { readonly number: string };
type Parts = { readonly voice: Voice; readonly notes: Notes; readonly next: () => number };

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
export async function liveCase({ voice, notes, next }: Parts): Promise<void> {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)] as T;
  const fate = drawn(next());
  count(notes, fate);
  const parts = { voice, notes, next };
  const kind = pick(kinds);
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

const asPerson = (sub: string): JsonObject => ({ sub, actor_type: "HUMAN" });
const asModel = (sub: string): JsonObject => ({ sub, actor_type: "AGENT", via: "chat" });

export type ByGateway = {
  readonly gateway: DeskGateway;
  /** Told right before a call is made. */
  readonly onSend: () => void;
  /** Under which number the desk keeps a call, as a person finds it there; null where none does, or the desk is away. */
  readonly numberOf: (key: string) => Promise<string | null>;
};

/** One call that comes by a gateway, which may be killed at any time: it is made again by its key, until the desk has it. */
export async function liveGatewayCase(
  { voice, notes, next }: Parts,
  { gateway, onSend, numberOf }: ByGateway,
): Promise<void> {
  const parts = { voice, notes, next };
  const kind = kinds[next() < 0.5 ? 0 : 1] ?? kinds[0];
  const target = await make(parts, kind);
  if (target === null) return;
  const call: Call = { tool: kind.tool, target, by: gatewayOwner, key: randomUUID(), kind };
  notes.sent.push(call);
  let number: string | null = null;
  for (let times = 0; number === null; times++) {
    if (times === 40)
      return void notes.strange.push(`${kind.tool} by the gateway is kept nowhere after ${times} calls`);
    onSend();
    const args = { ticket_id: target, ...kind.call(target).body, request_id: call.key };
    await gateway.call(chatName(kind.tool), args);
    number = await numberOf(call.key);
  }
  const asked = { ...call, number };
  notes.told.push(asked);
  count(notes, "by a gateway");
  if (next() < 0.2) await change(parts, kind.change(target));
  await decide(parts, asked, next() < 0.8 ? "approved" : "denied", "olga");
}

/** @returns its id; null where the desk did not make it */
async function make({ voice, notes }: Parts, kind: Kind): Promise<string | null> {
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
  const heard = await voice.say({ ...callOf(call), claims: asModel(by), moment: "ask", once });
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

const callAgain = ({ voice }: Parts, asked: Asked): Promise<Heard | null> =>
  voice.say({ ...callOf(asked), claims: asModel(asked.by) });

async function decide(
  { voice, notes }: Parts,
  { number }: Asked,
  outcome: "approved" | "denied",
  by: string,
): Promise<void> {
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
  const claims = { ...asModel(asked.by), human_approval };
  const heard = await voice.say({ ...callOf(asked), claims, moment: "card", once });
  // It may have changed, been answered otherwise, or just been done: then the host is told so.
  const refusals: readonly unknown[] = ["APPROVAL_OUTDATED", "HUMAN_APPROVAL_REQUIRED"];
  if (heard !== null && heard.status !== 200 && !refusals.includes(heard.error["code"]))
    notes.strange.push(`a card for ${asked.number} was answered ${told(heard)}`);
}

async function change({ voice, notes }: Pick<Parts, "voice" | "notes">, sent: Sent): Promise<void> {
  const heard = await voice.say({ ...sent, claims: asPerson("otto") });
  if (heard?.status !== 200) notes.strange.push(`${sent.path} was answered ${told(heard)}`);
}
