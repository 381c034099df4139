// Who the host proved to be behind a turn, kept from the making of the turn's tools until its prompt is built: the prompt's
// hook is not told whether the owner speaks. The host evaluates the plugin twice, so this is shared through the process.

import type { Requester } from "./identity.ts";

export type ProvenRequesters = Map<string, Requester>;

const kept = 500;
const place = Symbol.for("dispatch.plugin.proven-requesters");

/** The proofs of this process, by session id. */
export function provenRequesters(): ProvenRequesters {
  const found: unknown = Reflect.get(globalThis, place);
  if (found instanceof Map) return found;
  const made: ProvenRequesters = new Map();
  Reflect.set(globalThis, place, made);
  return made;
}

/** Keeps a turn's proof; a turn without a session has no prompt either. The oldest goes when there are too many. */
export function prove(proven: ProvenRequesters, sessionId: string | undefined, requester: Requester): void {
  if (sessionId === undefined) return;
  proven.delete(sessionId);
  const [oldest] = proven.keys();
  if (proven.size >= kept && oldest !== undefined) proven.delete(oldest);
  proven.set(sessionId, requester);
}

/** The proof of the turn whose prompt is built, which is used up by it; null when there is none, or it is of another sender's. */
export function takeProof(
  proven: ProvenRequesters,
  sessionId: string | undefined,
  said: Pick<Requester, "channel" | "senderId">,
): Requester | null {
  if (sessionId === undefined) return null;
  const one = proven.get(sessionId);
  proven.delete(sessionId);
  return one && one.channel === said.channel && one.senderId === said.senderId ? one : null;
}
