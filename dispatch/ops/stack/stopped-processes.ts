// Which processes stand still because a signal stopped them (SIGSTOP, a terminal's Ctrl-Z): alive by every other measure, and doing
// nothing until SIGCONT.

import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { statOnLinux } from "./process-identity.ts";

/** Whether a signal stopped it. One that a debugger holds is not meant. */
export async function isStopped(pid: number): Promise<boolean> {
  if (process.platform === "linux") return (await statOnLinux(pid))?.state === "T";
  const { stdout } = await promisify(execFile)("ps", ["-o", "stat=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.trim().startsWith("T");
}

/** Of a process and those that it started: which a signal stopped. */
export async function stoppedOf(pid: number): Promise<number[]> {
  const all = [pid, ...(await startedBy(pid))];
  const stopped = await Promise.all(all.map(isStopped));
  return all.filter((_, at) => stopped[at]);
}

async function startedBy(parent: number): Promise<number[]> {
  if (process.platform !== "linux") {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]).catch(() => ({ stdout: "" }));
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number));
    return rows.flatMap(([pid, of]) => (pid !== undefined && of === parent ? [pid] : []));
  }
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map(statOnLinux));
  return pids.filter((_, at) => stats[at]?.parent === parent);
}
