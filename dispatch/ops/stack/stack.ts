// A whole stack on this machine: Postgres, API, workers and gateway, each a process that is watched, started again when
// it ends, and gone with the supervisor, however that ends. Programs start one here; `pnpm dispatch:stack:up` wraps it.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { urlOf } from "../../api/listen.ts";
import { tryLock, type FolderLock } from "../../db/embedded/lock.ts";
import type { Settings } from "../../process/settings.ts";
import { environmentWithout, fileVariable } from "../../process/settings/setting.ts";
import { settingsList } from "../../process/settings/settings-list.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { stateFolderOf } from "../gateway/state-folder.ts";
import { makeStackFolder, supervisorName, type StackFolder } from "./folder.ts";
import { gatewayPlan } from "./gateway-plan.ts";
import { KeptRecord } from "./kept-record.ts";
import { endLeftovers } from "./leftovers.ts";
import { apiPlan, workerPlan } from "./node-plan.ts";
import { settlePorts, type StackPorts } from "./ports.ts";
import { postgresPlan, type EmbeddedUrls } from "./postgres-plan.ts";
import { identityOf, type ProcessIdentity } from "./process-identity.ts";
import { keepLogsInPlace } from "../../process/deleted-log.ts";
import { keepLogsBounded } from "../../process/rotate-log.ts";
import { withConnections } from "../../process/configured-database.ts";
import { makeLogKey, ownKeyFile } from "../../transparency/log-key.ts";
import { readHead } from "../../transparency/log-rows.ts";
import { ensureSecretFile, jwtSecretFile } from "./secret-file.ts";
import { SecretsInUse, watchSecret } from "./secret-watch.ts";
import { readStackRecord, removeStackRecord, writeStackRecord, type ServiceRecord } from "./state.ts";
import { SupervisedService, type ServicePlan } from "./supervised-service.ts";

export type StackOptions = {
  readonly settings: Settings;
  /** What API and workers inherit; this process's by default. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly workers: number;
  readonly withGateway: boolean;
  /** The module of a stand-in for a model that answers the gateway's chat without a key; none by default. */
  readonly standInModel?: string | null;
  /** Receives one short sentence per step, and per end of a process. */
  readonly say: (line: string) => void;
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal;
};

export type Stack = {
  /** Of the API. */
  readonly url: string;
  /** As an operator's command has it: on the stack's own Postgres the owner's. */
  readonly databaseUrl: string;
  readonly folder: StackFolder;
  /** How each process stands now, in the order of their start. */
  services(): readonly ServiceRecord[];
  /** The process of this name, to be killed or paused; null while there is none. */
  pidOf(name: string): number | null;
  /** Ends everything in order; bounded. May be called again. */
  stop(): Promise<void>;
};

/**
 * Starts a stack; once this resolves all of it is ready, but a gateway that did not start: that is tried again.
 * @throws CommandFailure when one runs in the folder already, a port is taken, or a part does not start; nothing runs then
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const folder = await makeStackFolder(options.settings.dataDir);
  const lock = tryLock(folder.lock);
  if (lock === undefined) throw alreadyRuns(folder);
  try {
    const left = readStackRecord(folder);
    if (left !== null) await endLeftovers(left, options.say);
    const ports = await settlePorts(options.settings, options.withGateway);
    const supervisor = await identityOf(process.pid);
    if (supervisor === null)
      throw new CommandFailure(
        "This system does not tell when a process was started; a stack needs that to know its own.",
      );
    return await new RunningStack(options, { folder, lock, ports, supervisor }).start();
  } catch (error) {
    lock.release();
    throw error;
  }
}

function alreadyRuns(folder: StackFolder): CommandFailure {
  const pid = readStackRecord(folder)?.supervisor.pid;
  const which = pid === undefined ? "" : ` (supervisor ${pid})`;
  return new CommandFailure(
    `A stack already runs from ${folder.root}${which}. pnpm dispatch:stack:status shows it, pnpm ` +
      "dispatch:stack:down ends it; set DISPATCH_DATA_DIR to another folder for a second one.",
  );
}

type Ground = {
  readonly folder: StackFolder;
  readonly lock: FolderLock;
  readonly ports: StackPorts;
  readonly supervisor: ProcessIdentity;
};

class RunningStack implements Stack {
  readonly url: string;
  readonly folder: StackFolder;
  readonly #options: StackOptions;
  readonly #ground: Ground;
  #startedAt = new Date().toISOString();
  readonly #services: SupervisedService[] = [];
  readonly #logs: readonly { stop(): void }[];
  readonly #record: KeptRecord;
  #embedded: EmbeddedUrls | null = null;
  #ready = false;
  #secretWatch: { stop(): void } | null = null;
  #secretUnusable: string | null = null;
  readonly #secrets = new SecretsInUse(() => this.#secret());
  #stopped: Promise<void> | undefined;

  constructor(options: StackOptions, ground: Ground) {
    const { settings, workers, withGateway } = options;
    this.#options = options;
    this.#ground = ground;
    this.folder = ground.folder;
    this.url = urlOf(settings.apiHost, ground.ports.api);
    const own = [supervisorName, "api", ...numbered(workers)].map(this.folder.log);
    this.#logs = [
      keepLogsBounded(withGateway ? [...own, stateFolderOf(settings.dataDir).output] : own),
      keepLogsInPlace(() => [
        { path: this.folder.log(supervisorName), pid: process.pid },
        ...this.services().flatMap((one) => (one.process === null ? [] : [{ path: one.log, pid: one.process.pid }])),
      ]),
    ];
    this.#record = new KeptRecord(() => this.#write(), this.#say);
  }

  get databaseUrl(): string {
    return this.#options.settings.databaseUrl ?? this.#embedded?.owner ?? "";
  }

  /** Bottom up: what stands on something else is started after it, and stopped before it. */
  async start(): Promise<Stack> {
    const { settings, withGateway, workers, signal } = this.#options;
    const { dataDir } = settings;
    // The same end is waited for below, and tells there what went wrong.
    const giveUp = () => void this.stop().catch(() => undefined);
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      signal?.throwIfAborted();
      if (this.#makesSecret) await ensureSecretFile(jwtSecretFile(dataDir));
      // Behind that: a secret that is made now was not changed while the stack ran.
      this.#startedAt = new Date().toISOString();
      if (settings.databaseUrl === null) {
        await this.#startAll([
          postgresPlan({ dataDir, say: this.#say, onUrls: (urls) => void (this.#embedded = urls) }),
        ]);
      }
      await this.#startAll([this.#secrets.remembered(apiPlan(this.#nodeOptions("api"), this.#ground.ports.api))]);
      await this.#makeLogKey();
      await this.#startAll(
        numbered(workers).map((name, at) => workerPlan(this.#nodeOptions(name), at + 1, () => this.databaseUrl)),
      );
      // The desk works without the chat: a gateway that does not start takes nothing down, and is tried again.
      if (withGateway) await this.#startAll([this.#secrets.remembered(gatewayPlan(this.#gatewayOptions()))], true);
      signal?.throwIfAborted();
      this.#followSecret();
      this.#ready = true;
      this.#record.changed();
      return this;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  services(): readonly ServiceRecord[] {
    return this.#services.map((service) => service.record());
  }

  pidOf(name: string): number | null {
    return this.services().find((service) => service.name === name)?.process?.pid ?? null;
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#end());
  }

  async #end(): Promise<void> {
    const workers = this.#services.filter(({ plan }) => plan.name.startsWith("worker-"));
    for (const stage of [this.#named("gateway"), workers, this.#named("api"), this.#named("postgres")]) {
      await Promise.all(stage.map((service) => service.stop()));
    }
    for (const kept of this.#logs) kept.stop();
    this.#secretWatch?.stop();
    this.#record.close();
    removeStackRecord(
      this.folder,
      this.#services.map(({ plan }) => plan.name),
    );
    this.#ground.lock.release();
  }

  /** What workers sign the log with, on a stack that has everything to itself; behind the API, which has brought the schema. */
  async #makeLogKey(): Promise<void> {
    const { settings } = this.#options;
    if (settings.databaseUrl !== null || settings.logKeyFile !== null) return;
    const { dbStatementTimeoutMs: statementTimeoutMs, dbLockTimeoutMs: lockTimeoutMs } = settings;
    const connecting = { name: "dispatch-stack", statementTimeoutMs, lockTimeoutMs, log: this.#say };
    const { origin } = await withConnections({ ...connecting, url: this.databaseUrl }, readHead);
    await makeLogKey(ownKeyFile(settings.dataDir), origin);
  }

  readonly #say = (line: string): void => this.#options.say(line);
  readonly #named = (name: string): SupervisedService[] => this.#services.filter(({ plan }) => plan.name === name);

  async #startAll(plans: readonly ServicePlan[], mayFollow = false): Promise<void> {
    // What were started now, nobody would stop.
    if (this.#stopped !== undefined) throw new CommandFailure("The start was given up.");
    const services = plans.map(
      (plan) =>
        new SupervisedService(plan, {
          changed: () => this.#record.changed(),
          say: this.#say,
          hangSeconds: this.#options.settings.stackHangSeconds,
        }),
    );
    this.#services.push(...services);
    await Promise.all(
      services.map(async (service) => {
        const begun = performance.now();
        if (!mayFollow) await service.start();
        else if (!(await service.startOrTryAgain())) return;
        this.#options.say(
          `${service.plan.name} is ready after ${((performance.now() - begun) / 1000).toFixed(1)} s` +
            `${service.plan.url === null ? "" : ` at ${service.plan.url}`}`,
        );
      }),
    );
  }

  #write(): void {
    const { folder, supervisor } = this.#ground;
    writeStackRecord(folder, {
      supervisor,
      startedAt: this.#startedAt,
      ready: this.#ready,
      embeddedUrl: this.#embedded?.owner ?? null,
      secretFile: this.#secretFile,
      secretUnusable: this.#secretUnusable,
      services: this.services(),
    });
  }

  /** An operator with token keys of their own is given no second way in, unless the gateway needs it. */
  get #makesSecret(): boolean {
    const { settings, withGateway } = this.#options;
    return settings.jwtSecret === null && (settings.jwks === null || withGateway);
  }

  /** The file that parts read the secret from at their start; null where it is no file's. */
  get #secretFile(): string | null {
    const { settings, environment = process.env } = this.#options;
    if (this.#makesSecret) return jwtSecretFile(settings.dataDir);
    const named = environment[fileVariable(settingsList.jwtSecret.variable)]?.trim();
    return named ? resolve(named) : null;
  }

  async #secret(): Promise<string> {
    const path = this.#secretFile;
    return path === null ? (this.#options.settings.jwtSecret ?? "") : (await readFile(path, "utf8")).trim();
  }

  #followSecret(): void {
    const path = this.#secretFile;
    if (path === null) return;
    this.#secretWatch = watchSecret({
      path,
      leastLength: this.#options.settings.production ? 32 : 1,
      unusable: (why) => {
        this.#secretUnusable = why;
        const rest =
          why === null ? "can be used again" : `cannot be used: ${why}. All parts go on with the one they have`;
        this.#say(`The token secret in ${path} ${rest}.`);
        this.#record.changed();
      },
      takeUp: async (secret) => {
        const behind = this.#secrets.behind([...this.#named("api"), ...this.#named("gateway")], secret);
        if (behind.length === 0) return;
        const names = behind.map(({ plan }) => plan.name).join(" and ");
        this.#say(
          `The token secret in ${path} was changed; starting again with it: ${names}. Tokens of the one before end now.`,
        );
        for (const service of behind) await service.restart("was started again for a changed token secret");
      },
      failed: (why) =>
        this.#say(`The token secret in ${path} could not be taken up: ${why}. It is tried again at the next look.`),
    });
  }

  #nodeOptions(name: string) {
    const { settings } = this.#options;
    return { settings, log: this.folder.log(name), say: this.#say, environment: () => this.#environment() };
  }

  #gatewayOptions() {
    const { settings, environment = process.env, standInModel = null } = this.#options;
    return {
      settings,
      standInModel,
      port: this.#ground.ports.gateway ?? 0,
      apiUrl: this.url,
      secret: () => this.#secret(),
      environment,
      say: this.#say,
    };
  }

  /** They attach to the stack's Postgres with a login of their own, and neither start nor own one. */
  #environment(): Record<string, string> {
    const { settings, environment = process.env } = this.#options;
    const { ports } = this.#ground;
    const { databaseUrl, jwtSecret, dataDir, apiPort, metricsPort } = settingsList;
    const given = [dataDir, apiPort, metricsPort, ...(this.#embedded === null ? [] : [databaseUrl])];
    return {
      ...environmentWithout(given, environment),
      [dataDir.variable]: settings.dataDir,
      [apiPort.variable]: String(ports.api),
      [metricsPort.variable]: String(ports.metrics),
      ...(this.#embedded !== null && { [databaseUrl.variable]: this.#embedded.service }),
      ...(this.#makesSecret && { [fileVariable(jwtSecret.variable)]: jwtSecretFile(settings.dataDir) }),
    };
  }
}

const numbered = (workers: number): string[] => Array.from({ length: workers }, (_, at) => `worker-${at + 1}`);
