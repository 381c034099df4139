// Problems from a folder, each with several seeds: vehicles, distance, and the gap to the best known values, per instance and
// per class (the letters and the first digit of the name).

import { readFile, readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import type { Problem, Rounding } from "../../dispatch/planner/problem.ts";
import { CommandFailure, messageOf } from "../../dispatch/process/command-line.ts";
import { readProblem } from "../../dispatch/ops/plan-file/read-problem.ts";
import { readSolomon } from "../../dispatch/ops/plan-file/read-solomon.ts";
import { mean, percent, table } from "./table.ts";
import { timedSolve, type Clock } from "./timed-solve.ts";

export type InstanceRow = {
  readonly instance: string;
  readonly class: string;
  readonly best_known: number | null;
  readonly runs: readonly {
    readonly seed: number;
    readonly cost: number;
    readonly routes: number;
    readonly iterations: number;
    readonly unserved: number;
    readonly ok: boolean;
  }[];
};

export type Budgeted = { readonly seconds: number; readonly seeds: readonly number[]; readonly clock: Clock };

/** All .txt (Solomon's format) and .json problems of a folder, by name. @throws CommandFailure when there are none */
export async function readInstances(
  folder: string,
  rounding: Rounding,
  warn: (line: string) => void,
): Promise<[string, Problem][]> {
  let files: string[];
  try {
    files = (await readdir(folder)).sort();
  } catch (error) {
    throw new CommandFailure(`${folder} cannot be read: ${messageOf(error)}`);
  }
  const found: [string, Problem][] = [];
  for (const file of files) {
    const path = join(folder, file);
    const name = basename(file, extname(file));
    if (file.endsWith(".txt")) found.push([name, readSolomon(await readFile(path, "utf8"), rounding)]);
    else if (file.endsWith(".json") && (await isProblem(path))) found.push([name, await readProblem(path, warn)]);
  }
  if (found.length === 0)
    throw new CommandFailure(`${folder} holds no instance: no .txt in Solomon's format and no .json problem`);
  return found;
}

const isProblem = async (path: string): Promise<boolean> =>
  (await readFile(path, "utf8")).includes("dispatch.schedule.problem/1");

/** `{"values": {"R101": {"distance": 1637.7}}}`, or plainly `{"R101": 1637.7}`. @throws CommandFailure */
export async function readBestKnown(file: string): Promise<Map<string, number>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new CommandFailure(`${file} cannot be read: ${messageOf(error)}`);
  }
  const values = new Map<string, number>();
  for (const [name, value] of entriesOf(member(parsed, "values") ?? parsed)) {
    const distance = typeof value === "number" ? value : (member(value, "distance") ?? member(value, "cost"));
    if (typeof distance === "number") values.set(name, distance);
  }
  return values;
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === "object" && value !== null ? Object.entries(value) : [];
const member = (value: unknown, name: string): unknown => entriesOf(value).find(([key]) => key === name)?.[1];

/** Runs one instance with every seed. */
export function runInstance(
  instance: string,
  problem: Problem,
  bestKnown: ReadonlyMap<string, number>,
  { seconds, seeds, clock }: Budgeted,
): InstanceRow {
  const runs = seeds.map((seed) => {
    const { plan, ok } = timedSolve(problem, { seed, seconds, clock });
    return {
      seed,
      cost: plan.cost,
      routes: plan.routes.length,
      iterations: plan.budget.iterations,
      unserved: plan.unserved.length,
      ok,
    };
  });
  return {
    instance,
    class: /^[A-Za-z]+\d/.exec(instance)?.[0] ?? "all",
    best_known: bestKnown.get(instance) ?? null,
    runs,
  };
}

const gapsOf = ({ best_known, runs }: InstanceRow): number[] =>
  best_known === null ? [] : runs.map(({ cost }) => cost / best_known - 1);

/** The two tables as text. */
export function instanceTables(rows: readonly InstanceRow[]): string {
  const gap = (gaps: readonly number[], figure: (gaps: readonly number[]) => number): string =>
    gaps.length === 0 ? "" : percent(figure(gaps));
  const worst = (values: readonly number[]): number => Math.max(...values);
  const byInstance = rows.map((row) => {
    const costs = row.runs.map(({ cost }) => cost);
    const routes = row.runs.map((run) => run.routes);
    return [
      row.instance,
      `${Math.min(...routes)}-${Math.max(...routes)}`,
      Math.min(...costs).toFixed(1),
      mean(costs).toFixed(1),
      worst(costs).toFixed(1),
      row.best_known ?? "",
      gap(gapsOf(row), mean),
      gap(gapsOf(row), worst),
      Math.round(mean(row.runs.map(({ iterations }) => iterations))),
    ];
  });
  const classes = [...new Set(rows.map((row) => row.class)), "all"].map((name) => {
    const those = name === "all" ? rows : rows.filter((row) => row.class === name);
    const gaps = those.flatMap(gapsOf);
    return [
      name,
      those.length,
      mean(those.flatMap(({ runs }) => runs.map(({ routes }) => routes))).toFixed(2),
      mean(those.flatMap(({ runs }) => runs.map(({ cost }) => cost))).toFixed(1),
      gap(gaps, mean),
      gap(gaps, worst),
    ];
  });
  return [
    table(
      ["instance", "vehicles", "best", "mean", "worst", "best known", "mean gap", "worst gap", "iterations"],
      byInstance,
    ),
    "",
    table(["class", "instances", "vehicles", "mean", "mean gap", "worst gap"], classes),
  ].join("\n");
}
