// What a process holds, as the system tells it: memory and open files. Where there is no /proc, nothing is told.

import { readdir, readFile } from "node:fs/promises";
import { round } from "./measure.ts";

/** Resident memory in MiB; null where there is no /proc, or no such process. */
export async function residentMiB(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return kib === undefined ? null : round(Number(kib) / 1024, 1);
}

/** Open files and sockets; null where there is no /proc, or no such process. */
export async function openHandles(pid: number): Promise<number | null> {
  const handles = await readdir(`/proc/${pid}/fd`).catch(() => null);
  return handles?.length ?? null;
}
