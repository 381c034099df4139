// An agent is killed at its work, and says nothing any more: its task is taken back, and a new start of the agent does it.

import { CommandFailure } from "../../dispatch/process/command-line.ts";
import {
  askForTask,
  countTasks,
  does,
  drillAgent,
  hangs,
  signOff,
  startAgent,
  type RunningAgent,
} from "./drill-agent.ts";
import { mendsItselfMs, type Drill } from "./drill.ts";
import { waitFor } from "./wait-for.ts";

const silentSeconds = 130;

let next: RunningAgent | null = null;

export const agentsSilent: Drill = {
  name: "agents-silent",
  about: `an agent is killed at its work, and ${silentSeconds} s pass`,
  told: { by: /(alert|rule) AGENTS_SILENT/, withinMs: 30_000 },
  reads: {
    command: "pnpm dispatch:alerts --explain AGENTS_SILENT",
    must: [new RegExp(`agent ${drillAgent}\\b.*status SILENT`, "s")],
    mustNot: [/Postgres cannot be used/],
  },
  runbook: "ops/runbooks/agents_silent.md",
  seconds: 45,
  async provoke(ground, signal) {
    const agent = await startAgent(ground, hangs, signal);
    const undo = async () => {
      agent.kill();
      next?.kill();
      await signOff(ground);
    };
    const before = await countTasks(ground, "completed");
    try {
      await askForTask(ground, "Drill: call the supplier", 5);
      if ((await waitFor(async () => (await countTasks(ground, "in_progress")) === 1, mendsItselfMs, signal)) === null)
        throw new CommandFailure("The drill's agent did not begin its task.");
      agent.kill();
      await ground.sql.query(
        "UPDATE agents SET heartbeat_at = heartbeat_at - make_interval(secs => $1) WHERE slug = $2",
        [silentSeconds, drillAgent],
      );
      // The desk may be back from another drill for less long than that.
      await ground.sql.query(
        "UPDATE desk_listening SET listening_since = listening_since - make_interval(secs => $1)",
        [silentSeconds],
      );
    } catch (error) {
      await undo();
      throw error;
    }
    return { undo, isWell: async () => (await countTasks(ground, "completed")) === before + 1 };
  },
  mend: {
    by: "cause",
    async fix(ground) {
      next = await startAgent(ground, does, AbortSignal.timeout(mendsItselfMs));
      return "started the agent again, and nothing else";
    },
  },
};
