// Commands of the last minute, so that an equal one of the same conversation under a new tool-call id is asked about and not
// done a second time: a model that lost its result calls again, and one in a loop calls on. The earlier answer is not given
// again, as for a repeated id: two ids are two intents to the host, and what was done may have been undone since (paused,
// resumed, paused). Whoever means it sends a request_id, which is the API's own way to say that. Shared through the process
// like the approvals given.

import { randomUUID } from "node:crypto";
import type { CommandName } from "../../dispatch/contract/index.ts";
import { hashOf } from "./json.ts";
import { lines } from "./result-text.ts";
import type { Tool } from "./tool-catalog.ts";
import { question, type ToolResult } from "./tool-result.ts";

export type Recent = {
  /** The Idempotency-Key it had. */
  readonly requestId: string;
  /** When it was made, in ms since 1970. */
  readonly at: number;
  /** What came of it: null while there is no answer, or none that says so. */
  readonly receipt: string | null;
};
export type RecentCalls = Map<string, Recent>;

const withinMs = 60_000;
const kept = 1_000;
const place = Symbol.for("dispatch.plugin.recent-calls");

/** What makes something to look at or to fill, and leaves all else as it was: it may be asked for again. */
const repeatable: readonly CommandName[] = ["assignment.recommend", "plan.optimize", "closeout.request_upload"];

/** The calls of this process, by a hash of who calls what with which arguments in which conversation. */
export function recentCalls(): RecentCalls {
  const found: unknown = Reflect.get(globalThis, place);
  if (found instanceof Map) return found;
  const made: RecentCalls = new Map();
  Reflect.set(globalThis, place, made);
  return made;
}

/** An equal call of the last minute with another key; null when there is none, or a tool may be called again. */
export function equalCall(
  all: RecentCalls,
  tool: Tool,
  call: readonly unknown[],
  { requestId, at }: Pick<Recent, "requestId" | "at">,
): Recent | null {
  const one = all.get(hashOf(call));
  if (!one || one.requestId === requestId || repeatable.some((name) => name === tool.name)) return null;
  return at - one.at <= withinMs ? one : null;
}

/** Remembers a call; the oldest goes when there are too many. */
export function remember(all: RecentCalls, call: readonly unknown[], one: Recent): void {
  const key = hashOf(call);
  all.delete(key);
  const [oldest] = all.keys();
  if (all.size >= kept && oldest !== undefined) all.delete(oldest);
  all.set(key, one);
}

/** Forgets a call that did not happen. */
export function forget(all: RecentCalls, call: readonly unknown[]): void {
  all.delete(hashOf(call));
}

/** The question whether an equal call is meant. */
export function askWhetherMeant(tool: Tool, { requestId, at, receipt }: Recent, now: number): ToolResult {
  const seconds = Math.max(0, Math.round((now - at) / 1_000));
  const earlier = `${tool.chatName} with the same arguments was called ${seconds} s ago under another id, and`;
  return question(
    tool.name,
    lines(
      `QUESTION ${tool.name}: nothing was done now.`,
      receipt === null
        ? `${earlier} there is no answer that says whether it happened. To find out: call it again with request_id ${requestId}, ` +
            "which cannot do it twice."
        : `${earlier} it was DONE: receipt ${receipt}. If that is what is meant, report it and go on.`,
      `To do it a second time on purpose: ask the person first, then call it again with request_id ${randomUUID()}.`,
    ),
    [],
  );
}
