// `pnpm dispatch:chaos:tasks`: are tasks done once, by one agent, and never lost, while everything that does them is killed?

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { chaos } from "./chaos.ts";

const say = (line: string): void => console.error(line);

export const chaosTasksCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:chaos:tasks",
      about:
        "Hands out tasks on a throw-away desk while brokers, agents and Postgres are killed at random, until all have ended; a model " +
        "then looks for what must not be in the order in which all was committed, and in what the agents' commands recorded of " +
        "themselves. Prints figures as JSON; 1 when anything was found.",
      options: {
        minutes: { type: "string" },
        seed: { type: "string" },
        tasks: { type: "string" },
        agents: { type: "string" },
        brokers: { type: "string" },
      },
      meanings: {
        minutes: "about how long it takes: by that, how long the work of a task does (default 10)",
        seed: "of what is drawn (default: drawn, and printed)",
        tasks: "tasks (default 2000)",
        agents: "agents, each a process (default 20)",
        brokers: "broker processes (default 3)",
      },
    },
    async (values) => {
      const tasks = wholeNumber("tasks", values.tasks, 2_000);
      const seed = wholeNumber("seed", values.seed, Date.now() % 1_000_000);
      say(`seed ${seed}`);
      const folder = await mkdtemp(join(tmpdir(), "dispatch-chaos-"));
      try {
        const { violations, ...figures } = await chaos({
          folder,
          seed,
          tasks,
          seconds: wholeNumber("minutes", values.minutes, 10) * 60,
          agents: wholeNumber("agents", values.agents, 20),
          brokers: wholeNumber("brokers", values.brokers, 3),
          kills: { brokers: Math.ceil(tasks / 60), agents: Math.ceil(tasks / 30), postgres: Math.ceil(tasks / 400) },
          awayMs: 150_000,
          say,
        });
        for (const violation of violations) say(`VIOLATION ${violation}`);
        console.log(JSON.stringify({ ...figures, violations: violations.length }));
        return violations.length === 0 ? 0 : 1;
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  );
