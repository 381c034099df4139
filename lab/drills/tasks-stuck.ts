// The one agent who is able is drained, and tasks wait: the page's command lets it work again, and it does them all.

import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { askForTask, countTasks, does, drillAgent, drillScope, signOff, startAgent } from "./drill-agent.ts";
import { mendsItselfMs, type Drill } from "./drill.ts";
import { waitFor } from "./wait-for.ts";

const tasks = 3;
const waitingMinutes = 20;

export const tasksStuck: Drill = {
  name: "tasks-stuck",
  about: `the only agent who can do ${tasks} desk tasks is drained, and ${waitingMinutes} minutes pass`,
  told: { by: /(alert|rule) TASKS_STUCK/, withinMs: 30_000 },
  reads: {
    command: "pnpm dispatch:alerts --explain TASKS_STUCK",
    must: [/nobody_because all_drained/, new RegExp(`agent ${drillAgent}\\b.*drained true`, "s")],
    mustNot: [/Postgres cannot be used/, /SILENT/],
  },
  runbook: "ops/runbooks/tasks_stuck.md",
  seconds: 45,
  async provoke(ground, signal) {
    const agent = await startAgent(ground, does, signal);
    const undo = async () => {
      agent.kill();
      await signOff(ground);
    };
    try {
      const { code, output } = await ground.run(
        `curl -sS --fail-with-body -X POST -H 'X-Agent-ID: operator' -H 'Content-Type: application/json' ` +
          `-d '{"reason":"Looked after by its maker"}' "${ground.url}/api/v1/agents/${drillAgent}/drain"`,
      );
      if (code !== 0) throw new CommandFailure(output);
      for (let n = 1; n <= tasks; n++) await askForTask(ground, `Drill: check warranty ${n}`, 1);
      const isTold = async () => {
        const told = "SELECT FROM tasks WHERE scope = $1 AND unmatched_reason = 'all_drained'";
        return (await ground.sql.query(told, [drillScope])).rowCount === tasks;
      };
      if ((await waitFor(isTold, mendsItselfMs, signal)) === null)
        throw new CommandFailure("No worker said that nobody can take the tasks.");
      await ground.sql.query(
        "UPDATE tasks SET status_since = status_since - make_interval(mins => $1) WHERE scope = $2 AND status = 'pending'",
        [waitingMinutes, drillScope],
      );
    } catch (error) {
      await undo();
      throw error;
    }
    return { undo, isWell: async () => (await countTasks(ground, "completed")) === tasks };
  },
  mend: {
    by: "page",
    command: `-d '{}' "$API/api/v1/agents/$AGENT/undrain"`,
    run:
      `curl -sS --fail-with-body -X POST -H "$(pnpm -s dispatch:token --role admin --actor operator --header)" -H 'X-Agent-ID: operator' ` +
      `-H 'Content-Type: application/json' -d '{}' "$API/api/v1/agents/$AGENT/undrain"`,
    fill: async ({ url }) => ({ API: url, AGENT: drillAgent }),
  },
};
