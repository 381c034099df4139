// Brings up what the demo's story needs, in order, and takes it down again: the API, before it the real gateway with the
// plugin, behind it a worker.

import { pino } from "pino";
import { CannotListen } from "../../dispatch/api/listen.ts";
import { startApi, type RunningApi } from "../../dispatch/api/start.ts";
import type { Settings } from "../../dispatch/process/settings.ts";
import { startWorker, type RunningWorker } from "../../dispatch/worker/start.ts";
import { CommandFailure, messageOf } from "../../dispatch/process/command-line.ts";
import { builtPlugin } from "../../dispatch/ops/gateway/built-plugin.ts";
import { GatewayClient } from "../../dispatch/ops/gateway/gateway-client.ts";
import { startGateway, type Gateway } from "../../dispatch/ops/gateway/gateway.ts";
import { hasModelKey } from "../../dispatch/ops/gateway/model-choice.ts";
import { startScriptedModel } from "../scripted-model/server.ts";
import { makeBucket } from "../../dispatch/ops/bootstrap/bucket.ts";
import { withConnections, withDatabase } from "../../dispatch/process/configured-database.ts";
import { castOverHttp, castThroughGateway, type Cast } from "./cast.ts";
import { archivist } from "./chat-story.ts";
import { deskOwner } from "../../dispatch/ops/gateway/desk-owner.ts";
import { demoTechnicianId, refuseOwnDesk, upsertFixtures } from "../../dispatch/ops/bootstrap/demo-rows.ts";

export type DemoDesk = {
  readonly api: RunningApi;
  readonly gateway: Gateway | null;
  /** Speaks in the gateway's chat as its owner. */
  readonly chat: GatewayClient | null;
  readonly cast: Cast;
  /** Starts a worker on the same desk; it ends with the desk. */
  startWorker(): Promise<void>;
  stop(): Promise<void>;
};

export type DemoOptions = {
  readonly settings: Settings;
  /** What API, plugin and the demo's people sign with. */
  readonly secret: string;
  readonly withGateway: boolean;
  readonly say: (line: string) => void;
  /** Seconds since the command began, for a person. */
  readonly elapsed: () => string;
  /** Stops a start that is under way. */
  readonly signal: AbortSignal;
};

const timeoutsOf = ({ dbStatementTimeoutMs, dbLockTimeoutMs }: Settings) => ({
  statementTimeoutMs: dbStatementTimeoutMs,
  lockTimeoutMs: dbLockTimeoutMs,
});

const leastSecretLength = 32;

/** @throws CommandFailure, GatewayError and others of a failed start; nothing is left running then */
export async function startDemoDesk(options: DemoOptions): Promise<DemoDesk> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const work of undo.splice(0).reverse()) await work();
  };
  try {
    const { settings, secret, withGateway, say, elapsed } = options;
    if (withGateway && secret.length < leastSecretLength) {
      throw new CommandFailure(
        `DISPATCH_AUTH_JWT_SECRET must have at least ${leastSecretLength} characters for the gateway's plugin; --no-gateway does without.`,
      );
    }
    refuseOwnDesk(settings);
    await makeBucket(settings);
    const api = await startDemoApi(settings, say);
    undo.push(() => api.stop());
    // Accounts and sites are not the API's to make.
    await withDatabase(settings, say, (url) =>
      withConnections({ url, name: "dispatch-demo", ...timeoutsOf(settings), log: say }, (db) =>
        upsertFixtures(db, settings),
      ),
    );
    say(`dispatch-api answers at ${api.url} after ${elapsed()}.`);
    const credentials = { kind: "token", secret } as const;
    const addWorker = async () => {
      const worker = await startDemoWorker(settings);
      undo.push(() => worker.stop());
    };
    if (!withGateway)
      return { api, gateway: null, chat: null, cast: castOverHttp(api.url, credentials), startWorker: addWorker, stop };
    const scripted = hasModelKey(process.env) ? null : await startScriptedModel();
    if (scripted) undo.push(() => scripted.close());
    const gateway = await startDemoGateway(options, api.url, scripted?.url);
    undo.push(() => gateway.stop());
    say(`The OpenClaw gateway answers at ${gateway.url} after ${elapsed()}.\n${gateway.model.sentence}`);
    const client = new GatewayClient(gateway.url, gateway.token);
    return {
      api,
      gateway,
      chat: client,
      cast: castThroughGateway(client, demoTechnicianId, { url: api.url, credentials }),
      startWorker: addWorker,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startDemoGateway(
  { settings, secret, say, signal }: DemoOptions,
  apiUrl: string,
  scriptedModelUrl: string | undefined,
): Promise<Gateway> {
  const pluginPath = await builtPlugin();
  say("Starting the OpenClaw gateway with Dispatch's plugin; this takes 10 to 40 s…");
  return startGateway({
    dataDir: settings.dataDir,
    apiUrl,
    signing: {
      secret,
      ...(settings.jwtIssuer !== null && { issuer: settings.jwtIssuer }),
      ...(settings.jwtAudience !== null && { audience: settings.jwtAudience }),
    },
    owner: deskOwner,
    agents: [archivist],
    port: settings.gatewayPort,
    pluginPath,
    say,
    signal,
    ...(scriptedModelUrl !== undefined && { scriptedModelUrl }),
  });
}

/** Of the worker people hear what it does to their tickets; its log goes nowhere but for problems. */
function startDemoWorker(settings: Settings): Promise<RunningWorker> {
  const log = pino(
    { level: "warn", messageKey: "message" },
    { write: (line: string) => console.error((JSON.parse(line) as { message?: string }).message) },
  );
  return startWorker({ settings, log });
}

async function startDemoApi(settings: Settings, say: (line: string) => void): Promise<RunningApi> {
  // People read the story; the log goes where DISPATCH_LOG_SINK_PATH says, and problems to stderr.
  const log = pino(
    { level: "info", messageKey: "message" },
    {
      write: (line: string) => {
        const entry = JSON.parse(line) as { level: number; message?: string; host?: string; status?: number };
        const aboutRequest = entry.status !== undefined || entry.host !== undefined;
        if (aboutRequest || !entry.message) return;
        if (entry.level >= 40) console.error(entry.message);
        else say(entry.message);
      },
    },
  );
  try {
    return await startApi({ settings, log });
  } catch (error) {
    if (!(error instanceof CannotListen) || settings.apiPort === 0) throw error;
    say(`${messageOf(error)} Taking a free port instead.`);
    return startApi({ settings: { ...settings, apiPort: 0 }, log });
  }
}
