// The only worker hangs: its process is stopped, not ended, so nobody starts it again.

import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { Drill } from "./drill.ts";

const worker = "worker-1";

export const workerDead: Drill = {
  name: "worker-dead",
  about: "the only worker hangs without ending",
  shownBy: { alert: "WORKER_SILENT" },
  runbook: "ops/runbooks/worker_silent.md",
  // Three missed heartbeats are silence; a drill need not wait a minute for them.
  settings: { DISPATCH_WORKER_HEARTBEAT_MS: "1000" },
  async provoke({ stack }) {
    const pid = stack.pidOf(worker);
    if (pid === null) throw new CommandFailure("The stack's worker does not run.");
    process.kill(pid, "SIGSTOP");
  },
  async fix({ stack }) {
    const pid = stack.pidOf(worker);
    if (pid !== null) process.kill(pid, "SIGKILL");
    return "killed the hanging worker; the supervisor starts another";
  },
};
