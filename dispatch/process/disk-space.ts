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

type Folder = readonly [DiskUse, string];

/**
 * Folders by what they are used for, in lanes: those of one lane are looked at one after the other, as one that hangs may well be on
 * the mount of the next. Several may lie on one disk, and some may not be there.
 */
export function foldersOf(settings: Settings): readonly (readonly Folder[])[] {
  const { dataDir, walArchiveDir, objectStoreEndpoint, logSinkPath } = settings;
  const ofData: Folder[] = [
    ["data", dataDir],
    ["database", join(dataDir, "postgres")],
    ["wal", join(dataDir, "postgres", "pg_wal")],
  ];
  if (objectStoreEndpoint === null) ofData.push(["objects", join(dataDir, "objects")]);
  const ofArchive: Folder[] = walArchiveDir === null ? [] : [["wal_archive", walArchiveDir]];
  const ofLogs: Folder[] = [["logs", logSinkPath === null ? join(dataDir, "stack") : dirname(logSinkPath)]];
  return [ofData, ofArchive, ofLogs];
}

/** The room of each folder that is there and may be looked at; it waits for a mount that hangs as long as that does. */
export async function roomOf(folders: readonly Folder[]): Promise<readonly DiskSpace[]> {
  const found: DiskSpace[] = [];
  for (const [use, folder] of folders) {
    const stats = await statfs(folder).catch(() => null);
    if (stats === null) continue;
    const { bsize, blocks, bfree, bavail } = stats;
    const size = (blocks - bfree + bavail) * bsize;
    if (size > 0) found.push({ use, folder: await realpath(folder), free: bavail * bsize, size });
  }
  return found;
}

/** Percent, from 0 to 100 and rounded down, so that a disk counts as nearly full rather earlier. */
export const freePercent = ({ free, size }: Pick<DiskSpace, "free" | "size">): number =>
  Math.floor((100 * free) / size);

/** Of the fullest disk; 100 where none is known. */
export const leastFreePercent = (disks: readonly DiskSpace[]): number => Math.min(100, ...disks.map(freePercent));
