// Which conversations are control rooms, by the desk's own word. In one of them whoever speaks has the role control and no other, whatever
// was granted to them besides and whatever a model asks for.

import { queries } from "../../dispatch/contract/index.ts";
import type { Outcome } from "./api-client.ts";
import type { Grant } from "./configuration.ts";
import { roleIn, shortWaitMs, type Desk } from "./desk.ts";
import { isObject, listAt, textAt } from "./json.ts";
import { hostSearchTools, statusToolName, tools } from "./tool-catalog.ts";

/**
 * How long the desk's word is believed, in ms: so much later at most it shows here that a conversation has become a control room
 * elsewhere, or is none any more. What was opened or left through this process shows at once.
 */
export const believedMs = 5_000;

/** A control room that is held in a conversation, and whose it is. */
export type ControlRoom = { readonly owner: string; readonly sessionKey: string };
/** Why the desk's word could not be had. */
export type NotHeard = Exclude<Outcome, { kind: "answered" }>;
export type Heard = { readonly kind: "heard"; readonly rooms: readonly ControlRoom[] } | NotHeard;

type Memory = {
  readonly asked: Map<string, { readonly at: number; readonly word: Promise<Heard> }>;
  known: Map<string, Heard>;
};
const place = Symbol.for("dispatch.plugin.control-rooms");
/** Another API is another desk; a process has one, and tests have some. */
const keptDesks = 20;

/** Both of the host's instances of the plugin share it: what one opens, the other's tools must know of. */
function memory(): Memory {
  const found: unknown = Reflect.get(globalThis, place);
  if (isMemory(found)) return found;
  const made: Memory = { asked: new Map(), known: new Map() };
  Reflect.set(globalThis, place, made);
  return made;
}
const isMemory = (value: unknown): value is Memory => isObject(value) && value["asked"] instanceof Map;

/** All control rooms that are held somewhere. @param speaker in whose name the desk is asked, where they may ask */
export async function controlRooms(desk: Desk, speaker: Grant | null): Promise<Heard> {
  const { asked, known } = memory();
  const { apiUrl } = desk.configuration;
  const before = asked.get(apiUrl);
  if (before && performance.now() - before.at < believedMs) return before.word;
  const word = ask(desk, speaker);
  if (asked.size >= keptDesks) asked.clear();
  asked.set(apiUrl, { at: performance.now(), word });
  const heard = await word;
  if (heard.kind === "heard") known.set(apiUrl, heard);
  // What could not be had is asked for again by the next.
  else if (asked.get(apiUrl)?.word === word) asked.delete(apiUrl);
  return heard;
}

/** What the desk says from now on is asked for anew. */
export const forgetControlRooms = (desk: Desk): boolean => memory().asked.delete(desk.configuration.apiUrl);

async function ask(desk: Desk, speaker: Grant | null): Promise<Heard> {
  const { owner, people, agents } = desk.configuration;
  const entry = queries["room.list"];
  const person = [speaker, owner, ...people, ...agents].find((one) => one && roleIn(one, entry));
  const role = person && roleIn(person, entry);
  // Where nobody may open a control room there is none.
  if (!person || !role) return { kind: "heard", rooms: [] };
  const outcome = await desk.call(
    { person, role, viaChat: false },
    { method: "GET", path: `${entry.path}?kind=control`, expected: "list" },
    undefined,
    shortWaitMs,
  );
  // An API from before there were rooms.
  if (outcome.kind === "refused" && outcome.status === 404) return { kind: "heard", rooms: [] };
  if (outcome.kind !== "answered") return outcome;
  const rooms = listAt(outcome.body, "items").flatMap((one) => {
    const [of, sessionKey] = [textAt(one, "owner"), textAt(one, "session_key")];
    return of === null || sessionKey === null ? [] : [{ owner: of, sessionKey }];
  });
  return { kind: "heard", rooms };
}

/** Whoever speaks in a conversation, with what they may do there. */
export type Seat = { readonly kind: "seat"; readonly person: Grant; readonly isControl: boolean };

/** Where somebody sits: in a control room they have the role control, if they were granted it or the role dispatcher, and no other. */
export async function seatOf(desk: Desk, person: Grant, sessionKey: string | null): Promise<Seat | NotHeard> {
  if (sessionKey === null) return { kind: "seat", person, isControl: false };
  const heard = await controlRooms(desk, person);
  if (heard.kind !== "heard") return heard;
  if (!isHeldIn(heard, sessionKey)) return { kind: "seat", person, isControl: false };
  return { kind: "seat", person: { ...person, roles: mayHold(person) ? ["control"] : [] }, isControl: true };
}

export const isHeldIn = ({ rooms }: Extract<Heard, { kind: "heard" }>, sessionKey: string): boolean =>
  rooms.some((room) => room.sessionKey === sessionKey);

export const mayHold = ({ roles }: Grant): boolean => roles.includes("dispatcher") || roles.includes("control");

/** The tools of a control room, as the model calls them. */
export const controlRoomTools: readonly string[] = [
  ...tools.filter(({ entry }) => entry.roles.includes("control")).map(({ chatName }) => chatName),
  statusToolName,
];
const allowed: ReadonlySet<string> = new Set([
  ...controlRoomTools,
  ...hostSearchTools,
  // The desk's other tools say themselves that they are none of a control room's.
  ...tools.map(({ chatName }) => chatName),
]);

/**
 * Why a tool of the host is not run in a conversation; null where it may be. While the desk is away its last word counts, so that
 * conversations which are none of its business go on.
 */
export async function refusedOfHost(
  desk: Desk,
  toolName: string,
  sessionKey: string | undefined,
): Promise<string | null> {
  if (sessionKey === undefined || allowed.has(toolName)) return null;
  const heard = await controlRooms(desk, null);
  const word = heard.kind === "heard" ? heard : memory().known.get(desk.configuration.apiUrl);
  return word?.kind === "heard" && isHeldIn(word, sessionKey) ? `Refused (403): ${noWorkHere}` : null;
}

export const notYours =
  "this conversation is a control room, which is for people who were granted the role dispatcher.";

export const noWorkHere =
  "this conversation is a control room, which watches the rooms, hands work out and does none, whatever is said. Its tools are " +
  `${controlRoomTools.join(", ")}. The person who holds it leaves it with the words: dispatch end.`;
