// Reads what PostgreSQL says about itself in postmaster.pid, and whether that is still true.
// It must not write or remove that file: PostgreSQL's own checks against two servers on one
// folder hang on it.
import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Folders } from "./folders.ts";

/** The lines of postmaster.pid used here. */
export type PostmasterFile = {
  pid: number;
  /** Absent while the server is still writing the file. */
  socketFolder: string | undefined;
  /** "starting", "ready", "stopping", "standby". */
  status: string | undefined;
  /** Whether `pid` is a server of this folder now, and not a leftover or an unrelated process. */
  alive: boolean;
};

/** What the file says, or undefined when there is none. */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n").map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return {
    pid,
    socketFolder: lines[4] || undefined,
    status: lines[7] || undefined,
    alive: await isServerOf(pid, cluster),
  };
}

/**
 * Removes a socket lock left behind by a crash whose pid another process has now; it only
 * guards the socket's name, and the caller holds the folder's own lock.
 */
export async function removeStaleSocketLock(folders: Folders): Promise<void> {
  const path = join(folders.socket, ".s.PGSQL.5432.lock");
  const pid = Number.parseInt(await readFile(path, "utf8").catch(() => ""), 10);
  if (pid > 0 && !(await isServerOf(pid, folders.cluster))) await rm(path, { force: true });
}

/** The command line decides: pids are reused, and after a reboot soon. */
async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  if (process.platform === "linux") {
    const args = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    return args.some((arg, index) => arg === "-D" && args[index + 1] === cluster);
  }
  const ps = promisify(execFile)("ps", ["-ww", "-o", "command=", "-p", String(pid)]);
  return await ps.then(
    ({ stdout }) => stdout.includes(`-D ${cluster}`),
    () => false,
  );
}
