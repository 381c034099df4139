// The room on a disk, as `df` tells it. That is a process of its own, which can be left behind: a network mount that is gone never
// answers, and a question of this process's own would keep it from its end.

import { execFile } from "node:child_process";
import type { DiskSpace } from "../../process/disk-space.ts";

/** All disks are asked at the same time. */
const withinMs = 1_500;

export type Room = Pick<DiskSpace, "free" | "size">;

/** @returns "hangs" when its mount does not answer; null of a folder that is not there or cannot be looked at */
export function roomByDf(folder: string): Promise<Room | "hangs" | null> {
  const { promise, resolve } = Promise.withResolvers<Room | "hangs" | null>();
  const df = execFile("df", ["-Pk", folder], { env: { ...process.env, LC_ALL: "C" } }, (error, out) =>
    resolve(error === null ? parsed(out) : null),
  );
  const timer = setTimeout(() => {
    resolve("hangs");
    // It may not die either, as long as the mount is gone.
    df.kill("SIGKILL");
    df.unref();
  }, withinMs);
  return promise.finally(() => clearTimeout(timer));
}

/** What root alone may use is neither free nor counted, as in the percent that df reckons. */
function parsed(out: string): Room | null {
  // A device's name may have blanks, and so may a mount's: between them stand three numbers and the percent.
  const found = /\s(\d+)\s+(\d+)\s+(\d+)\s+\d+%\s/.exec(out.split("\n")[1] ?? "");
  const [used, free] = [Number(found?.[2]) * 1024, Number(found?.[3]) * 1024];
  return used + free > 0 ? { free, size: used + free } : null;
}
