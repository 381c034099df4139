// The supervisor of the stack is killed, and with it goes everything it started.

import { supervisorName } from "../../dispatch/ops/stack/folder.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { workStopsMs, type Drill } from "./drill.ts";
import { pidOf, signal } from "./process-signals.ts";

export const supervisorKilled: Drill = {
  name: "supervisor-killed",
  about: "the supervisor is killed, and all parts of the stack end with it",
  told: { by: /health does not answer|rule API_DOWN|stack:status lost/, withinMs: workStopsMs },
  reads: { must: [/stack:(up|status)|[Ss]upervisor/], mustNot: [/health: ok/, /Start the API/] },
  runbook: "ops/runbooks/everything_is_broken.md",
  walks: ["How to confirm", "Verify"],
  seconds: 40,
  async provoke(ground) {
    signal(pidOf(ground, supervisorName), "SIGKILL");
  },
  mend: {
    by: "cause",
    async fix(ground) {
      // As the page says it, but for the gateway, which the drill's stack has not.
      const { code, output } = await ground.run("pnpm dispatch:stack:up --no-gateway --dev");
      if (code !== 0) throw new CommandFailure(output);
      return "one command of the page: pnpm dispatch:stack:up";
    },
  },
};
