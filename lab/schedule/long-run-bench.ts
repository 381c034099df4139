// Generated problems for which nobody knows the best value: the planner's short runs beside its own long ones. The gap is to the
// best cost that any of these runs found.

import { generateDay, generateDeliveries } from "./generate.ts";
import { mean, percent, table } from "./table.ts";
import { timedSolve, type Clock } from "./timed-solve.ts";

export type LongRunRow = {
  readonly problem: string;
  readonly costs: readonly number[];
  readonly long: readonly number[];
  readonly gaps: readonly number[];
  readonly unserved: number;
  readonly ok: boolean;
};

type Budgets = {
  readonly seconds: number;
  readonly long: number;
  readonly seeds: readonly number[];
  readonly clock: Clock;
};

/** Three problems a set, apart from those that the planner is tuned on. */
export const longRunSets = {
  /** 100 requests, 25 technicians with skills, tools and parts, one call at the depot; shortest duration. */
  technicians: () =>
    [301, 302, 303].map((seed) => generateDay(seed, { technicians: 25, visits: 100, aim: "duration" })),
  /** 200 visits with windows, least distance: scattered and short, mixed and short, scattered and long. */
  deliveries: () => [
    generateDeliveries(401, { customers: 200, spread: "random", day: "short", windowShare: 0.3, windowed: 1 }),
    generateDeliveries(402, { customers: 200, spread: "mixed", day: "short", windowShare: 0.2, windowed: 0.75 }),
    generateDeliveries(403, { customers: 200, spread: "random", day: "long", windowShare: 0.25, windowed: 0.75 }),
  ],
};

export type LongRunSet = keyof typeof longRunSets;

export const isLongRunSet = (name: string): name is LongRunSet => Object.hasOwn(longRunSets, name);

/** Every problem of a set with every seed, short and long. */
export function runLongSet(
  set: LongRunSet,
  { seconds, long, seeds, clock }: Budgets,
  onRow: (row: LongRunRow) => void,
): LongRunRow[] {
  return longRunSets[set]().map((problem) => {
    const run = (given: number) => seeds.map((seed) => timedSolve(problem, { seed, seconds: given, clock }));
    const runs = { short: run(seconds), long: run(long) };
    const costs = runs.short.map(({ plan }) => plan.cost);
    const longCosts = runs.long.map(({ plan }) => plan.cost);
    const best = Math.min(...costs, ...longCosts);
    const all = [...runs.short, ...runs.long];
    const row = {
      problem: problem.name ?? set,
      costs,
      long: longCosts,
      gaps: costs.map((cost) => cost / best - 1),
      unserved: Math.max(...all.map(({ plan }) => plan.unserved.length)),
      ok: all.every(({ ok }) => ok),
    };
    onRow(row);
    return row;
  });
}

export function longRunTable(rows: readonly LongRunRow[]): string {
  const line = (name: string, those: readonly LongRunRow[]) => {
    const gaps = those.flatMap((row) => row.gaps);
    return [
      name,
      mean(those.flatMap(({ costs }) => costs)).toFixed(1),
      mean(those.flatMap(({ long }) => long)).toFixed(1),
      percent(mean(gaps)),
      percent(Math.max(...gaps)),
      Math.max(...those.map(({ unserved }) => unserved)),
      those.every(({ ok }) => ok) ? "accepts all" : "REFUSES",
    ];
  };
  return table(
    ["problem", "mean", "long run", "mean gap", "worst gap", "unserved", "checker"],
    [...rows.map((row) => line(row.problem, [row])), line("all", rows)],
  );
}
