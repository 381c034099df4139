// What a process holds and uses, as the system tells it: memory, open files, CPU. Where there is no /proc, nothing is
// told.

import { readdir, readFile } from "node:fs/promises";
import { round } from "./measure.ts";

/** Resident memory in MiB; null where there is no /proc, or no such process. */
export const residentMiB = (pid: number): Promise<number | null> => memoryMiB(pid, "VmRSS");

/** The most it has held since it began. */
export const peakResidentMiB = (pid: number): Promise<number | null> => memoryMiB(pid, "VmHWM");

async function memoryMiB(pid: number, line: "VmRSS" | "VmHWM"): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kib = new RegExp(`^${line}:\\s+(\\d+) kB`, "m").exec(status)?.[1];
  return kib === undefined ? null : round(Number(kib) / 1024, 1);
}

/** Open files and sockets; null where there is no /proc, or no such process. */
export async function openHandles(pid: number): Promise<number | null> {
  const handles = await readdir(`/proc/${pid}/fd`).catch(() => null);
  return handles?.length ?? null;
}

/** The kernel counts a process's time for /proc in hundredths of a second on every architecture node runs on. */
const msPerTick = 10;

/** CPU time in ms a process has used since it began, its threads included. */
export async function processCpuMs(pid: number): Promise<number | null> {
  const stat = await statOf(String(pid));
  return stat && stat.own;
}

/** The same of a process with its children, those included that have ended: a server that forks for each connection. */
export async function familyCpuMs(pid: number): Promise<number | null> {
  const parent = await statOf(String(pid));
  if (!parent) return null;
  const others = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(others.map(statOf));
  return stats.reduce((sum, stat) => sum + (stat?.parent === pid ? stat.own : 0), parent.own + parent.ended);
}

/** `ended`: of children that have ended and were waited for. */
type Stat = { readonly parent: number; readonly own: number; readonly ended: number };

async function statOf(pid: string): Promise<Stat | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  if (text === "") return null;
  // The name before it may hold blanks and brackets. Behind it: state, parent, …, and 11 fields on the four times.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
  return { parent: fields[1] ?? 0, own: (user + system) * msPerTick, ended: (endedUser + endedSystem) * msPerTick };
}
