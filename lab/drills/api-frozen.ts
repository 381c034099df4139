// The API hangs: its process is stopped, not ended. It still takes connections, and answers none.

import { workStopsMs, type Drill } from "./drill.ts";
import { pidOf, signal, wasRestarted } from "./process-signals.ts";

export const apiFrozen: Drill = {
  name: "api-frozen",
  about: "the API hangs without ending",
  told: { by: /health does not answer|rule API_DOWN|stack:status api|supervisor: api/, withinMs: workStopsMs },
  reads: { must: [/hangs|does not answer|no answer/i], mustNot: [/Start the API/, /Nothing answers/, /health: ok/] },
  runbook: "ops/runbooks/everything_is_broken.md",
  walks: ["How to confirm", "Verify"],
  seconds: 45,
  async provoke(ground) {
    const frozen = pidOf(ground, "api");
    signal(frozen, "SIGSTOP");
    return { isWell: () => wasRestarted(ground, "api", frozen), undo: () => signal(frozen, "SIGCONT") };
  },
  mend: { by: "itself" },
};
