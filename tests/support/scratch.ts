// Where a run of tests keeps its temporary files. In memory, where the system has a folder of that kind and plenty of it is free: a
// test's databases are hundreds of files that live for seconds, and on a disk a fifth of all the tests' CPU went into their names.

import { access, constants, readFile, statfs } from "node:fs/promises";
import { freemem, tmpdir } from "node:os";

const inMemory = "/dev/shm";
const gib = 2 ** 30;
/** A whole run has had 0.6 GB in it at most. */
const enough = { folder: 4 * gib, memory: 8 * gib };

/** The folders below which runs may have left something, the one to be used first. */
export async function scratchFolders(environment: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  // Who names another knows why.
  return environment["TMPDIR"] || !(await hasRoom()) ? [tmpdir()] : [inMemory, tmpdir()];
}

async function hasRoom(): Promise<boolean> {
  if (freemem() < enough.memory) return false;
  try {
    await access(inMemory, constants.W_OK);
    const { bavail, bsize } = await statfs(inMemory);
    return bavail * bsize >= enough.folder && (await runsPrograms());
  } catch {
    return false;
  }
}

/** Tests write programs and start them, which some systems forbid there. */
async function runsPrograms(): Promise<boolean> {
  const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" "));
  const [, , , options = "noexec"] = mounts.findLast(([, path]) => path === inMemory) ?? [];
  return !options.split(",").includes("noexec");
}
