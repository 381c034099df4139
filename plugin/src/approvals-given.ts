// Approvals that a person gave and no call has used yet. The gateway evaluates a plugin twice in one process, hooks in
// one instance and tools perhaps in the other, so this one thing is shared through the process.

import { sortedJson } from "./json.ts";

export type Given = { readonly tool: string; readonly args: string; readonly approvedBy: string; readonly at: string };
export type ApprovalsGiven = Map<string, Given>;

const keptMs = 15 * 60_000;
const kept = 500;
const place = Symbol.for("dispatch.plugin.approvals-given");

/** The approvals of this process, by tool call id. */
export function approvalsGiven(): ApprovalsGiven {
  const found: unknown = Reflect.get(globalThis, place);
  if (found instanceof Map) return found;
  const made: ApprovalsGiven = new Map();
  Reflect.set(globalThis, place, made);
  return made;
}

/** Records that a person allowed the call. Old ones go, and the oldest when there are too many. */
export function give(
  given: ApprovalsGiven,
  toolCallId: string,
  one: { tool: string; args: unknown; approvedBy: string },
  now: number = Date.now(),
): void {
  for (const [id, { at }] of given) if (given.size >= kept || now - Date.parse(at) > keptMs) given.delete(id);
  given.set(toolCallId, {
    tool: one.tool,
    args: sortedJson(one.args),
    approvedBy: one.approvedBy,
    at: new Date(now).toISOString(),
  });
}

/** The approval of this very call, which is used up by it; null when none was given, or for something else. */
export function take(
  given: ApprovalsGiven,
  toolCallId: string,
  tool: string,
  args: unknown,
  now: number = Date.now(),
): Given | null {
  const one = given.get(toolCallId);
  given.delete(toolCallId);
  if (!one || one.tool !== tool || one.args !== sortedJson(args)) return null;
  return now - Date.parse(one.at) > keptMs ? null : one;
}
