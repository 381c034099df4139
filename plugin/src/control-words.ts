// `dispatch` in a direct message: opens the sender's control room in this conversation; `dispatch end` leaves it. A person's own words,
// as the host received them, and never a model's.

import { randomUUID } from "node:crypto";
import { commands } from "../../dispatch/contract/index.ts";
import type { Grant } from "./configuration.ts";
import { controlRooms, forgetControlRooms, mayHold } from "./control-rooms.ts";
import { roleIn, type Desk } from "./desk.ts";
import { quoted } from "./result-text.ts";

/** What is said with the word: alone, or with more behind it that the turn is about. */
export type ControlWord = { readonly kind: "open"; readonly more: string } | { readonly kind: "end" };

/** Null for any other message, such as one that begins with !dispatcher. */
export function controlWordIn(message: string): ControlWord | null {
  const text = message.trim();
  if (/^!?dispatch\s+end$/i.test(text)) return { kind: "end" };
  if (/^!?dispatch$/i.test(text)) return { kind: "open", more: "" };
  const [, more] = /^!dispatch\s+(\S[^]*)$/i.exec(text) ?? [];
  return more === undefined ? null : { kind: "open", more };
}

/** Whether a conversation is between two, by its key. */
export const isDirect = (sessionKey: string): boolean =>
  !sessionKey.split(":").some((part) => part === "group" || part === "channel");

// Words that were received and whose turns have not begun yet, by conversation and words. A turn that another model asked for was
// never received from anybody, so that no model opens a control room or leaves one.

type Received = Map<string, { readonly senderId: string | null }>;
const place = Symbol.for("dispatch.plugin.control-words");
const kept = 200;

function received(): Received {
  const found: unknown = Reflect.get(globalThis, place);
  if (found instanceof Map) return found;
  const made: Received = new Map();
  Reflect.set(globalThis, place, made);
  return made;
}
const keyOf = (sessionKey: string, message: string): string => `${sessionKey}\n${message.trim()}`;

/** Keeps a message that somebody wrote, where it is such a word. The oldest goes when there are too many. */
export function receive(sessionKey: string | undefined, senderId: string | null, message: string): void {
  if (sessionKey === undefined || !isDirect(sessionKey) || !controlWordIn(message)) return;
  const all = received();
  const [oldest] = all.keys();
  if (all.size >= kept && oldest !== undefined) all.delete(oldest);
  all.set(keyOf(sessionKey, message), { senderId });
}

/** The word that the turn now beginning is about, used up by it; null where nobody wrote one. */
export function takeWord(sessionKey: string | undefined, senderId: string | null, message: string): ControlWord | null {
  if (sessionKey === undefined) return null;
  const key = keyOf(sessionKey, message);
  const one = received().get(key);
  if (!one || one.senderId !== senderId) return null;
  received().delete(key);
  return controlWordIn(message);
}

// What comes of it -----------------------------------------------------------------------------------------------------

export type WordAnswer = {
  readonly text: string;
  /** Whether the conversation is the person's control room now. */
  readonly isOpen: boolean;
};

/** Shorter than what a host gives the hooks of a turn. */
const deadlineMs = 10_000;

/** Does what the word asks for, for whoever wrote it; null is a stranger. */
export async function obeyWord(
  desk: Desk,
  person: Grant | null,
  sessionKey: string,
  word: ControlWord,
): Promise<WordAnswer> {
  const no = (text: string): WordAnswer => ({ text, isOpen: false });
  const isEnd = word.kind === "end";
  if (!person)
    return no(
      "Refused (403): whoever speaks here is not known to Dispatch. The gateway's owner adds people in " +
        "plugins.entries.dispatch.config.people.",
    );
  const heard = await controlRooms(desk, person);
  const rooms = heard.kind === "heard" ? heard.rooms : [];
  const here = rooms.filter((one) => one.sessionKey === sessionKey);
  const isTheirs = here.some((one) => isOf(person, one));
  // Whoever holds one may always leave it, also when they were granted less meanwhile.
  const role = mayHold(person) ? roleIn(person, commands["control.open"]) : isEnd && isTheirs ? "control" : null;
  if (!role)
    return no(
      `Refused (403): a control room is for people who were granted the role dispatcher; you have ${person.roles.join(", ")}. The ` +
        "gateway's owner grants roles in plugins.entries.dispatch.config.",
    );
  if (isEnd && heard.kind === "heard" && !isTheirs) {
    const [other] = here;
    return no(
      other
        ? `This is the control room of ${quoted(other.owner, 40)}, who alone can leave it.`
        : "This conversation is no control room: there is nothing to leave.",
    );
  }
  const { method, path } = commands["control.open"];
  const outcome = await desk.call(
    { person, role, viaChat: false },
    {
      method,
      path,
      tool: "control.open",
      idempotencyKey: randomUUID(),
      body: JSON.stringify({ session_key: isEnd ? null : sessionKey }),
    },
    undefined,
    deadlineMs,
  );
  forgetControlRooms(desk);
  if (outcome.kind === "refused") return no(`Refused: ${outcome.refusal.code}: ${outcome.refusal.message}`);
  if (outcome.kind === "unknown") return no(`It is not known whether this happened: ${outcome.why}. Say it again.`);
  if (outcome.kind === "unreachable") return no(`This did not happen: ${outcome.why}`);
  if (isEnd) return no("This is no control room any more, but a conversation like any other. dispatch opens it again.");
  const elsewhere = rooms.some((one) => isOf(person, one) && one.sessionKey !== sessionKey);
  return { text: elsewhere ? `${opened} ${moved}` : opened, isOpen: true };
}

const isOf = ({ actor }: Grant, { owner }: { readonly owner: string }): boolean => owner === actor;

const opened =
  "This is your control room now: it sees every room and what workers say, and hands work out. Nothing is done from here, whatever is " +
  "said. dispatch end leaves it.";
const moved = "It was open in another conversation, which is one like any other again.";
