// Postgres hangs: its processes are stopped, not ended, which is the worse case, since nobody starts them again.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { Drill } from "./drill.ts";

export const postgresDown: Drill = {
  name: "postgres-down",
  about: "Postgres stops answering and does not end",
  shownBy: { health: 503 },
  runbook: "ops/runbooks/database_recovery.md",
  async provoke({ dataDir }) {
    for (const pid of await serverProcesses(dataDir)) signal(pid, "SIGSTOP");
  },
  async fix({ dataDir }) {
    const pids = await serverProcesses(dataDir);
    for (const pid of pids) signal(pid, "SIGKILL");
    return `killed the ${pids.length} hanging processes of the server; the supervisor starts it again`;
  },
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

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile, which is as good.
  }
}
