// The only worker hangs: its process is stopped, not ended, so that nobody would start it again but for its supervisor.

import { workStopsMs, type Drill } from "./drill.ts";
import { pidOf, signal, wasRestarted } from "./process-signals.ts";

const worker = "worker-1";

export const workerFrozen: Drill = {
  name: "worker-frozen",
  about: "the only worker hangs without ending",
  told: { by: /alert WORKER_SILENT|stack:status worker-1|supervisor: worker-1/, withinMs: workStopsMs },
  reads: { must: [/WORKER_SILENT|worker/], mustNot: [/postgres: (?!ok)/, /Start the API/, /alerts: none fires$/m] },
  runbook: "ops/runbooks/worker_silent.md",
  seconds: 45,
  async provoke(ground) {
    const frozen = pidOf(ground, worker);
    signal(frozen, "SIGSTOP");
    return { isWell: () => wasRestarted(ground, worker, frozen), undo: () => signal(frozen, "SIGCONT") };
  },
  mend: { by: "itself" },
};
