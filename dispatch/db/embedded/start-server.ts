// Starts the server on a whole cluster and waits until it takes connections. The caller
// holds the folder's lock, so no other start of ours is under way there.
import { setTimeout as delay } from "node:timers/promises";
import type { RunAs } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { diskFull, EmbeddedPostgresError, saysDiskFull, useOwnServer } from "./error.ts";
import type { Folders } from "./folders.ts";
import { readPostmasterFile, removeStaleSocketLock } from "./postmaster.ts";
import { sayWhenSlow, type Log } from "./progress.ts";
import { openServerLog } from "./server-log.ts";
import { serverArguments, type ServerSettings } from "./settings.ts";
import { spawnWatched, type Exit, type WatchedProcess } from "./watched.ts";

const pollMs = 15;
const oldBackendsEndWithinMs = 15_000;

export type ServerStart = {
  binaries: Binaries;
  folders: Folders;
  runAs: RunAs;
  settings: ServerSettings;
  environment: Readonly<Record<string, string>>;
  log: Log;
};

/**
 * @returns the postmaster, ready.
 * @throws {EmbeddedPostgresError} `disk_full` or `did_not_start`, with the server's own reason.
 */
export async function startServer(start: ServerStart): Promise<WatchedProcess> {
  const { binaries, folders, runAs, settings, environment } = start;
  await removeStaleSocketLock(folders);
  const args = ["-D", folders.cluster, ...serverArguments(folders.socket, settings)];
  const serverLog = await openServerLog(folders.log);
  const givenUpAt = performance.now() + oldBackendsEndWithinMs;
  try {
    for (;;) {
      const extraEnv = { ...environment, ...(await disregardLeftover(folders)) };
      const server = await spawnWatched(runAs, binaries.postgres, args, serverLog.fd, extraEnv);
      const exit = await readyOrExit(start, server);
      if (exit === undefined) return server;
      const output = await serverLog.tail();
      // Where a postmaster was killed outright, its backends need a moment to notice and leave.
      const occupied = /shared memory block .* is still in use/.test(output);
      if (!occupied || performance.now() > givenUpAt) throw startFailed(folders, output, exit);
      await delay(pollMs);
    }
  } finally {
    serverLog.close();
  }
}

/**
 * PostgreSQL takes a leftover lock file for a live one when its pid belongs to any process of
 * the same user. This variable names a pid it may disregard; its shared-memory check against
 * a second server still holds, as it would not if the file were removed.
 */
async function disregardLeftover(folders: Folders): Promise<Record<string, string>> {
  const leftover = await readPostmasterFile(folders.cluster);
  return leftover === undefined ? {} : { PG_GRANDPARENT_PID: String(leftover.pid) };
}

async function readyOrExit({ folders, log }: ServerStart, server: WatchedProcess): Promise<Exit | undefined> {
  const patience = sayWhenSlow(log, "still starting PostgreSQL (replaying what an abrupt end left)…");
  for (;;) {
    const exit = await Promise.race([server.exited, delay(pollMs)]);
    if (exit !== undefined) return exit;
    const file = await readPostmasterFile(folders.cluster);
    if (file?.pid === server.pid && file.status === "ready") return undefined;
    patience();
  }
}

function startFailed(folders: Folders, output: string, { code, signal }: Exit): EmbeddedPostgresError {
  if (saysDiskFull(output)) return diskFull(folders.data);
  const lines = output.split("\n");
  const reason = lines.findLast((line) => /FATAL|PANIC/.test(line)) ?? lines.at(-1);
  return new EmbeddedPostgresError("did_not_start", {
    folder: folders.data,
    found: `the server ending with ${code ?? signal} (${reason || "no output"})`,
    expected: "a server that starts",
    wayOut: `Read ${folders.log}, mend the cause and start again, or ${useOwnServer}.`,
  });
}
