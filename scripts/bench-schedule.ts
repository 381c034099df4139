// `pnpm dispatch:bench:schedule`: how good are the planner's plans? On instances from a folder, beside their best known values,
// or on generated days, beside greedy insertion and a long run. Every plan goes through the checker.

import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import type { Rounding } from "../dispatch/scheduling/problem.ts";
import { CommandFailure, runCommand } from "./command-line.ts";
import { generatedSets, generatedTable, runGenerated, type GeneratedRow } from "./schedule/generated-bench.ts";
import { instanceTables, readBestKnown, readInstances, runInstance, type InstanceRow } from "./schedule/instance-bench.ts";

const say = (line: string): void => console.error(line);

await runCommand(
  {
    name: "pnpm dispatch:bench:schedule",
    about: "Measures the planner: on a folder of instances (Solomon's text format or problem files), with the gap to the best known values, or on generated days of field service, with the share of the way from greedy to a long run. One thread; a plan that the checker refuses ends with exit code 1.",
    options: {
      instances: { type: "string" },
      generated: { type: "boolean" },
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
      seconds: "time per run (default 1 for instances, 5 for generated days)",
      seeds: "whole numbers, separated by commas (default 1)",
      "best-known": "a JSON file of best known distances by instance",
      rounding: "truncate (each leg to one decimal, the default) or none, for Solomon's format",
      "processor-time": "count this thread's processor time instead of the wall's clock, for a busy machine; instances only",
      long: "seconds of the long run that generated days are compared with (default 60)",
      json: "also write all figures to this file",
    },
  },
  async (values) => {
    const seeds = seedsOf(values.seeds ?? "1");
    if ((values.generated === true) === (values.instances !== undefined)) throw new CommandFailure("give --instances DIR or --generated, and not both");
    const report = values.generated
      ? await benchGenerated(secondsOf("seconds", values.seconds, 5), secondsOf("long", values.long, 60), seeds)
      : await benchInstances(values.instances ?? "", {
          seconds: secondsOf("seconds", values.seconds, 1),
          seeds,
          clock: values["processor-time"] ? "processor" : "wall",
          rounding: roundingOf(values.rounding ?? "truncate"),
          bestKnown: values["best-known"] === undefined ? new Map<string, number>() : await readBestKnown(values["best-known"]),
        });
    const { ok, ...figures } = report;
    if (values.json) await writeFile(values.json, `${JSON.stringify({ machine: { cores: cpus().length, node: process.version }, ...figures }, undefined, 1)}\n`);
    if (!ok) say("The checker refuses a plan, or a visit that must be served is not.");
    return ok ? 0 : 1;
  },
);

type InstanceOptions = Parameters<typeof runInstance>[3] & { readonly rounding: Rounding; readonly bestKnown: ReadonlyMap<string, number> };

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

function seedsOf(text: string): number[] {
  if (!/^\d+(,\d+)*$/.test(text)) throw new CommandFailure(`--seeds must be whole numbers separated by commas, not ${text}`);
  return text.split(",").map(Number);
}

function secondsOf(option: string, text: string | undefined, fallback: number): number {
  const seconds = text === undefined ? fallback : Number(text);
  if (!(seconds > 0 && seconds < 86_400)) throw new CommandFailure(`--${option} must be a number of seconds above 0, not ${text}`);
  return seconds;
}

function roundingOf(text: string): Rounding {
  if (text === "truncate") return { mode: "floor", decimals: 1 };
  if (text === "none") return { mode: "none" };
  throw new CommandFailure(`--rounding must be truncate or none, not ${text}`);
}
