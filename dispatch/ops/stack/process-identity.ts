// Which process a recorded pid meant. Pids are used again, so a pid alone proves nothing: the moment of birth goes with it.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

export type ProcessIdentity = {
  readonly pid: number;
  /** As the system tells it; only to be compared. */ readonly born: string;
};

/** Who has this pid now; null when nobody does, or one who has ended and is not collected yet. */
export async function identityOf(pid: number): Promise<ProcessIdentity | null> {
  const born = process.platform === "linux" ? await bornOnLinux(pid) : await bornByPs(pid);
  return born === null ? null : { pid, born };
}

/** Whether the process that was recorded is still there. */
export async function isAlive(recorded: ProcessIdentity): Promise<boolean> {
  return (await identityOf(recorded.pid))?.born === recorded.born;
}

async function bornOnLinux(pid: number): Promise<string | null> {
  const stat = await statOnLinux(pid);
  return stat === null || stat.state === "Z" ? null : stat.born;
}

export type LinuxStat = { readonly state: string; readonly parent: number; readonly born: string };

/**
 * What /proc says of a process; null where there is none. The second field is the program's name and may hold anything, so the fields are
 * counted from the last bracket.
 */
export async function statOnLinux(pid: number): Promise<LinuxStat | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const [state = "", parent = "", ...fields] = stat
    .slice(stat.lastIndexOf(")") + 1)
    .trim()
    .split(" ");
  const born = fields[17];
  return born === undefined ? null : { state, parent: Number(parent), born };
}

async function bornByPs(pid: number): Promise<string | null> {
  const ps = promisify(execFile)("ps", ["-o", "stat=,lstart=", "-p", String(pid)]);
  const [state = "", ...born] = (
    await ps.then(
      ({ stdout }) => stdout,
      () => "",
    )
  )
    .trim()
    .split(/\s+/);
  return born.length === 0 || state.startsWith("Z") ? null : born.join(" ");
}
