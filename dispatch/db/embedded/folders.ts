// The folders of the embedded server: where they are, that they are ours, 0700 and writable.
// It must not look inside the cluster beyond its owner and version.
import { createHash } from "node:crypto";
import { access, chmod, constants, lchown, lstat, mkdir, readdir, readFile, realpath, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunAs } from "./account.ts";
import { EmbeddedPostgresError, folderTrouble, systemCode, useAnotherFolder } from "./error.ts";

/** Absolute, symlink-free paths under one data folder. */
export type Folders = {
  data: string;
  /** PGDATA. */
  cluster: string;
  run: string;
  /** Where the unix socket is; `run` unless its path would be too long. */
  socket: string;
  lock: string;
  log: string;
};

// 104 bytes on macOS, 108 on Linux, with the closing zero; the rest is room to breathe.
const longestSocketPath = 100;

/**
 * Creates the data folder if need be and names everything under it.
 * @throws {EmbeddedPostgresError} `not_writable` or `disk_full`.
 */
export async function openDataFolder(dataDir: string): Promise<Folders> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK | constants.X_OK);
    const data = await realpath(dataDir);
    const run = join(data, "run");
    const cluster = join(data, "postgres");
    const log = join(data, "logs", "postgres.log");
    return { data, cluster, run, socket: socketFolder(run), lock: join(run, "server.lock"), log };
  } catch (cause) {
    throw folderTrouble(dataDir, cause);
  }
}

/** Creates run/, logs/, the socket folder and the archive's, 0700 and owned by whoever PostgreSQL runs as. */
export async function prepareFolders(folders: Folders, runAs: RunAs, walArchive?: string): Promise<void> {
  const logs = join(folders.log, "..");
  for (const folder of new Set([
    folders.run,
    logs,
    folders.socket,
    ...(walArchive === undefined ? [] : [walArchive]),
  ])) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await refuseForeign(folder, runAs);
      await chmod(folder, 0o700);
      if (runAs.kind === "account") await lchown(folder, runAs.uid, runAs.gid);
    } catch (cause) {
      throw folderTrouble(folder, cause);
    }
  }
  // PostgreSQL starts on no folder that others may read or write, and its log does not say which mode it wants.
  await keepPrivate(folders.cluster);
  // The other user makes the cluster folder itself, so it needs the folder around it.
  if (runAs.kind === "account") await lchown(folders.data, runAs.uid, runAs.gid);
}

async function keepPrivate(cluster: string): Promise<void> {
  const found = await stat(cluster).catch(() => null);
  if (found === null || (found.mode & 0o027) === 0) return;
  await chmod(cluster, 0o700).catch((cause: unknown) => {
    throw folderTrouble(cluster, cause);
  });
}

/** Root starts for another user: the files root left behind must not lock that user out later. */
export async function handOver(folders: Folders, runAs: RunAs): Promise<void> {
  if (runAs.kind !== "account") return;
  // By path, never opened: closing a second handle of the lock file would drop its lock.
  await Promise.all([folders.lock, folders.log].map((path) => lchown(path, runAs.uid, runAs.gid)));
}

/**
 * Whether there is a cluster, after checking that it is one this server can open.
 * @throws {EmbeddedPostgresError} `wrong_owner`, `wrong_version` or `damaged`.
 */
export async function hasCluster(folders: Folders, version: string): Promise<boolean> {
  const entries = await entriesOf(folders.cluster);
  if (entries.length === 0) return false;
  await refuseOtherOwner(folders.cluster);
  if (!entries.includes("PG_VERSION")) {
    throw new EmbeddedPostgresError("damaged", {
      folder: folders.cluster,
      found: "files but no PG_VERSION",
      expected: "a whole database folder, or none",
      wayOut: `Restore it from a backup, or move it away to start empty. ${useAnotherFolder} to keep both.`,
    });
  }
  const found = (await readFile(join(folders.cluster, "PG_VERSION"), "utf8")).trim();
  const expected = version.split(".")[0] ?? version;
  if (found !== expected) {
    throw new EmbeddedPostgresError("wrong_version", {
      folder: folders.cluster,
      found: `data of PostgreSQL ${found}`,
      expected: `data of PostgreSQL ${expected}`,
      wayOut: `Dump it with PostgreSQL ${found} and load it into a new folder. ${useAnotherFolder} to start empty.`,
    });
  }
  return true;
}

/** The folder whose owner PostgreSQL must run as. */
export async function ownedFolder(folders: Folders): Promise<string> {
  return (await entriesOf(folders.cluster)).length === 0 ? folders.data : folders.cluster;
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw folderTrouble(folder, cause);
  }
}

async function refuseOtherOwner(folder: string): Promise<void> {
  const me = process.geteuid?.();
  const { uid } = await stat(folder);
  if (me === undefined || me === 0 || uid === me) return;
  throw new EmbeddedPostgresError("wrong_owner", {
    folder,
    found: `a folder of user id ${uid}`,
    expected: `a folder of user id ${me}`,
    wayOut: `Start as its owner, or give it to this user (chown -R ${me}). ${useAnotherFolder} otherwise.`,
  });
}

/** In a shared temporary folder someone else may have made the name first, as a link or as their own. */
async function refuseForeign(folder: string, runAs: RunAs): Promise<void> {
  const found = await lstat(folder);
  const ours = [process.geteuid?.(), runAs.kind === "account" ? runAs.uid : undefined];
  if (found.isDirectory() && ours.includes(found.uid)) return;
  throw new EmbeddedPostgresError("wrong_owner", {
    folder,
    found: found.isDirectory() ? `a folder of user id ${found.uid}` : "something that is not a folder",
    expected: "a folder of this user",
    wayOut: `Remove it. ${useAnotherFolder} otherwise.`,
  });
}

function socketFolder(run: string): string {
  const hash = createHash("sha256").update(run).digest("hex").slice(0, 12);
  const choices = [run, join(tmpdir(), `dispatch-${hash}`), join("/tmp", `dispatch-${hash}`)];
  const fits = (folder: string): boolean => Buffer.byteLength(join(folder, ".s.PGSQL.5432")) <= longestSocketPath;
  return choices.find(fits) ?? run;
}
