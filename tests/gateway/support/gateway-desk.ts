// One desk for all that is checked at a real gateway: API, database, models and Telegram stand before OpenClaw starts, on
// free ports, in a fresh folder, and are gone with the test file. A boot costs 26 s of CPU and its first turn 17 more.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import pg from "pg";
import { pino } from "pino";
import { startApi, type RunningApi } from "../../../dispatch/api/start.ts";
import { withConnections } from "../../../dispatch/process/configured-database.ts";
import { readSettings } from "../../../dispatch/process/settings.ts";
import { demoTechnicianId, upsertFixtures } from "../../../dispatch/ops/bootstrap/demo-rows.ts";
import { builtPlugin } from "../../../dispatch/ops/gateway/built-plugin.ts";
import { GatewayClient } from "../../../dispatch/ops/gateway/gateway-client.ts";
import { startGateway, type Gateway, type GatewayOptions } from "../../../dispatch/ops/gateway/gateway.ts";
import {
  makeStateFolder,
  readConfiguration,
  writeConfiguration,
  type StateFolder,
} from "../../../dispatch/ops/gateway/state-folder.ts";
import type { JsonObject } from "../../../dispatch/kernel/json.ts";
import { startScriptedModel } from "../../../lab/scripted-model/server.ts";
import { startTelegram, telegramChannel, type Telegram } from "../../../lab/telegram.ts";
import { createTestDatabase } from "../../support/database.ts";
import { startObedientModel, type ObedientModel } from "./obedient-model.ts";
import { ana, dana, peopleOnTelegram, stranger } from "./telegram.ts";

export type GatewayDesk = {
  readonly api: RunningApi;
  /** What the API and the plugin share. */
  readonly secret: string;
  /** The data folder, for the pnpm commands. */
  readonly dataDir: string;
  readonly folder: StateFolder;
  /** Of the demo's account and site. */
  readonly accountId: string;
  readonly siteId: string;
  readonly model: ObedientModel;
  readonly telegram: Telegram;
  /** As the schema's owner. */
  readonly sql: pg.Pool;
  /** Everything a start on this desk needs. */
  readonly options: GatewayOptions;
  /** The gateway that was started last. */
  readonly gateway: Gateway;
  /** Speaks to it as its owner. */
  readonly client: GatewayClient;
  start(): Promise<Gateway>;
  /** Restarts it with what only the senders' channel needs; before that nobody can be asked for a word. */
  restartWithTelegram(): Promise<void>;
};

/** Speaks from the dashboard and over HTTP, in every role of a ticket's life but the approver's. */
export const owner = {
  actor: "owner-of-the-gateway",
  roles: ["dispatcher", "agent", "tech", "qa", "finance"],
  accounts: ["*"],
  sites: ["*"],
  techId: demoTechnicianId,
} as const;

/** Everything but OpenClaw, which starts with the desk's own `start`. */
export async function startGatewayDesk(): Promise<GatewayDesk> {
  // Hooks run in the order they are made: the gateway must be gone before its folder and its API are.
  const undo: (() => Promise<unknown>)[] = [];
  after(async () => {
    for (const work of undo.splice(0).reverse()) await work();
  });
  const atEnd = (work: () => Promise<unknown>) => void undo.push(work);
  const database = await createTestDatabase({ after: atEnd });
  const dataDir = await realpath(await mkdtemp(join(tmpdir(), "dispatch-gateway-")));
  atEnd(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const scripted = await startScriptedModel();
  atEnd(() => scripted.close());
  const model = await startObedientModel(scripted.url);
  atEnd(() => model.stop());
  const telegram = await startTelegram();
  atEnd(() => telegram.stop());
  const sql = new pg.Pool({ connectionString: database.url, max: 2 });
  sql.on("error", () => undefined);
  atEnd(() => sql.end());
  const secret = randomBytes(32).toString("hex");
  const { api, accountId, siteId } = await startDeskApi(database.url, dataDir, secret);
  atEnd(() => api.stop());
  const folder = await makeStateFolder(dataDir);
  const options: GatewayOptions = {
    dataDir,
    apiUrl: api.url,
    signing: { secret },
    owner,
    people: peopleOnTelegram,
    pluginPath: await builtPlugin(),
    port: 0,
    say: () => undefined,
    // No key of a real model reaches a test.
    environment: { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8", TZ: "UTC" },
  };
  let running: { readonly gateway: Gateway; readonly client: GatewayClient } | undefined;
  return {
    api,
    secret,
    dataDir,
    folder,
    accountId,
    siteId,
    model,
    telegram,
    sql,
    options,
    get gateway() {
      return running?.gateway ?? assert.fail("the gateway was not started");
    },
    get client() {
      return running?.client ?? assert.fail("the gateway was not started");
    },
    start: async () => {
      const gateway = await startGateway(options);
      atEnd(() => gateway.stop());
      running = { gateway, client: new GatewayClient(gateway.url, gateway.token) };
      return gateway;
    },
    restartWithTelegram: async () => {
      const standing = await readConfiguration(folder);
      await writeConfiguration(folder, { ...standing, ...telegramConfiguration(telegram) });
      await running?.gateway.restart();
    },
  };
}

async function startDeskApi(
  databaseUrl: string,
  dataDir: string,
  secret: string,
): Promise<{ api: RunningApi; accountId: string; siteId: string }> {
  const settings = readSettings({
    DISPATCH_DATABASE_URL: databaseUrl,
    DISPATCH_DATA_DIR: dataDir,
    DISPATCH_API_PORT: "0",
    DISPATCH_METRICS_PORT: "0",
    DISPATCH_DB_POOL_MAX: "6",
    DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
    DISPATCH_AUTH_JWT_SECRET: secret,
  });
  const api = await startApi({ settings, log: pino({ level: "silent" }) });
  const { dbStatementTimeoutMs: statementTimeoutMs, dbLockTimeoutMs: lockTimeoutMs } = settings;
  // Accounts and sites are not the API's to make.
  await withConnections(
    { url: databaseUrl, name: "dispatch-test", statementTimeoutMs, lockTimeoutMs, log: () => undefined },
    (db) => upsertFixtures(db, settings),
  );
  return { api, accountId: settings.demoAccountId, siteId: settings.demoSiteId };
}

/** What stands in openclaw.json before the first start on the desk. */
export function firstConfiguration({ model }: { readonly model: Pick<ObedientModel, "url"> }): JsonObject {
  return {
    // A change counts from the next restart: the tests say when that is.
    gateway: { reload: { mode: "off" } },
    // Every tool in plain sight, as a user may have it: what a model is offered then is told by its schemas.
    tools: { toolSearch: false },
    agents: { defaults: { model: { primary: "obedient/obedient" } } },
    models: { providers: { obedient: providerAt(model.url) } },
    plugins: { allow: ["telegram"] },
  };
}

function telegramConfiguration(telegram: Telegram): JsonObject {
  return {
    // The stranger is let in too.
    channels: { telegram: telegramChannel(telegram, [dana, ana, stranger]) },
    commands: { ownerAllowFrom: [`telegram:${dana}`] },
    approvals: { plugin: { enabled: true, mode: "targets", targets: [{ channel: "telegram", to: String(dana) }] } },
  };
}

function providerAt(url: string): object {
  const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  const model = {
    id: "obedient",
    name: "Obedient",
    reasoning: false,
    input: ["text"],
    cost,
    contextWindow: 2_000_000,
    maxTokens: 4_096,
  };
  return { baseUrl: url, apiKey: "none-needed", api: "openai-completions", models: [model] };
}

export type Audited = {
  readonly tool_name: string;
  readonly actor_id: string;
  readonly actor_role: string;
  readonly actor_type: string;
  readonly payload: Readonly<Record<string, unknown>>;
};

/** What the audit holds, oldest first; of one ticket, or of all there are. */
export async function auditOf(sql: pg.Pool, ticket: string | null = null): Promise<Audited[]> {
  const { rows } = await sql.query<Audited>(
    `SELECT tool_name, actor_id, actor_role, actor_type, payload FROM audit_events
     WHERE $1::uuid IS NULL OR ticket_id = $1 ORDER BY created_at, ticket_id, seq`,
    [ticket],
  );
  return rows;
}
