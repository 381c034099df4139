// What became of a push, by what the gateway keeps of its session: inputs that wait for their turn, and rows that were shown. Also the
// names of a push's runs, by which both are found.

import type { PushId } from "../../../contract/ids.ts";
import { isObject, type JsonObject } from "../../../kernel/json.ts";
import type { Line } from "./line.ts";

/**
 * queued: it waits in the gateway for its turn. running: its turn runs, or the gateway will resume it. delivered: it was shown.
 * unknown: it is nowhere, or nobody will ever show it: it may be sent (again).
 */
export type Whereabouts = "unknown" | "queued" | "running" | "delivered";

export type Found = {
  readonly is: Whereabouts;
  /** The run that waits. */
  readonly queuedRun: string | null;
  /**
   * A turn that a restart cut off is still to be resumed. What is sent before that makes the gateway skip it ("restart recovery reservation
   * is stale"), or is taken and then refused ("Session … changed while starting work. Retry."), without any event.
   */
  readonly resumes: boolean;
  /** The number of a run that the gateway will not take for one it has done with. */
  readonly freeRun: number;
};

/** A push that was sent so often and never shown is given up. */
export const mostRuns = 20;

/**
 * Runs of one push, from 1. The first is named as the push is; another begins only where the gateway has done with those before: under an
 * id that it has given up it takes nothing ("Pending input ownership ended"), and under one that it has shown it runs a turn that fails.
 */
export const runIdOf = (pushId: PushId, run: number): string => (run === 1 ? pushId : `${pushId}.${run}`);

const rowsOfPage = 200;
/** Rows behind which no push of unknown fate can be: it would be of another day. */
const mostPages = 25;

/** @throws GatewayRefused, NoAnswer */
export async function findPush(line: Line, sessionKey: string, pushId: PushId, signal?: AbortSignal): Promise<Found> {
  const runs = Array.from({ length: mostRuns }, (_, index) => runIdOf(pushId, index + 1));
  const read = (more: JsonObject) =>
    line.call(
      "chat.history",
      { sessionKey, limit: rowsOfPage, maxChars: 1, inputRunIds: runs, ...more },
      signal && { signal },
    );
  const numberOf = (runId: unknown): number => runs.findIndex((run) => run === runId) + 1;
  let used = 0;
  let page = await read({});
  const session = isObject(page["sessionInfo"]) ? page["sessionInfo"] : {};
  const resumes = isToResume(session, objects(page["messages"]).at(-1));
  for (let pages = 1; ; pages++) {
    const rows = objects(page["messages"]);
    const shown = rows.findLastIndex((row) => runs.some((run) => keyOf(row) === `${run}:user`));
    if (shown !== -1) {
      const row = rows[shown];
      used = Math.max(used, ...runs.map((run, index) => (row && keyOf(row) === `${run}:user` ? index + 1 : 0)));
      const isLast = pages === 1 && shown === rows.length - 1;
      const is = !isLast ? "delivered" : goesOn(session) ? "running" : "unknown";
      return { is, queuedRun: null, resumes, freeRun: used + 1 };
    }
    const pending = isObject(page["pendingInputs"]) ? page["pendingInputs"] : {};
    for (const { runId, state } of objects(pending["items"])) {
      const run = numberOf(runId);
      if (run > 0 && state === "queued") return { is: "queued", queuedRun: String(runId), resumes, freeRun: run + 1 };
      used = Math.max(used, run);
    }
    for (const { runId } of objects(page["inputReceipts"])) used = Math.max(used, numberOf(runId));
    const more = {
      ...(page["hasMore"] === true && { offset: page["nextOffset"] }),
      ...(typeof pending["nextBefore"] === "number" && { pendingBefore: pending["nextBefore"] }),
    };
    if (Object.keys(more).length === 0 || pages === mostPages)
      return { is: "unknown", queuedRun: null, resumes, freeRun: used + 1 };
    page = await read(more);
  }
}

/**
 * A row may be the last because its turn has just begun, or will be resumed. Killed within about 50 ms of the row, the gateway (2026.9.6)
 * has not written down yet that the session runs: then it resumes nothing, and the next turn has the row as "context only" or not at all.
 */
const goesOn = (session: JsonObject): boolean =>
  session["hasActiveRun"] === true || session["status"] === "running" || session["abortedLastRun"] === true;

/**
 * Marked so (abortedLastRun), or begun and not started: for some seconds its run is active while the row of the turn that was cut off is
 * still the last.
 */
function isToResume({ hasActiveRun, abortedLastRun, activeRunIds }: JsonObject, last: JsonObject | undefined): boolean {
  if (hasActiveRun !== true) return false;
  if (abortedLastRun === true) return true;
  const active = Array.isArray(activeRunIds) ? activeRunIds : [];
  return last?.["role"] === "user" && active.length > 0 && !active.some((runId) => keyOf(last) === `${runId}:user`);
}

function keyOf(row: JsonObject): unknown {
  const { idempotencyKey, __openclaw: kept } = row;
  return idempotencyKey ?? (isObject(kept) ? kept["idempotencyKey"] : undefined);
}

export const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
