// How much room is left where this process's machine keeps what is Dispatch's. A database server elsewhere has a disk that
// cannot be seen from here, and so has an S3 server.

import { realpath, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Settings } from "./settings.ts";

export type DiskUse = "data" | "database" | "wal" | "wal_archive" | "objects" | "logs";

export type DiskSpace = {
  readonly use: DiskUse;
  readonly folder: string;
  /** Bytes that may still be written by who is not root. */
  readonly free: number;
  /** Bytes for all but root, as df reckons. */
  readonly size: number;
};

/** Folders by what they are used for; several may lie on one disk, and some may not be there. */
function foldersOf({ dataDir, walArchiveDir, objectStoreEndpoint, logSinkPath }: Settings): [DiskUse, string | null][] {
  return [
    ["data", dataDir],
    ["database", join(dataDir, "postgres")],
    ["wal", join(dataDir, "postgres", "pg_wal")],
    ["wal_archive", walArchiveDir],
    ["objects", objectStoreEndpoint === null ? join(dataDir, "objects") : null],
    ["logs", logSinkPath === null ? join(dataDir, "stack") : dirname(logSinkPath)],
  ];
}

/** The room of each folder that is there and may be looked at. */
export async function diskSpace(settings: Settings): Promise<readonly DiskSpace[]> {
  const found = await Promise.all(
    foldersOf(settings).map(async ([use, folder]) => {
      const stats = folder === null ? null : await statfs(folder).catch(() => null);
      if (folder === null || stats === null) return null;
      const { bsize, blocks, bfree, bavail } = stats;
      const size = (blocks - bfree + bavail) * bsize;
      return size === 0 ? null : { use, folder: await realpath(folder), free: bavail * bsize, size };
    }),
  );
  return found.filter((one) => one !== null);
}

/** Percent, from 0 to 100 and rounded down, so that a disk counts as nearly full rather earlier. */
export const freePercent = ({ free, size }: DiskSpace): number => Math.floor((100 * free) / size);

/** Of the fullest disk; 100 where none is known. */
export const leastFreePercent = (disks: readonly DiskSpace[]): number => Math.min(100, ...disks.map(freePercent));
