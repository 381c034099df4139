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
        "then looks for what must not be in the order in which all was committed. Again with the next seed until the time is over. " +
        "Prints figures as JSON, one line a run; 1 when anything was found.",
      options: {
        minutes: { type: "string" },
        seed: { type: "string" },
        tasks: { type: "string" },
        agents: { type: "string" },
        brokers: { type: "string" },
      },
      meanings: {
        minutes: "as long as this another run is begun (default 1: one run, or a second)",
        seed: "of the first run (default: drawn, and printed)",
        tasks: "tasks of a run (default 2000)",
        agents: "agents (default 20)",
        brokers: "broker processes (default 3)",
      },
    },
    async (values) => {
      const until = performance.now() + wholeNumber("minutes", values.minutes, 1) * 60_000;
      const tasks = wholeNumber("tasks", values.tasks, 2_000);
      let found = 0;
      for (let seed = wholeNumber("seed", values.seed, Date.now() % 1_000_000); ; seed++) {
        say(`seed ${seed}`);
        const folder = await mkdtemp(join(tmpdir(), "dispatch-chaos-"));
        try {
          const { violations, ...figures } = await chaos({
            folder,
            seed,
            tasks,
            agents: wholeNumber("agents", values.agents, 20),
            brokers: wholeNumber("brokers", values.brokers, 3),
            kills: { brokers: Math.ceil(tasks / 60), agents: Math.ceil(tasks / 30), postgres: Math.ceil(tasks / 400) },
            say,
          });
          for (const violation of violations) say(`VIOLATION ${violation}`);
          found += violations.length;
          console.log(JSON.stringify({ ...figures, violations: violations.length }));
        } finally {
          await rm(folder, { recursive: true, force: true, maxRetries: 5 });
        }
        if (performance.now() >= until) return found === 0 ? 0 : 1;
      }
    },
  );
