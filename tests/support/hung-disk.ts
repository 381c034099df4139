// A mount that never answers, as of a file server that is gone: a FUSE file system that nobody serves.

import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** Why such a test skips; false where it runs. */
export const noHungDisk =
  process.platform === "linux" && process.getuid?.() === 0 && existsSync("/dev/fuse")
    ? false
    : "a disk that hangs needs Linux, root and /dev/fuse";

export type HungDisk = {
  readonly folder: string;
  /** Has all who wait for it fail at once, as when the mount is forced off. */
  end(): Promise<void>;
};

/** Ends with the test at the latest. */
export async function mountHungDisk(t: TestContext): Promise<HungDisk> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-hung-disk-"));
  const server = openSync("/dev/fuse", "r+");
  const options = "fd=3,rootmode=40000,user_id=0,group_id=0";
  const { status, stderr } = spawnSync("mount", ["-i", "-t", "fuse", "-o", options, "none", folder], {
    stdio: ["ignore", "ignore", "pipe", server],
  });
  let ended = false;
  const end = async (): Promise<void> => {
    if (ended) return;
    ended = true;
    closeSync(server);
    if (status === 0) spawnSync("umount", ["-i", "--lazy", folder]);
    await rm(folder, { recursive: true });
  };
  t.after(end);
  if (status !== 0) throw new Error(`mount: ${stderr.toString("utf8")}`);
  return { folder, end };
}
