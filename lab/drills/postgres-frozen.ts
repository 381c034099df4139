// Postgres hangs: its processes are stopped, not ended, which is the worse case, since nobody would start them again but for the
// supervisor.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { workStopsMs, type Drill } from "./drill.ts";
import { signal } from "./process-signals.ts";

export const postgresFrozen: Drill = {
  name: "postgres-frozen",
  about: "Postgres stops answering and does not end",
  told: {
    by: /health 503 postgres|DATABASE_UNAVAILABLE|stack:status postgres|supervisor: postgres/,
    withinMs: workStopsMs,
  },
  reads: {
    must: [/postgres: .*(no answer|hangs|does not answer)/],
    mustNot: [/Start the API/, /Nothing answers/, /health: ok/, /database_recovery/],
  },
  runbook: "ops/runbooks/database_unavailable.md",
  seconds: 50,
  async provoke({ dataDir }) {
    const frozen = await serverProcesses(dataDir);
    for (const pid of frozen) signal(pid, "SIGSTOP");
    return { undo: () => frozen.forEach((pid) => signal(pid, "SIGCONT")) };
  },
  mend: { by: "itself" },
};

/** The server's own process, and those that work for it. */
async function serverProcesses(dataDir: string): Promise<number[]> {
  const [first = ""] = (await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8")).split("\n");
  const postmaster = Number(first);
  if (!Number.isSafeInteger(postmaster) || postmaster <= 0)
    throw new CommandFailure("The stack's Postgres does not run.");
  const { stdout } = await promisify(execFile)("ps", ["-o", "pid=", "--ppid", String(postmaster)]);
  return [
    postmaster,
    ...stdout
      .trim()
      .split(/\s+/)
      .filter((text) => text !== "")
      .map(Number),
  ];
}
