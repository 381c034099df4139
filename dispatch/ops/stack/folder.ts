// Where a stack keeps its own things under the data folder: the lock, its state, a pid file and a log for each process.

import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { stackRecordFile } from "../../process/part-ends.ts";

export type StackFolder = {
  readonly root: string;
  /** Held by the supervisor for as long as it lives. */
  readonly lock: string;
  readonly state: string;
  readonly pidFile: (name: string) => string;
  readonly log: (name: string) => string;
};

/** As logs and status call the process that starts all others. */
export const supervisorName = "supervisor";

/** The paths alone; nothing is made. */
export function stackFolderOf(dataDir: string): StackFolder {
  const root = join(dataDir, "stack");
  return {
    root,
    lock: join(root, "stack.lock"),
    state: stackRecordFile(dataDir),
    pidFile: (name) => join(root, `${name}.pid`),
    log: (name) => join(root, `${name}.log`),
  };
}

/** Makes the folder, for its owner alone. */
export async function makeStackFolder(dataDir: string): Promise<StackFolder> {
  const folder = stackFolderOf(dataDir);
  await mkdir(folder.root, { recursive: true, mode: 0o700 });
  await chmod(folder.root, 0o700);
  return folder;
}
