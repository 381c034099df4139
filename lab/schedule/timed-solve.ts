// One search on this thread with a budget in seconds, of the clock on the wall or of the processor's time. The second says the
// same on a busy machine as on an idle one, nearly.

import { checkPlan } from "../../dispatch/planner/check.ts";
import type { Plan } from "../../dispatch/planner/plan.ts";
import type { Problem } from "../../dispatch/planner/problem.ts";
import { solve } from "../../dispatch/planner/solve.ts";

export type Clock = "wall" | "processor";

/** Seconds since some moment. */
export function secondsOf(clock: Clock): number {
  if (clock === "wall") return performance.now() / 1_000;
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000_000;
}

/** The plan, and whether the checker accepts it. */
export function timedSolve(
  problem: Problem,
  { seed, seconds, clock }: { readonly seed: number; readonly seconds: number; readonly clock: Clock },
): { plan: Plan; ok: boolean } {
  const begun = secondsOf(clock);
  const plan = solve(problem, { seed, seconds, spent: () => (secondsOf(clock) - begun) / seconds });
  return { plan, ok: checkPlan(problem, plan).ok };
}
