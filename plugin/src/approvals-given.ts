// Approvals that a person gave and no call has used yet. The gateway evaluates a plugin twice in one process, hooks in
// one instance and tools perhaps in the other, so this one thing is shared through the process.

import { hashOf } from "./json.ts";
import type { ResolvedCall } from "./resolve-call.ts";
import type { HumanApproval } from "./token.ts";
import type { Tool } from "./tool-catalog.ts";

export type Given = {
  /** Whose call was allowed. */
  readonly actor: string;
  readonly tool: string;
  /** The hash of what the model sent: by that the call is known again. */
  readonly args: string;
  /** What the card showed, and so what is sent. */
  readonly call: ResolvedCall;
  readonly approvedBy: string;
  readonly at: string;
};
export type ApprovalsGiven = Map<string, Given>;

/** As long as the API takes it. */
const keptMs = 10 * 60_000;
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
  one: Omit<Given, "args" | "at"> & { readonly args: unknown },
  now: number,
): void {
  for (const [id, { at }] of given) if (given.size >= kept || now - Date.parse(at) > keptMs) given.delete(id);
  given.set(toolCallId, { ...one, args: hashOf(one.args), at: new Date(now).toISOString() });
}

/** The approval of this very call, which is used up by it; null when none was given, or for something else. */
export function take(
  given: ApprovalsGiven,
  toolCallId: string,
  { actor, tool, args }: { readonly actor: string; readonly tool: string; readonly args: unknown },
  now: number,
): Given | null {
  const one = given.get(toolCallId);
  given.delete(toolCallId);
  if (!one || one.actor !== actor || one.tool !== tool || one.args !== hashOf(args)) return null;
  return now - Date.parse(one.at) > keptMs ? null : one;
}

/** A person's word as the call's token carries it: for this tool, target, arguments and key alone. */
export const approvalClaim = (
  { name, entry }: Tool,
  { ids, fields }: ResolvedCall,
  requestId: string,
  { approvedBy, at }: Given,
): HumanApproval => ({
  tool: name,
  target: { aggregate: entry.kind === "command" ? entry.aggregate : name, id: Object.values(ids).join("/") || null },
  arguments_hash: hashOf(fields),
  request_id: requestId,
  approved_by: approvedBy,
  at,
});
