// Runs the planner's thread for one plan: tells progress to whoever listens, ends when somebody asks, in whichever process
// they asked. No transaction is open meanwhile.

import type { PlanId } from "../contract/ids.ts";
import { searchSeconds } from "../contract/plan-commands.ts";
import type { Actor } from "../kernel/actor.ts";
import { stillBusy } from "../kernel/failure.ts";
import { perDesk, Shares } from "../kernel/shares.ts";
import type { Desk } from "../kernel/desk.ts";
import type { Plan } from "../planner/plan.ts";
import type { Problem } from "../planner/problem.ts";
import { startPlanner } from "../planner/run-planner.ts";
import type { Progress } from "../planner/solve.ts";
import { tellProgress } from "./plan-rows.ts";

export type SearchBudget = {
  readonly seed: number;
  /** Null when iterations count alone. */
  readonly seconds: number | null;
  readonly iterations: number;
};

/** Share of the budget between two tellings: at most twenty-one events for a search. */
const tellEvery = 0.05;
/** Each search has a thread, and a processor, of its own; nobody has both. */
const searches = perDesk(() => ({ shares: new Shares({ most: 2, each: 1 }), claims: new Set<string>() }));

/**
 * Waits its turn for nothing: with enough searches running in this process it refuses, and the caller comes back.
 * @param claim the intent; the same one is searched for once
 * @throws Refusal RATE_LIMITED, IDEMPOTENCY_IN_FLIGHT; PlannerFailure
 */
export async function inSearch<T>(desk: Desk, { id }: Actor, claim: string, work: () => Promise<T>): Promise<T> {
  const { shares, claims } = searches(desk);
  // A repetition is no second search, and hears what it would hear from another process.
  if (claims.has(claim)) throw stillBusy();
  return shares.during(id, "searches for plans", 5, async () => {
    claims.add(claim);
    try {
      return await work();
    } finally {
      claims.delete(claim);
    }
  });
}

/** The best plan within the budget, or until somebody cancels it: then the best so far. */
export async function searchPlan(
  desk: Desk,
  planId: PlanId,
  problem: Problem,
  { seed, seconds, iterations }: SearchBudget,
): Promise<{ plan: Plan; stopped: "budget" | "cancelled" }> {
  let told: Promise<void> = Promise.resolve();
  let next = 0;
  const run = startPlanner(problem, {
    seed,
    iterations,
    ...(seconds !== null && { seconds }),
    signal: AbortSignal.timeout(searchSeconds.most * 1_000),
    onProgress: (progress) => {
      if (progress.spent < next && progress.spent < 1) return;
      next = progress.spent + tellEvery;
      // One after the other, so that they are heard in order; one that is lost is no reason to give the search up.
      told = told.then(() => tell(desk, planId, progress, run.cancel)).catch(() => undefined);
    },
  });
  const { plan, stopped } = await run.result;
  await told;
  return { plan, stopped };
}

async function tell(
  desk: Desk,
  planId: PlanId,
  { spent, iterations, cost, unserved }: Progress,
  cancel: () => void,
): Promise<void> {
  const payload = JSON.stringify({ plan_id: planId, spent, iterations, cost, unserved });
  const row = await desk.db.row(tellProgress, [
    planId,
    spent,
    progressSubject(planId),
    payload,
    desk.clock.now().toISOString(),
  ]);
  if (row?.cancel_requested) cancel();
  desk.announce();
}

/** The subject of /events under which a search tells how far it is. */
export const progressSubject = (planId: PlanId): string => `desk.plan.${planId}.progress`;
