// The throw-away stack a drill plays on: in a temporary folder, on free ports, with the demo's roster; gone afterwards.

import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { isObject } from "../../dispatch/kernel/json.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { migrate } from "../../dispatch/db/migrate.ts";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { upsertFixtures } from "../../dispatch/ops/bootstrap/demo-rows.ts";
import { HttpSpeaker } from "../demo/http-speaker.ts";
import { freePort } from "../../dispatch/ops/gateway/free-port.ts";
import { startStack, type Stack } from "../../dispatch/ops/stack/stack.ts";
import { openNetwork, type BreakableNetwork } from "./breakable-network.ts";
import type { Drill, DrillGround } from "./drill.ts";

/** With what the runbook's commands need: the environment of the stack, and where its addresses lie. */
type EquippedGround = DrillGround & {
  readonly environment: Readonly<Record<string, string>>;
  readonly addresses: Readonly<Record<string, string>>;
};

const answersWithinMs = 5_000;

/** Starts the stack, plays on it, and takes it down whatever happened. */
export async function withDrillGround<T>(
  drill: Drill,
  options: { say: (line: string) => void; signal: AbortSignal },
  play: (ground: EquippedGround) => Promise<T>,
): Promise<T> {
  const dataDir = await realpath(await mkdtemp(join(tmpdir(), "dispatch-drill-")));
  const [apiPort, metricsPort] = await Promise.all([freePort(0), freePort(0)]);
  await using elsewhere = new AsyncDisposableStack();
  const network = drill.overNetwork ? await postgresElsewhere(join(dataDir, "elsewhere"), elsewhere) : null;
  const environment = {
    ...bareEnvironment,
    HOME: process.env["HOME"] ?? "",
    DISPATCH_DATA_DIR: dataDir,
    DISPATCH_API_PORT: String(apiPort),
    DISPATCH_METRICS_PORT: String(metricsPort),
    ...(network && { DISPATCH_DATABASE_URL: network.url }),
    ...drill.settings,
  };
  const settings = readSettings(environment);
  let stack: Stack | undefined;
  let sql: pg.Pool | undefined;
  try {
    options.say("A throw-away stack starts.");
    stack = await startStack({
      settings,
      environment,
      workers: 1,
      withGateway: false,
      say: () => undefined,
      signal: options.signal,
    });
    // The console stands beside Postgres: no network lies between.
    sql = new pg.Pool({ connectionString: network?.serverUrl ?? stack.databaseUrl, max: 2 });
    // Postgres may go away in a drill; the next query connects again.
    sql.on("error", () => undefined);
    await makeFixtures(stack.databaseUrl, settings);
    const { url } = stack;
    const speaker = (id: string, role: "dispatcher" | "tech") =>
      new HttpSpeaker(url, { kind: "headers" }, { id, label: id, role });
    return await play({
      stack,
      sql,
      dataDir,
      network,
      environment,
      addresses: { "127.0.0.1:8080": new URL(url).host, "127.0.0.1:8601": `127.0.0.1:${metricsPort}` },
      accountId: settings.demoAccountId,
      siteId: settings.demoSiteId,
      dispatcher: speaker("drill-dispatcher", "dispatcher"),
      technician: speaker("drill-technician", "tech"),
      health: async () => (await answerOf(`${url}/health`))?.status ?? null,
      alerts: async () => codesIn((await answerOf(`${url}/ops/alerts`))?.body),
    });
  } finally {
    await sql?.end().catch(() => undefined);
    await stack?.stop();
    await elsewhere.disposeAsync();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
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

async function makeFixtures(databaseUrl: string, settings: ReturnType<typeof readSettings>): Promise<void> {
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

function codesIn(report: unknown): readonly string[] | null {
  if (!isObject(report) || !Array.isArray(report["alerts"])) return null;
  return report["alerts"].map((alert: unknown) => {
    if (!isObject(alert) || typeof alert["code"] !== "string")
      throw new CommandFailure(`/ops/alerts answered an alert without a code: ${JSON.stringify(alert)}`);
    return alert["code"];
  });
}
