// Which of the gateway's sessions work, by the runs that begin and end in them, whoever began them.

import { isObject, type JsonObject } from "../../../kernel/json.ts";
import { objects } from "./history.ts";
import type { Line } from "./line.ts";

export type SessionState = "working" | "idle" | "error";

/** An event of a run, as far as anything here needs it. */
export type RunEvent = {
  readonly runId: string;
  readonly sessionKey: string;
  /**
   * placed: it waits in the session's queue. begun: its turn has begun. going: it shows signs of life behind that. ended, failed: it is
   * over; cancelled: that before its turn had come, or in the middle of it.
   */
  readonly is: "placed" | "begun" | "going" | "ended" | "failed" | "cancelled";
};

/** Null for an event that says nothing of a run. */
export function runEventOf(event: string, payload: JsonObject): RunEvent | null {
  if (event === "task") return placedOf(payload);
  const { runId, sessionKey, stream, data } = payload;
  if (event !== "agent" || typeof runId !== "string" || typeof sessionKey !== "string") return null;
  const { phase, aborted, provider } = isObject(data) ? data : {};
  const run = { runId, sessionKey };
  if (stream !== "lifecycle") return { ...run, is: "going" };
  if (phase === "end" || phase === "error")
    return { ...run, is: aborted === true ? "cancelled" : phase === "end" ? "ended" : "failed" };
  // A resumed turn begins without a start (2026.9.6); a model of null is told behind the last call.
  return phase === "start" || (phase === "model" && provider !== null) ? { ...run, is: "begun" } : null;
}

function placedOf({ task }: JsonObject): RunEvent | null {
  const { runId, sessionKey, execution } = isObject(task) ? task : {};
  if (typeof runId !== "string" || typeof sessionKey !== "string" || !isObject(execution)) return null;
  return execution["state"] === "queued" ? { runId, sessionKey, is: "placed" } : null;
}

export type Sessions = {
  heard(event: RunEvent): void;
  /** Asks the gateway which work, and tells what has changed. @throws GatewayRefused, NoAnswer */
  catchUp(line: Line): Promise<void>;
};

/** Stands for runs whose names the gateway does not tell. */
const unnamed = "";

export function watchSessions(tell: (sessionKey: string, state: SessionState) => void): Sessions {
  const working = new Map<string, Set<string>>();
  return {
    heard({ runId, sessionKey, is }) {
      if (is === "placed") return;
      const runs = working.get(sessionKey);
      if (is === "begun" || is === "going") {
        if (runs) runs.add(runId);
        else if (is === "begun") {
          working.set(sessionKey, new Set([runId]));
          tell(sessionKey, "working");
        }
        return;
      }
      // A queued run that was cancelled never began.
      if (!runs?.delete(runId) && !runs?.delete(unnamed)) return;
      runs.delete(unnamed);
      if (runs.size > 0) return;
      working.delete(sessionKey);
      tell(sessionKey, is === "failed" ? "error" : "idle");
    },
    async catchUp(line) {
      const { sessions } = await line.call("sessions.list", { activeOnly: true, limit: 1_000 });
      const now = new Map<string, Set<string>>();
      for (const { key, hasActiveRun, activeRunIds } of objects(sessions)) {
        if (typeof key !== "string" || hasActiveRun !== true) continue;
        const named = Array.isArray(activeRunIds) ? activeRunIds.filter((id) => typeof id === "string") : [];
        now.set(key, new Set(named.length > 0 ? named : [unnamed]));
      }
      const before = new Set(working.keys());
      working.clear();
      for (const [key, runs] of now) {
        working.set(key, runs);
        if (!before.delete(key)) tell(key, "working");
      }
      for (const key of before) tell(key, "idle");
    },
  };
}
