// The real OpenClaw gateway with Dispatch's plugin, on this machine's loopback: set up in its own folder, started, waited
// for, restarted, stopped. It ends with the process that started it.

import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { tryLock, type FolderLock } from "../../db/embedded/lock.ts";
import { configurationFor, speaksForAnybody, type Signing } from "./configuration.ts";
import { GatewayError } from "./error.ts";
import { freePort, isFree } from "./free-port.ts";
import type { ChannelPerson, GatewayAgent, GrantedPerson } from "./granted-person.ts";
import { spawnGateway, waitUntilReady } from "./gateway-start.ts";
import { chooseModel, type ModelChoice } from "./model-choice.ts";
import { opens } from "./readiness.ts";
import {
  addressIn,
  makeStateFolder,
  readConfiguration,
  readWritten,
  writeConfiguration,
  writeWritten,
  type StateFolder,
  type Written,
} from "./state-folder.ts";
import { endWithin, type Exit, type WatchedProcess } from "./watched-process.ts";

const defaultPort = 18_080;
const endsWithinMs = 15_000;
const orphanEndsWithinMs = 20_000;
const startTries = 3;

export type GatewayOptions = {
  /** Dispatch's data folder; the gateway keeps to `openclaw` in it. */
  readonly dataDir: string;
  readonly apiUrl: string;
  /** What the API verifies tokens with. */
  readonly signing: Signing;
  /** Who speaks from the dashboard; null for nobody until one is configured. */
  readonly owner: GrantedPerson | null;
  readonly people?: readonly ChannelPerson[];
  /** Agents beside the desk's, for a first start; none by default. */
  readonly agents?: readonly GatewayAgent[];
  /** The folder of the built plugin. */
  readonly pluginPath: string;
  /** Where the scripted stand-in for a model listens, for example http://127.0.0.1:4000. */
  readonly scriptedModelUrl?: string;
  /** Preferred for a first start; 18080 by default, 0 for any free one. A later start keeps its port while it is free. */
  readonly port?: number;
  /** This port and no other, whatever was configured before. */
  readonly fixedPort?: number;
  /** For a first start; loopback by default. */
  readonly bind?: "loopback" | "lan";
  /** From which the few variables named in openclaw-program.ts are handed on; this process's by default. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Receives one short sentence per step. */
  readonly say: (line: string) => void;
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal;
};

export type Gateway = {
  readonly url: string;
  readonly token: string;
  /** Opens the dashboard logged in: anybody who has it acts as the owner. */
  readonly dashboardUrl: string;
  readonly port: number;
  readonly pid: number;
  readonly model: ModelChoice;
  /** Whether the plugin speaks for anybody: an owner or people are configured. */
  readonly speaksForAnybody: boolean;
  readonly folder: StateFolder;
  /** From the spawn to the plugin's first answer, in ms. */
  readonly readyAfterMs: number;
  /** Resolves when the process is gone, for whatever reason. */
  readonly ended: Promise<Exit>;
  /** Restarts it within its process and waits until it runs tools again. @throws {GatewayError} ended, not_ready or plugin_missing */
  restart(): Promise<void>;
  /** Ends it: asked first, made to after 15 s. May be called again. */
  stop(): Promise<void>;
};

/**
 * Starts a gateway, or a further time the one that was set up in the folder: its token, state and the user's changes stay.
 * @throws {GatewayError} already_running, not_installed, configuration, ended, too_slow, not_ready, plugin_missing; the signal's reason
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const folder = await makeStateFolder(options.dataDir);
  const lock = tryLock(folder.lock);
  if (lock === undefined) throw await alreadyRunning(folder);
  try {
    return await startUnderLock(options, folder, lock);
  } catch (cause) {
    lock.release();
    throw cause;
  }
}

async function startUnderLock(options: GatewayOptions, folder: StateFolder, lock: FolderLock): Promise<Gateway> {
  const { environment = process.env, say, scriptedModelUrl = null } = options;
  const standing = await readConfiguration(folder);
  const written = await readWritten(folder);
  const address = addressIn(standing);
  await waitForOrphan(folder, written, address, say);
  const port = options.fixedPort ?? (await freePort(address.port ?? options.port ?? defaultPort));
  if (options.fixedPort === undefined && address.port !== null && port !== address.port)
    say(`Port ${address.port} is taken; the gateway moves to ${port}.`);
  const token = address.token ?? randomBytes(32).toString("base64url");
  const model = chooseModel(standing, written.model, environment, scriptedModelUrl);
  const { pluginPath, apiUrl, signing, owner, people = [], agents = [] } = options;
  const facts = {
    folder,
    port,
    token,
    pluginPath,
    apiUrl,
    signing,
    owner,
    people,
    agents,
    model,
    scriptedUrl: scriptedModelUrl,
    ...(options.bind && { bind: options.bind }),
  };
  const configuration = configurationFor(facts, standing, written);
  await writeConfiguration(folder, configuration);

  const url = `http://127.0.0.1:${port}`;
  const { signal } = options;
  const started = await withFurtherTries(say, async () => {
    const begun = performance.now();
    const child = await spawnGateway(folder, environment);
    try {
      await writeWritten(folder, { pluginPath, model: model.model ?? written.model, pid: child.pid, port });
      await waitUntilReady({ url, token, folder, ended: child.ended, say, ...(signal && { signal }) });
      return { child, readyAfterMs: Math.round(performance.now() - begun) };
    } catch (cause) {
      await endWithin(child, endsWithinMs);
      throw cause;
    }
  });
  void started.child.ended.then(() => lock.release());
  return running({
    ...started,
    url,
    token,
    port,
    model,
    speaksForAnybody: speaksForAnybody(configuration),
    folder,
    say,
  });
}

/**
 * Runs a start, and up to twice more where it was the machine that was too busy for it.
 * @throws {GatewayError} what the last try ended with
 */
export async function withFurtherTries<T>(say: (line: string) => void, start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (cause) {
      if (!(cause instanceof GatewayError && cause.code === "too_slow") || tries === startTries) throw cause;
      say("The OpenClaw gateway gave up its start, since this machine is busy; starting it once more…");
    }
  }
}

type Started = Pick<Gateway, "url" | "token" | "port" | "model" | "speaksForAnybody" | "folder" | "readyAfterMs"> & {
  readonly child: WatchedProcess;
  readonly say: (line: string) => void;
};

function running({ child, say, ...gateway }: Started): Gateway {
  let stopping: Promise<void> | undefined;
  return {
    ...gateway,
    dashboardUrl: `${gateway.url}/#token=${gateway.token}`,
    pid: child.pid,
    ended: child.ended,
    restart: async () => {
      const begunAfter = performance.now();
      // The signal that `openclaw gateway restart` sends.
      child.kill("SIGUSR2");
      await waitUntilReady({ ...gateway, ended: child.ended, say, begunAfter });
    },
    stop: () => (stopping ??= endWithin(child, endsWithinMs)),
  };
}

/**
 * The lock is free, yet a gateway of this folder is there: its starter was killed a moment ago and it is on its way down,
 * or somebody started it by hand, and then its configuration is not ours to change.
 */
async function waitForOrphan(
  folder: StateFolder,
  { pid }: Written,
  { port, token }: ReturnType<typeof addressIn>,
  say: (line: string) => void,
): Promise<void> {
  if (port === null || token === null) return;
  const givenUpAt = performance.now() + orphanEndsWithinMs;
  for (let told = false; ; told = true) {
    const answers = await opens(`http://127.0.0.1:${port}`, token);
    // One that has stopped answering may hold the port for some seconds more.
    const holds = pid !== null && isAlive(pid) && !(await isFree(port));
    if (!answers && !holds) return;
    if (performance.now() > givenUpAt) {
      if (answers) throw await alreadyRunning(folder);
      return;
    }
    if (!told) say(`A gateway of this folder is still there, on port ${port}; waiting for it to end…`);
    await delay(200);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function alreadyRunning(folder: StateFolder): Promise<GatewayError> {
  const { pid, port } = await readWritten(folder);
  const which = pid === null ? "" : ` (process ${pid}, port ${port ?? "unknown"})`;
  return new GatewayError(
    "already_running",
    `A gateway already runs from ${folder.root}${which}. Use that one, end it first, or set DISPATCH_DATA_DIR to another folder.`,
  );
}
