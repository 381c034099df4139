// Whether a worker can be given work: what an agent says it does, or what is known of a technician, as one word. Pure.

import { activities, presences, type Activity, type Presence } from "../contract/task-responses.ts";

export { activities, presences, type Activity, type Presence };

/** Whether a worker may sleep when there is nothing to do. */
export type WorkerPolicy = "always_on" | "on_demand";

const presenceByActivity: Readonly<Record<Activity, Presence>> = {
  idle: "ready",
  completed: "ready",
  starting: "sleeping",
  working: "busy",
  waiting_for_input: "busy",
  waiting_for_vote: "busy",
  paused: "busy",
  errored: "degraded",
};

export const heartbeatEveryMs = 30_000;
export const heartbeatLostAfterMs = 120_000;

/**
 * Exactly as late as is allowed is not late.
 * @param at the last heartbeat, or when the worker began, if it has sent none yet (ISO 8601)
 * @param now ms since 1970
 */
export const isHeartbeatLost = (at: string, now: number): boolean => now - Date.parse(at) > heartbeatLostAfterMs;

export type AgentFacts = {
  readonly activity: Activity;
  readonly stopped: boolean;
  /** As isHeartbeatLost asks for it. */
  readonly heartbeatAt: string;
};

/** An agent that should be heard of and is not is degraded; one that sleeps, starts or has stopped need not be heard of. */
export function presenceOfAgent({ activity, stopped, heartbeatAt }: AgentFacts, now: number): Presence {
  if (stopped) return "stopped";
  const presence = presenceByActivity[activity];
  return owesHeartbeat(presence) && isHeartbeatLost(heartbeatAt, now) ? "degraded" : presence;
}

export const owesHeartbeat = (presence: Presence): boolean => presence === "ready" || presence === "busy";

/** A paused agent is busy, goes on with what it has, and gets nothing more. */
export const takesNoNewWork = (activity: Activity): boolean => activity === "paused";

export type TechnicianFacts = {
  readonly signedOff: boolean;
  /** Somebody has said that they are not to be counted on. */
  readonly flagged: boolean;
  readonly onShift: boolean;
  readonly onJob: boolean;
  readonly policy: WorkerPolicy;
};

/** Who is still on a job after the shift is busy. */
export function presenceOfTechnician({ signedOff, flagged, onShift, onJob, policy }: TechnicianFacts): Presence {
  if (signedOff) return "stopped";
  if (flagged) return "degraded";
  if (onJob) return "busy";
  if (onShift) return "ready";
  return policy === "on_demand" ? "sleeping" : "stopped";
}
