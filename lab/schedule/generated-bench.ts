// Generated days of field service, from 3 technicians with 10 visits to 40 with 250: what the search gains over greedy
// insertion in the given time, as a share of what a long run gains.

import { checkPlan } from "../../dispatch/planner/check.ts";
import type { Plan } from "../../dispatch/planner/plan.ts";
import { startPlanner } from "../../dispatch/planner/run-planner.ts";
import { solve } from "../../dispatch/planner/solve.ts";
import { generateDay, type DayShape } from "./generate.ts";
import { mean, percent, table } from "./table.ts";

export type GeneratedRow = {
  readonly set: string;
  readonly greedy: number;
  readonly greedy_unserved: number;
  readonly costs: readonly number[];
  readonly unserved: readonly number[];
  readonly long: number;
  /** Share of the way from greedy to the best cost seen at all. */
  readonly closed: number;
  readonly progress_events: number;
  readonly ok: boolean;
};

export const generatedSets: readonly DayShape[] = [
  { technicians: 3, visits: 10, aim: "desk" },
  { technicians: 6, visits: 30, aim: "desk" },
  { technicians: 12, visits: 60, aim: "desk" },
  { technicians: 20, visits: 120, aim: "desk" },
  { technicians: 25, visits: 100, aim: "duration" },
  { technicians: 40, visits: 250, aim: "desk" },
];

/** One set, planned in a thread as the desk would, once per seed, and once for the long run. */
export async function runGenerated(
  shape: DayShape,
  seconds: number,
  longSeconds: number,
  seeds: readonly number[],
): Promise<GeneratedRow> {
  const problem = generateDay(1_000 + shape.visits, shape);
  // Not served although all must be: as dear as a whole long day.
  const costOf = ({ cost, unserved }: Plan): number => cost + (shape.aim === "duration" ? 1_000 * unserved.length : 0);
  let events = 0;
  const planned = async (given: number, seed: number): Promise<Plan> =>
    (await startPlanner(problem, { seed, seconds: given, onProgress: () => void events++ }).result).plan;
  const greedy = solve(problem, { seed: 1, iterations: 0 });
  const plans: Plan[] = [];
  for (const seed of seeds) plans.push(await planned(seconds, seed));
  const perRun = Math.round(events / Math.max(1, seeds.length));
  const long = await planned(longSeconds, 1);
  const costs = plans.map(costOf);
  const best = Math.min(costOf(long), ...costs);
  return {
    set: `${shape.technicians}x${shape.visits} ${shape.aim}`,
    greedy: costOf(greedy),
    greedy_unserved: greedy.unserved.length,
    costs,
    unserved: plans.map(({ unserved }) => unserved.length),
    long: costOf(long),
    closed: costOf(greedy) === best ? 1 : (costOf(greedy) - mean(costs)) / (costOf(greedy) - best),
    progress_events: perRun,
    ok: [long, ...plans].every((plan) => checkPlan(problem, plan).ok),
  };
}

export function generatedTable(rows: readonly GeneratedRow[]): string {
  return table(
    [
      "set",
      "greedy",
      "mean",
      "worst",
      "long run",
      "gap closed",
      "unserved greedy",
      "unserved",
      "progress events",
      "checker",
    ],
    rows.map(({ set, greedy, greedy_unserved, costs, unserved, long, closed, progress_events, ok }) => [
      set,
      greedy.toFixed(1),
      mean(costs).toFixed(1),
      Math.max(...costs).toFixed(1),
      long.toFixed(1),
      percent(closed),
      greedy_unserved,
      mean(unserved).toFixed(1),
      progress_events,
      ok ? "accepts all" : "REFUSES",
    ]),
  );
}
