// One real gateway with the plugin, before an API and a database of its own: on free ports, in a fresh folder, gone with
// the test file. A boot costs 11 to 25 s of CPU, so a file starts one and shares it.

import { randomBytes } from "node:crypto";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { pino } from "pino";
import { startApi, type RunningApi } from "../../../dispatch/api/start.ts";
import { readSettings, type Settings } from "../../../dispatch/kernel/settings.ts";
import { deskOwner } from "../../../scripts/demo/desk-owner.ts";
import { upsertFixtures } from "../../../scripts/demo/fixtures.ts";
import { builtPlugin } from "../../../scripts/gateway/built-plugin.ts";
import type { ChannelPerson, GrantedPerson } from "../../../scripts/gateway/configuration.ts";
import { GatewayClient } from "../../../scripts/gateway/gateway-client.ts";
import { startGateway, type Gateway, type GatewayOptions } from "../../../scripts/gateway/gateway.ts";
import { createTestDatabase } from "../../support/database.ts";

type AtEnd = (work: () => Promise<unknown>) => void;

export type GatewayDesk = {
  readonly api: RunningApi;
  readonly settings: Settings;
  /** What the API and the plugin share. */
  readonly secret: string;
  /** The data folder, for a second start or the pnpm commands. */
  readonly dataDir: string;
  /** Of the demo's account, site and technicians. */
  readonly accountId: string;
  readonly siteId: string;
  /** Everything a start on this desk needs. */
  readonly options: GatewayOptions;
};

export type RunningGateway = GatewayDesk & { readonly gateway: Gateway; readonly client: GatewayClient };

export type DeskOptions = {
  readonly owner?: GrantedPerson;
  readonly people?: readonly ChannelPerson[];
  readonly scriptedModelUrl?: string;
  /** Further DISPATCH_… settings of the API. */
  readonly env?: Readonly<Record<string, string>>;
  /** Another address of the API, a proxy's for example. */
  readonly apiUrl?: (url: string) => string;
  readonly say?: (line: string) => void;
};

/** An API with the demo's rows and all that a gateway before it needs; nothing of OpenClaw runs yet. */
export async function startDesk(options: DeskOptions = {}): Promise<GatewayDesk> {
  const undo: (() => Promise<unknown>)[] = [];
  const end = async () => {
    for (const work of undo.splice(0).reverse()) await work();
  };
  after(end);
  try {
    return await startedDesk(options, (work) => void undo.push(work));
  } catch (error) {
    await end();
    throw error;
  }
}

/** The same, with the gateway started and waited for. */
export async function startGatewayDesk(options: DeskOptions = {}): Promise<RunningGateway> {
  const desk = await startDesk(options);
  const gateway = await startGateway(desk.options);
  after(() => gateway.stop());
  return { ...desk, gateway, client: new GatewayClient(gateway.url, gateway.token) };
}

async function startedDesk({ env = {}, owner = deskOwner, people, scriptedModelUrl, apiUrl = (url) => url, say = () => undefined }: DeskOptions, atEnd: AtEnd): Promise<GatewayDesk> {
  const database = await createTestDatabase({ after: atEnd });
  const dataDir = await realpath(await mkdtemp(join(tmpdir(), "dispatch-gateway-")));
  atEnd(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const secret = randomBytes(32).toString("hex");
  const settings = readSettings({
    DISPATCH_DATABASE_URL: database.url,
    DISPATCH_DATA_DIR: dataDir,
    DISPATCH_API_PORT: "0",
    DISPATCH_METRICS_PORT: "0",
    DISPATCH_DB_POOL_MAX: "6",
    DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
    DISPATCH_AUTH_JWT_SECRET: secret,
    ...env,
  });
  const api = await startApi({ settings, log: pino({ level: "silent" }) });
  atEnd(() => api.stop());
  await upsertFixtures(api.desk.db, settings);
  const options: GatewayOptions = {
    dataDir,
    apiUrl: apiUrl(api.url),
    signing: { secret },
    owner,
    pluginPath: await builtPlugin(),
    port: 0,
    say,
    // No key of a real model reaches a test.
    environment: { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8", TZ: "UTC" },
    ...(people && { people }),
    ...(scriptedModelUrl !== undefined && { scriptedModelUrl }),
  };
  return { api, settings, secret, dataDir, accountId: settings.demoAccountId, siteId: settings.demoSiteId, options };
}
