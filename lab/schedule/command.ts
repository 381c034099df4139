// `pnpm dispatch:bench:schedule`: how good are the planner's plans? On instances from a folder, beside their best known values,
// or on generated problems, beside greedy insertion and long runs. Every plan goes through the checker.

import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import type { Rounding } from "../../dispatch/planner/problem.ts";
import { CommandFailure, runCommand } from "../../dispatch/process/command-line.ts";
import { generatedSets, generatedTable, runGenerated, type GeneratedRow } from "./generated-bench.ts";
import { instanceTables, readBestKnown, readInstances, runInstance, type InstanceRow } from "./instance-bench.ts";
import { isLongRunSet, longRunSets, longRunTable, runLongSet, type LongRunSet } from "./long-run-bench.ts";
import type { Clock } from "./timed-solve.ts";

const say = (line: string): void => console.error(line);

export const benchScheduleCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench:schedule",
      about:
        "Measures the planner: on a folder of instances (Solomon's text format or problem files), with " +
        "the gap to the best known values, on generated days of field service, with the share of the way " +
        "from greedy to a long run, or on a generated set, with the gap to its own long runs. One thread; " +
        "a plan that the checker refuses ends with exit code 1.",
      options: {
        instances: { type: "string" },
        generated: { type: "boolean" },
        set: { type: "string" },
        seconds: { type: "string" },
        seeds: { type: "string" },
        "best-known": { type: "string" },
        rounding: { type: "string" },
        "processor-time": { type: "boolean" },
        long: { type: "string" },
        json: { type: "string" },
      },
      meanings: {
        instances: "a folder of .txt files in Solomon's format, or of .json problems",
        generated: "the planner's own generated days instead",
        set:
          "technicians (100 requests, 25 technicians with skills, tools, parts and a depot) or deliveries " +
          "(200 visits with windows) instead",
        seconds: "time per run (default 1 for instances, 5 for generated days, 10 for a set)",
        seeds: "whole numbers, separated by commas (default 1)",
        "best-known": "a JSON file of best known distances by instance",
        rounding: "truncate (each leg to one decimal, the default) or none, for Solomon's format",
        "processor-time":
          "count this thread's processor time instead of the wall's clock, for a busy machine; not for generated days",
        long: "seconds of the long run that generated days and sets are compared with (default 60)",
        json: "also write all figures to this file",
      },
    },
    async (values) => {
      const seeds = seedsOf(values.seeds ?? "1");
      const clock: Clock = values["processor-time"] ? "processor" : "wall";
      if ([values.instances, values.generated, values.set].filter((given) => given !== undefined).length !== 1) {
        throw new CommandFailure("give one of --instances DIR, --generated and --set NAME");
      }
      const report = values.generated
        ? await benchGenerated(secondsOf("seconds", values.seconds, 5), secondsOf("long", values.long, 60), seeds)
        : values.set !== undefined
          ? benchSet(setOf(values.set), {
              seconds: secondsOf("seconds", values.seconds, 10),
              long: secondsOf("long", values.long, 60),
              seeds,
              clock,
            })
          : await benchInstances(values.instances ?? "", {
              seconds: secondsOf("seconds", values.seconds, 1),
              seeds,
              clock,
              rounding: roundingOf(values.rounding ?? "truncate"),
              bestKnown:
                values["best-known"] === undefined
                  ? new Map<string, number>()
                  : await readBestKnown(values["best-known"]),
            });
      const { ok, ...figures } = report;
      if (values.json)
        await writeFile(
          values.json,
          `${JSON.stringify({ machine: { cores: cpus().length, node: process.version }, ...figures }, undefined, 1)}\n`,
        );
      if (!ok) say("The checker refuses a plan, or a visit that must be served is not.");
      return ok ? 0 : 1;
    },
  );

type InstanceOptions = Parameters<typeof runInstance>[3] & {
  readonly rounding: Rounding;
  readonly bestKnown: ReadonlyMap<string, number>;
};

async function benchInstances(folder: string, { rounding, bestKnown, ...budget }: InstanceOptions) {
  const rows: InstanceRow[] = [];
  for (const [name, problem] of await readInstances(folder, rounding, say)) {
    const row = runInstance(name, problem, bestKnown, budget);
    rows.push(row);
    say(`${name}: ${row.runs.map(({ cost }) => cost.toFixed(1)).join(" ")}`);
  }
  console.log(instanceTables(rows));
  return { ...budget, rows, ok: rows.every(({ runs }) => runs.every((run) => run.ok)) };
}

async function benchGenerated(seconds: number, long: number, seeds: readonly number[]) {
  const rows: GeneratedRow[] = [];
  for (const shape of generatedSets) {
    const row = await runGenerated(shape, seconds, long, seeds);
    rows.push(row);
    say(`${row.set}: greedy ${row.greedy.toFixed(1)}, ${row.costs.map((cost) => cost.toFixed(1)).join(" ")}`);
  }
  console.log(generatedTable(rows));
  return { seconds, long, seeds, rows, ok: rows.every((row) => row.ok) };
}

function benchSet(set: LongRunSet, budgets: Parameters<typeof runLongSet>[1]) {
  const rows = runLongSet(set, budgets, ({ problem, costs, long }) => {
    say(
      `${problem}: ${costs.map((cost) => cost.toFixed(1)).join(" ")}, long ${long.map((cost) => cost.toFixed(1)).join(" ")}`,
    );
  });
  console.log(longRunTable(rows));
  return { set, ...budgets, rows, ok: rows.every((row) => row.ok) };
}

function setOf(text: string): LongRunSet {
  if (isLongRunSet(text)) return text;
  throw new CommandFailure(`--set must be ${Object.keys(longRunSets).join(" or ")}, not ${text}`);
}

function seedsOf(text: string): number[] {
  if (!/^\d+(,\d+)*$/.test(text))
    throw new CommandFailure(`--seeds must be whole numbers separated by commas, not ${text}`);
  return text.split(",").map(Number);
}

function secondsOf(option: string, text: string | undefined, fallback: number): number {
  const seconds = text === undefined ? fallback : Number(text);
  if (!(seconds > 0 && seconds < 86_400))
    throw new CommandFailure(`--${option} must be a number of seconds above 0, not ${text}`);
  return seconds;
}

function roundingOf(text: string): Rounding {
  if (text === "truncate") return { mode: "floor", decimals: 1 };
  if (text === "none") return { mode: "none" };
  throw new CommandFailure(`--rounding must be truncate or none, not ${text}`);
}
