// A disk of a few megabytes that a test can fill and empty: a tmpfs, which only root may mount.

import { execFile } from "node:child_process";
import { closeSync, openSync, statSync, truncateSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Why such a test skips; false where it runs. */
export const noSmallDisk =
  process.platform === "linux" && process.getuid?.() === 0 ? false : "a small disk is mounted by root on Linux alone";

export type SmallDisk = {
  readonly folder: string;
  /** Takes all room that is left, or all but so many percent of the whole. */
  fill(leavingPercent?: number): void;
  /** Gives back what fill took. */
  free(): Promise<void>;
};

/** @param end what ends it: a test, or whatever ends behind those that write there */
export async function mountSmallDisk(
  end: { after(work: () => Promise<void>): void },
  megabytes: number,
): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-small-disk-"));
  await promisify(execFile)("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "tmpfs", folder]);
  end.after(async () => {
    await promisify(execFile)("umount", ["--lazy", folder]);
    await rm(folder, { recursive: true });
  });
  const filler = join(folder, "filler");
  const fill = (leavingPercent = 0) => {
    fillUp(filler);
    truncateSync(filler, statSync(filler).size - Math.floor((megabytes * 1024 * 1024 * leavingPercent) / 100));
  };
  return { folder, fill, free: () => rm(filler, { force: true }) };
}

function fillUp(path: string): void {
  const file = openSync(path, "a");
  try {
    // Whole pages first, then what is left of one.
    for (const bytes of [1 << 20, 1 << 12, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(bytes));
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}
