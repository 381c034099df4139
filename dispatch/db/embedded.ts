// The embedded PostgreSQL: started under the data folder when no server of one's own is
// configured, stopped with the process that started it, attached to when it already runs.
// It must not know tables or migrations, and reports progress through `log` alone.
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { chooseAccount } from "./embedded/account.ts";
import { locateBinaries } from "./embedded/binaries.ts";
import { createCluster, clusterOwner } from "./embedded/create-cluster.ts";
import { handOver, hasCluster, openDataFolder, ownedFolder, prepareFolders } from "./embedded/folders.ts";
import { tryLock, type FolderLock } from "./embedded/lock.ts";
import { readPostmasterFile } from "./embedded/postmaster.ts";
import { sayWhenSlow, type Log } from "./embedded/progress.ts";
import { archiveSettings } from "./embedded/wal-archive.ts";
import { keepLogBounded } from "./embedded/server-log.ts";
import type { ServerSettings } from "./embedded/settings.ts";
import { startServer, type ServerStart } from "./embedded/start-server.ts";
import { stopServer } from "./embedded/stop.ts";
import type { Exit, WatchedProcess } from "./embedded/watched.ts";

export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from "./embedded/error.ts";

const databaseName = "dispatch";
const pollMs = 15;
const orphanEndsWithinMs = 10_000;

export type EmbeddedPostgresOptions = {
  /** Folder for the database, its socket and its log; created when missing. */
  dataDir: string;
  /** Receives one short sentence per step. */
  log: Log;
  /** Folder that gets every finished piece of the write-ahead log; made when missing. None by default. */
  walArchive?: string;
  /** Server settings on top of the tuned ones, e.g. `{ fsync: "off" }` for throw-away data. */
  settings?: ServerSettings;
  /** Variables of the server's environment, which has nothing of this process's but the path. */
  environment?: Readonly<Record<string, string>>;
};

export type EmbeddedPostgres = {
  /** For `pg`, as superuser on database `dispatch`, over the unix socket. */
  url: string;
  /** False when attached to a server another process started and will stop. */
  started: boolean;
  /** The postmaster's process id. */
  pid: number;
  /** Resolves when the server this call started is gone, whoever ended it; never when attached. */
  ended: Promise<Exit>;
  /** Stops the server this call started, or does nothing when attached. May be called again. */
  stop(): Promise<void>;
};

type Start = ServerStart & {
  /** "18.4" */
  version: string;
  begunAt: number;
};

/**
 * Starts PostgreSQL on `dataDir`, or attaches to the one that runs there. A started server
 * ends with this process even when that is killed; it does not keep the process alive.
 * @throws {EmbeddedPostgresError} with what was found, what was expected and the way out.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log, walArchive, environment = {} } = options;
  const settings = { ...(walArchive !== undefined && archiveSettings(walArchive)), ...options.settings };
  const begunAt = performance.now();
  const binaries = locateBinaries(dataDir);
  const folders = await openDataFolder(dataDir);
  const { runAs, version } = await chooseAccount(await ownedFolder(folders), binaries);
  await hasCluster(folders, version);
  await prepareFolders(folders, runAs, walArchive);
  const start: Start = { binaries, folders, runAs, settings, environment, log, version, begunAt };

  const patience = sayWhenSlow(log, "still waiting for the PostgreSQL another process starts or stops there…");
  for (;;) {
    const lock = tryLock(folders.lock);
    if (lock !== undefined) return await startUnderLock(start, lock);
    const attached = await attach(start);
    if (attached !== undefined) return attached;
    patience();
    await delay(pollMs);
  }
}

export type EmbeddedTraces = {
  /** As postmaster.pid says; null where there is no such file, which is so after an end in good order. */
  readonly pid: number | null;
  /** Whether that process is a server of this folder now. */
  readonly alive: boolean;
  /** "starting", "ready", "stopping"; null while it says nothing. */
  readonly status: string | null;
  /** Where it listens; null while it says nothing. */
  readonly url: string | null;
  readonly log: string;
};

/** What a server on `dataDir` has left to be seen from outside. Reads files alone: starts, attaches to and makes nothing. */
export async function embeddedTraces(dataDir: string): Promise<EmbeddedTraces> {
  const data = await realpath(dataDir).catch(() => dataDir);
  const file = await readPostmasterFile(join(data, "postgres"));
  return {
    pid: file?.pid ?? null,
    alive: file?.alive ?? false,
    status: file?.status ?? null,
    url: file?.socketFolder === undefined ? null : urlOf(file.socketFolder, databaseName),
    log: join(data, "logs", "postgres.log"),
  };
}

async function startUnderLock(start: Start, lock: FolderLock): Promise<EmbeddedPostgres> {
  const { folders, log, version, begunAt } = start;
  try {
    const foreign = await waitForOrphanToEnd(start);
    if (foreign !== undefined) {
      lock.release();
      return foreign;
    }
    if (!(await hasCluster(folders, version))) {
      log("creating the database folder (first start)…");
      await createCluster(folders, start.binaries, start.runAs);
    }
    const server = await startServer(start);
    await handOver(folders, start.runAs);
    await ensureDatabase(folders.socket).catch(async (cause: unknown) => {
      await stopServer(server, log);
      throw cause;
    });
    server.child.unref();
    log(`PostgreSQL ${version} ready in ${((performance.now() - begunAt) / 1000).toFixed(1)} s`);
    return owned(start, server, lock);
  } catch (cause) {
    lock.release();
    throw cause;
  }
}

/**
 * The lock is free yet a server runs: its owner was killed a moment ago and it is on its
 * way down, so attaching now would lose it in mid-work. One that stays was started by hand.
 */
async function waitForOrphanToEnd(start: Start): Promise<EmbeddedPostgres | undefined> {
  const patience = sayWhenSlow(start.log, "still waiting for the previous PostgreSQL to end…");
  const givenUpAt = performance.now() + orphanEndsWithinMs;
  for (;;) {
    const file = await readPostmasterFile(start.folders.cluster);
    if (file === undefined || !file.alive) return undefined;
    const attached = performance.now() > givenUpAt ? await attach(start) : undefined;
    if (attached !== undefined) return attached;
    patience();
    await delay(pollMs);
  }
}

async function attach({ folders, log, version }: Start): Promise<EmbeddedPostgres | undefined> {
  const file = await readPostmasterFile(folders.cluster);
  if (file === undefined || !file.alive || file.status !== "ready" || file.socketFolder === undefined) return undefined;
  const url = urlOf(file.socketFolder, databaseName);
  if (!(await answers(url))) return undefined;
  log(`PostgreSQL ${version} already running`);
  return { url, started: false, pid: file.pid, ended: new Promise(() => {}), stop: async () => {} };
}

/** The server's life from ready to ended, whoever ends it. */
function owned({ folders, log }: Start, server: WatchedProcess, lock: FolderLock): EmbeddedPostgres {
  const boundedLog = keepLogBounded(folders.log);
  let stopping: Promise<void> | undefined;
  const ended = server.exited.then((exit) => {
    const { code, signal } = exit;
    boundedLog.stop();
    lock.release();
    if (stopping === undefined) log(`PostgreSQL ended unexpectedly (${code ?? signal}); see ${folders.log}`);
    return exit;
  });
  return {
    url: urlOf(folders.socket, databaseName),
    started: true,
    pid: server.pid,
    ended,
    stop: () => (stopping ??= stopServer(server, log).then(async () => void (await ended))),
  };
}

/** A server that ends between two steps says so here too, and an error nobody hears would end the process. */
const disregard = (): void => {};

async function ensureDatabase(socketFolder: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(socketFolder, "postgres") });
  client.on("error", disregard);
  await client.connect();
  try {
    const { rows } = await client.query("SELECT FROM pg_database WHERE datname = $1", [databaseName]);
    if (rows.length === 0) await client.query(`CREATE DATABASE ${databaseName}`);
  } finally {
    await client.end();
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on("error", disregard);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

function urlOf(socketFolder: string, database: string): string {
  // Port (it names the socket file) and TLS are spelled out, or PGPORT and PGSSLMODE would decide them.
  return `postgresql://${clusterOwner}@${encodeURIComponent(socketFolder)}:5432/${database}?sslmode=disable`;
}
