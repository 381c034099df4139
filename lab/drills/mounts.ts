// Disks of a drill's own, where this user may mount some: a small one that can be filled, and a folder that can be made
// read-only even for root.

import { execFile } from "node:child_process";
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../dispatch/process/command-line.ts";

const run = promisify(execFile);

/** Makes what is under `folder` a disk in memory of so many MiB. @returns what takes it away, with all that is on it */
export async function mountSmallDisk(folder: string, mebibytes: number): Promise<() => Promise<void>> {
  await run("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=700`, "dispatch-drill", folder]);
  return () => unmount(folder);
}

/** Nobody may write there until `unmount`. */
export async function mountReadOnly(folder: string): Promise<void> {
  await run("mount", ["--bind", folder, folder]);
  await run("mount", ["-o", "remount,ro,bind", folder]);
}

/** Takes away what was mounted there last; a process may still have its last file open. */
export async function unmount(folder: string): Promise<void> {
  await run("umount", [folder]).catch(() => run("umount", ["--lazy", folder]));
}

/** Why nothing can be mounted here; null when it can. */
export async function whyNoMounts(): Promise<string | null> {
  // In a user namespace every other account is missing, and Postgres refuses to run as the root of one.
  if (process.getuid?.() !== 0) return "mounting a disk needs root";
  const folder = await mkdtemp(join(tmpdir(), "dispatch-drill-mount-"));
  try {
    await (
      await mountSmallDisk(folder, 1)
    )();
    return null;
  } catch (error) {
    return `nothing can be mounted here: ${messageOf(error).trim().split("\n").at(-1)}`;
  } finally {
    await rmdir(folder);
  }
}
