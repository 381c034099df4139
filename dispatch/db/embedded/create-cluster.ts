// Makes the database folder at the first start: beside its place first and renamed when whole,
// so an interrupted first start leaves nothing that looks like a database.
import { randomUUID } from "node:crypto";
import { open, readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { RunAs } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { diskFull, EmbeddedPostgresError, saysDiskFull, useAnotherFolder, useOwnServer } from "./error.ts";
import type { Folders } from "./folders.ts";
import { openServerLog } from "./server-log.ts";
import { spawnWatched } from "./watched.ts";

/** The superuser every embedded cluster is made with. */
export const clusterOwner = "dispatch_owner";

/**
 * Runs initdb; the caller holds the folder's lock.
 * @throws {EmbeddedPostgresError} `disk_full` or `did_not_start`.
 */
export async function createCluster(folders: Folders, binaries: Binaries, runAs: RunAs): Promise<void> {
  await removeUnfinished(folders);
  const unfinished = `${folders.cluster}.unfinished-${randomUUID()}`;
  // The builtin provider sorts alike on every platform and never changes with the system's
  // libraries; macOS has no C.UTF-8 of its own, hence C for the rest.
  const locale = ["--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"];
  const args = ["--pgdata", unfinished, "--username", clusterOwner, "--auth", "trust", "--data-checksums", ...locale];
  const log = await openServerLog(folders.log);
  try {
    const { exited } = await spawnWatched(runAs, binaries.initdb, args, log.fd);
    const { code, signal } = await exited;
    if (code !== 0) throw initdbFailed(folders, await log.tail(), code ?? signal);
    await rename(unfinished, folders.cluster);
    await syncFolder(folders.data);
  } finally {
    log.close();
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function removeUnfinished(folders: Folders): Promise<void> {
  const prefix = `${basename(folders.cluster)}.unfinished-`;
  const leftovers = (await readdir(folders.data)).filter((name) => name.startsWith(prefix));
  await Promise.all(
    leftovers.map((name) => rm(join(folders.data, name), { recursive: true, force: true, maxRetries: 5 })),
  );
}

/** Makes the rename itself outlive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function initdbFailed(folders: Folders, output: string, exit: number | string | null): EmbeddedPostgresError {
  if (saysDiskFull(output)) return diskFull(folders.data);
  const lines = output.split("\n");
  const reason = lines.findLast((line) => /error:|could not/.test(line)) ?? lines.at(-1);
  return new EmbeddedPostgresError("did_not_start", {
    folder: folders.data,
    found: `initdb ending with ${exit ?? "no exit code"} (${reason || "no output"})`,
    expected: "a new database folder",
    wayOut: `${wayOutOf(output)} (The whole output is in ${folders.log}.)`,
  });
}

function wayOutOf(output: string): string {
  if (/could not look up effective user ID/.test(output))
    return `Give this user id a name in /etc/passwd, or ${useOwnServer}.`;
  if (/Permission denied/.test(output))
    return `${useAnotherFolder}, one whose parents this user may enter, or ${useOwnServer}.`;
  return `Mend the cause and start again. ${useAnotherFolder}, or ${useOwnServer} otherwise.`;
}
