// `pnpm dispatch:plan problem.json`: plans a problem file, checks the plan, and writes it down; or checks a plan that exists.

import { writeFile } from "node:fs/promises";
import { checkPlan, type Verdict } from "../../planner/check.ts";
import type { Plan } from "../../planner/plan.ts";
import type { Problem } from "../../planner/problem.ts";
import { startPlanner } from "../../planner/run-planner.ts";
import { CommandFailure, runCommand, wholeNumber } from "../../process/command-line.ts";
import { readPlan, readProblem } from "./read-problem.ts";

const say = (line: string): void => console.error(line);

export const planCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:plan",
      about:
        "Plans routes for a problem file and prints the plan as JSON. Every plan is checked before it is " +
        "shown; a plan that leaves out a visit that must be served, or breaks any other rule, ends with " +
        "exit code 1.",
      operands: { "PROBLEM.json": "the problem, dispatch.schedule.problem/1" },
      options: {
        seconds: { type: "string" },
        iterations: { type: "string" },
        seed: { type: "string" },
        out: { type: "string" },
        check: { type: "string" },
      },
      meanings: {
        seconds:
          "time for the search (default 5, unless --iterations is given); Ctrl-C ends it early with the best plan so far",
        iterations: "a number of iterations instead: the same problem, seed and iterations give the same bytes",
        seed: "a whole number (default 1)",
        out: "write the plan to this file instead of printing it",
        check: "do not plan; check the plan in this file",
      },
    },
    async (values, [file = ""]) => {
      const problem = await readProblem(file, say);
      if (values.check !== undefined) return judge(checkPlan(problem, await readPlan(values.check, say)));
      const plan = await makePlan(problem, {
        seed: wholeNumber("seed", values.seed, 1),
        ...(values.iterations === undefined ? {} : { iterations: wholeNumber("iterations", values.iterations, 0) }),
        ...(values.seconds === undefined && values.iterations !== undefined
          ? {}
          : { seconds: positiveNumber("seconds", values.seconds, 5) }),
      });
      const text = `${JSON.stringify(plan, undefined, 1)}\n`;
      if (values.out === undefined) process.stdout.write(text);
      else await writeFile(values.out, text);
      return judge(checkPlan(problem, plan));
    },
  );

async function makePlan(
  problem: Problem,
  options: { seed: number; seconds?: number; iterations?: number },
): Promise<Plan> {
  let shown = Number.POSITIVE_INFINITY;
  const run = startPlanner(problem, {
    ...options,
    onProgress: ({ spent, iterations, cost, unserved }) => {
      if (cost >= shown) return;
      shown = cost;
      say(
        `${(100 * spent).toFixed(0).padStart(3)} %  ${iterations} iterations  ` +
          `${unserved === 0 ? "" : `${unserved} unserved  `}cost ${cost.toFixed(2)}`,
      );
    },
  });
  process.once("SIGINT", run.cancel);
  const { plan } = await run.result;
  process.removeListener("SIGINT", run.cancel);
  return plan;
}

function judge({ ok, violations, cost, terms }: Verdict): number {
  say(
    `cost ${cost.toFixed(2)}: distance ${terms.distance.toFixed(2)}, duration ${terms.duration.toFixed(2)}, ` +
      `technicians ${terms.technicians}, unserved ${terms.unserved.toFixed(2)}`,
  );
  if (ok) say("The plan keeps every rule.");
  for (const { rule, path, detail } of violations) say(`${rule} at ${path}: ${detail}`);
  return ok ? 0 : 1;
}

/** @throws CommandFailure naming the option */
function positiveNumber(option: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!(value > 0 && value < 86_400))
    throw new CommandFailure(`--${option} must be a number of seconds above 0, not ${text}`);
  return value;
}
