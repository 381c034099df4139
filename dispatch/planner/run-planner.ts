// The planner in a thread of its own, so that a process goes on answering while it plans. With planner-thread.ts the only file
// here that knows a clock.

import { Worker } from "node:worker_threads";
import type { Plan } from "./plan.ts";
import type { Problem } from "./problem.ts";
import type { Progress } from "./solve.ts";
import { requireSound } from "./validate.ts";

export type PlannerOptions = {
  /** A whole number. */
  readonly seed: number;
  /** Wall-clock time for the search; at least one of this and `iterations`. */
  readonly seconds?: number;
  readonly iterations?: number;
  /** Called up to about a hundred times, the last time with the final figures. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the search early, as `cancel` does. */
  readonly signal?: AbortSignal;
};

export type PlannerRun = {
  /** The best plan found, also after `cancel`. Rejects with PlannerFailure. */
  readonly result: Promise<{ readonly plan: Plan; readonly stopped: "budget" | "cancelled" }>;
  /** Ends the search within a tenth of a second; calling it twice, or late, does nothing. */
  readonly cancel: () => void;
};

/** The thread died or stayed silent far beyond its budget. */
export class PlannerFailure extends Error {
  override readonly name = "PlannerFailure";
}

export type ThreadInput = Pick<PlannerOptions, "seed" | "seconds" | "iterations"> & {
  readonly problem: Problem;
  /** One number, not 0 once cancelled. */
  readonly cancelled: Int32Array;
};

export type ThreadMessage = { readonly progress: Progress } | { readonly plan: Plan };

/** Reading the problem and building the plan come on top of the search; more than this means the thread hangs. */
const graceSeconds = 60;

/**
 * Starts a search in a new thread.
 * @throws ProblemError when the problem contradicts itself
 * @throws RangeError when neither seconds nor iterations are given
 */
export function startPlanner(
  problem: Problem,
  { seed, seconds, iterations, onProgress, signal }: PlannerOptions,
): PlannerRun {
  if (seconds === undefined && iterations === undefined)
    throw new RangeError("the planner needs seconds or iterations");
  requireSound(problem);
  const cancelled = new Int32Array(new SharedArrayBuffer(4));
  const cancel = (): void => void Atomics.store(cancelled, 0, 1);
  if (signal?.aborted === true) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  const input: ThreadInput = {
    problem,
    seed,
    cancelled,
    ...(seconds === undefined ? {} : { seconds }),
    ...(iterations === undefined ? {} : { iterations }),
  };
  const thread = new Worker(new URL("./planner-thread.ts", import.meta.url), { workerData: input });
  const result = planOf(thread, seconds, onProgress)
    .then((plan) => ({
      plan,
      stopped: Atomics.load(cancelled, 0) === 0 ? ("budget" as const) : ("cancelled" as const),
    }))
    .finally(() => signal?.removeEventListener("abort", cancel));
  return { result, cancel };
}

function planOf(thread: Worker, seconds: number | undefined, onProgress: PlannerOptions["onProgress"]): Promise<Plan> {
  return new Promise<Plan>((resolve, reject) => {
    const overdue =
      seconds === undefined
        ? undefined
        : setTimeout(
            () => {
              reject(new PlannerFailure(`the planner gave no plan ${graceSeconds} s after its ${seconds} s were over`));
              void thread.terminate();
            },
            (seconds + graceSeconds) * 1_000,
          );
    thread.on("message", (message: ThreadMessage) => {
      if ("plan" in message) resolve(message.plan);
      else onProgress?.(message.progress);
    });
    thread.on("error", (error) => reject(new PlannerFailure("the planner's thread failed", { cause: error })));
    thread.on("exit", (code) => {
      clearTimeout(overdue);
      // After the plan has arrived this changes nothing.
      reject(new PlannerFailure(`the planner's thread ended with code ${code} and without a plan`));
    });
  });
}
