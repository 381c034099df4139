// The throw-away stack that drills play on: in a temporary folder, on free ports, with the demo's roster, its supervisor a process
// of its own as under `pnpm dispatch:stack:up`; gone afterwards.

import { closeSync, openSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import type { AccountId, SiteId } from "../../dispatch/contract/ids.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { readSettings, type Settings } from "../../dispatch/process/settings.ts";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { migrate } from "../../dispatch/db/migrate.ts";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { lastLines } from "../../dispatch/process/log-tail.ts";
import { upsertFixtures } from "../../dispatch/ops/bootstrap/demo-rows.ts";
import { freePort } from "../../dispatch/ops/gateway/free-port.ts";
import { endWithin, spawnWatched, type Exit } from "../../dispatch/ops/gateway/watched-process.ts";
import { makeStackFolder, supervisorName, type StackFolder } from "../../dispatch/ops/stack/folder.ts";
import { readStackRecord } from "../../dispatch/ops/stack/state.ts";
import { HttpSpeaker } from "../demo/http-speaker.ts";
import { openShell, type BlockOutcome, type RunbookShell } from "../runbooks/run-block.ts";
import { openNetwork, type BreakableNetwork } from "./breakable-network.ts";
import { mountSmallDisk } from "./mounts.ts";

/** What a stack must have for a drill; drills that need the same share one. */
export type GroundNeeds = {
  /** Settings beside the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Postgres stands elsewhere, beyond a network that can be broken, in place of the stack's own. */
  readonly overNetwork?: boolean;
  /** The data folder lies on a disk of its own of so many MiB. */
  readonly diskMiB?: number;
  /** A module that every Node process of the stack loads before its own. */
  readonly preload?: string;
};

export type GroundOptions = {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Puts into the stack's data folder what it is to find there at its start; nothing unless given. */
  readonly furnish?: (dataDir: string) => Promise<void>;
};

/** The stack, and who acts there. */
export type Ground = {
  /** Of the API. */
  readonly url: string;
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly settings: Settings;
  /** Of the stack and of an operator's shell. */
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: StackFolder;
  readonly accountId: AccountId;
  readonly siteId: SiteId;
  readonly dispatcher: HttpSpeaker;
  readonly technician: HttpSpeaker;
  /** With the owner's rights, as an operator at the console has them. */
  readonly sql: pg.Pool;
  /** What lies between the stack and its Postgres; null where nothing does. */
  readonly network: BreakableNetwork | null;
  /** The process of this name; null while there is none. */
  pidOf(name: string): number | null;
  /** What /health answers; null when nothing does. */
  health(): Promise<{ readonly status: number; readonly body: unknown } | null>;
  /** Runs commands as a person pastes them. */
  readonly shell: RunbookShell;
  run(commands: string): Promise<BlockOutcome>;
};

/** A frozen worker is silent after three beats; nobody need wait a minute for that, nor ten seconds for a mute receiver. */
const usualSettings = { DISPATCH_WORKER_HEARTBEAT_MS: "2000", DISPATCH_WEBHOOK_TIMEOUT_MS: "2000" };
const answersWithinMs = 3_000;
const readyWithinMs = 120_000;
const stopsWithinMs = 60_000;

/** Starts the stack, plays on it, and takes it down whatever happened. */
export async function withGround<T>(
  needs: GroundNeeds,
  options: GroundOptions,
  play: (ground: Ground) => Promise<T>,
): Promise<T> {
  await using opened = new AsyncDisposableStack();
  const dataDir = await realpath(await mkdtemp(join(tmpdir(), "dispatch-drill-")));
  opened.defer(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  if (needs.diskMiB !== undefined) {
    const unmount = await mountSmallDisk(dataDir, needs.diskMiB);
    opened.defer(unmount);
  }
  await options.furnish?.(dataDir);
  const [apiPort, metricsPort] = await Promise.all([freePort(0), freePort(0)]);
  const network = needs.overNetwork ? await postgresElsewhere(join(dataDir, "elsewhere"), opened) : null;
  const environment = {
    ...bareEnvironment,
    HOME: process.env["HOME"] ?? "",
    DISPATCH_DATA_DIR: dataDir,
    DISPATCH_API_PORT: String(apiPort),
    DISPATCH_METRICS_PORT: String(metricsPort),
    ...(network && { DISPATCH_DATABASE_URL: network.url }),
    ...usualSettings,
    ...needs.settings,
  };
  const settings = readSettings(environment);
  options.say("A throw-away stack starts.");
  const begun = performance.now();
  const folder = await startSupervisor(environment, needs, dataDir, options.signal, opened);
  options.say(`It is up after ${((performance.now() - begun) / 1000).toFixed(1)} s.`);
  const { embeddedUrl = null } = readStackRecord(folder) ?? {};
  const databaseUrl = network?.serverUrl ?? embeddedUrl ?? "";
  // The console stands beside Postgres: no network lies between. It may go away in a drill; the next query connects again.
  const sql = new pg.Pool({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: answersWithinMs });
  sql.on("error", () => undefined);
  opened.defer(() => sql.end().catch(() => undefined));
  await makeFixtures(databaseUrl, settings);
  const url = `http://127.0.0.1:${apiPort}`;
  const shell = await openShell({ environment });
  opened.defer(() => shell.close());
  const speaker = (id: string, role: "dispatcher" | "tech") =>
    new HttpSpeaker(url, { kind: "headers" }, { id, label: id, role });
  return await play({
    url,
    databaseUrl,
    dataDir,
    settings,
    environment,
    folder,
    sql,
    network,
    shell,
    accountId: settings.demoAccountId,
    siteId: settings.demoSiteId,
    dispatcher: speaker("drill-dispatcher", "dispatcher"),
    technician: speaker("drill-technician", "tech"),
    pidOf: (name) => {
      const record = readStackRecord(folder);
      if (name === supervisorName) return record?.supervisor.pid ?? null;
      return record?.services.find((service) => service.name === name)?.process?.pid ?? null;
    },
    health: () => answerOf(`${url}/health`),
    run: (commands) => shell.run({ heading: "", line: 0, commands, expected: [] }),
  });
}

/** Starts it and waits until all is ready; `opened` ends it, and whatever supervisor stands in its place by then. */
async function startSupervisor(
  environment: Record<string, string>,
  { preload }: GroundNeeds,
  dataDir: string,
  signal: AbortSignal,
  opened: AsyncDisposableStack,
): Promise<StackFolder> {
  const folder = await makeStackFolder(dataDir);
  const log = folder.log(supervisorName);
  const output = openSync(log, "a", 0o600);
  const program = join(import.meta.dirname, "../../dispatch/ops/stack/supervise.ts");
  const supervisor = await spawnWatched(process.execPath, [program, "--no-gateway"], {
    environment: { ...environment, ...(preload !== undefined && { NODE_OPTIONS: `--import=${preload}` }) },
    folder: process.cwd(),
    output,
  }).finally(() => closeSync(output));
  opened.defer(async () => {
    await endWithin(supervisor, stopsWithinMs);
    const next = readStackRecord(folder)?.supervisor.pid;
    if (next !== undefined && next !== supervisor.pid) await endedByPid(next);
  });
  let exit: Exit | null = null;
  void supervisor.ended.then((how) => (exit = how));
  const givenUpAt = performance.now() + readyWithinMs;
  while (readStackRecord(folder)?.ready !== true) {
    if (exit !== null || performance.now() > givenUpAt)
      throw new CommandFailure(`The drill's stack did not start:\n${(await lastLines(log, 8)).join("\n")}`);
    await pause(100, undefined, { signal });
  }
  return folder;
}

/** Of a process that is nobody's child here. */
async function endedByPid(pid: number): Promise<void> {
  try {
    process.kill(pid, "SIGTERM");
    const givenUpAt = performance.now() + stopsWithinMs;
    while (performance.now() < givenUpAt) {
      process.kill(pid, 0);
      await pause(100);
    }
  } catch {
    // It is gone, as wanted.
  }
}

/** A server of its own with the schema in it, and the network to it; `opened` ends both. */
async function postgresElsewhere(
  folder: string,
  opened: AsyncDisposableStack,
): Promise<BreakableNetwork & { readonly serverUrl: string }> {
  const log = () => undefined;
  const server = await startEmbeddedPostgres({ dataDir: folder, log });
  opened.defer(() => server.stop());
  await migrate({ databaseUrl: server.url, log });
  const network = await openNetwork(server.url);
  opened.defer(() => network.close());
  return { ...network, serverUrl: server.url };
}

async function makeFixtures(databaseUrl: string, settings: Settings): Promise<void> {
  const db = openDatabase({
    url: databaseUrl,
    poolMax: 2,
    applicationName: "dispatch-drill",
    role: null,
    statementTimeoutMs: settings.dbStatementTimeoutMs,
    lockTimeoutMs: settings.dbLockTimeoutMs,
    onError: () => undefined,
  });
  try {
    await upsertFixtures(db, settings);
  } finally {
    await db.close();
  }
}

async function answerOf(url: string): Promise<{ readonly status: number; readonly body: unknown } | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answersWithinMs) });
    const body: unknown = await response.json();
    return { status: response.status, body };
  } catch {
    return null;
  }
}

export type FiringAlert = {
  readonly code: string;
  /** What the count alone does not say; empty where that is nothing. */
  readonly reason: string;
};

/** The alerts that /ops/alerts says fire; null when it cannot tell. */
export async function firingAlerts(url: string): Promise<readonly FiringAlert[] | null> {
  const report = (await answerOf(`${url}/ops/alerts`))?.body;
  if (!isObject(report) || !Array.isArray(report["alerts"])) return null;
  return report["alerts"].map((alert: unknown) => {
    if (!isObject(alert) || typeof alert["code"] !== "string")
      throw new CommandFailure(`/ops/alerts answered an alert without a code: ${JSON.stringify(alert)}`);
    return { code: alert["code"], reason: String(alert["reason"] ?? "") };
  });
}
