// Calls that the API refused for want of a person's word, for an effect that could not be seen beforehand. When such a call comes
// again, a person is asked. Shared through the process like the approvals given.

import { hashOf, type JsonObject } from "./json.ts";

/** Why a person must be asked, in the API's words. */
export type Wanted = { readonly rule: string; readonly severity: "warning" | "critical"; readonly reason: string };
/** By a hash of the call: its arguments are not kept. */
export type ApprovalsWanted = Map<string, Wanted & { readonly at: number }>;

type Call = { readonly actor: string; readonly tool: string; readonly args: JsonObject };

const keptMs = 10 * 60_000;
const kept = 500;
const place = Symbol.for("dispatch.plugin.approvals-wanted");

/** The refused calls of this process. */
export function approvalsWanted(): ApprovalsWanted {
  const found: unknown = Reflect.get(globalThis, place);
  if (found instanceof Map) return found;
  const made: ApprovalsWanted = new Map();
  Reflect.set(globalThis, place, made);
  return made;
}

/** Remembers that a call was refused for want of a word; the oldest goes when there are too many. */
export function want(all: ApprovalsWanted, call: Call, wanted: Wanted, now: number): void {
  const key = keyOf(call);
  all.delete(key);
  const [oldest] = all.keys();
  if (all.size >= kept && oldest !== undefined) all.delete(oldest);
  all.set(key, { ...wanted, at: now });
}

/** Why a person must be asked about a call; null when the API did not say so in the last ten minutes. */
export function wantedFor(all: ApprovalsWanted, call: Call, now: number): Wanted | null {
  const one = all.get(keyOf(call));
  return one && now - one.at <= keptMs ? one : null;
}

const keyOf = ({ actor, tool, args: { request_id: _key, ...args } }: Call): string => hashOf([actor, tool, args]);
