// The state of a stack, read from outside it: what its supervisor wrote, compared with the processes that are really there
// and with what they answer.

import type { Settings } from "../../process/settings.ts";
import { crashLoopAt } from "./back-off.ts";
import { stackFolderOf } from "./folder.ts";
import { apiHealth, gatewayHealth, noAnswer, postgresHealth, workerHealth, type Health } from "./health.ts";
import { isAlive } from "./process-identity.ts";
import { isStopped, stoppedOf } from "./stopped-processes.ts";
import { readStackRecord, type ServiceRecord, type StackRecord } from "./state.ts";

export type ServiceStatus = {
  readonly name: string;
  /** crash-loop: it keeps ending soon after its start. lost: its supervisor is gone. */
  readonly state: ServiceRecord["state"] | "crash-loop" | "lost";
  readonly pid: number | null;
  readonly uptime_seconds: number | null;
  readonly restarts: number;
  /** ok, or what is wrong; null where there is nobody to ask. */
  readonly health: Health | null;
  /** Of its processes those that a signal stopped; SIGCONT has them go on. */
  readonly stopped_pids: readonly number[];
  readonly url: string | null;
  readonly last_end: string | null;
  readonly log: string;
};

export type StackStatus = {
  /** down: nothing was started. lost: the supervisor was killed. */
  readonly state: "up" | "starting" | "degraded" | "lost" | "down";
  readonly supervisor_pid: number | null;
  /** A signal stopped it: the parts run on, and nobody watches them. */
  readonly supervisor_stopped: boolean;
  readonly uptime_seconds: number | null;
  /** Why the token secret on disk is not the one the parts use; null where it is. */
  readonly secret_unusable: string | null;
  readonly services: readonly ServiceStatus[];
};

/** Asks every process at the same time; takes three seconds where one hangs. */
export async function stackStatus(settings: Settings): Promise<StackStatus> {
  const record = readStackRecord(stackFolderOf(settings.dataDir));
  if (record === null)
    return {
      state: "down",
      supervisor_pid: null,
      supervisor_stopped: false,
      uptime_seconds: null,
      secret_unusable: null,
      services: [],
    };
  const supervised = await isAlive(record.supervisor);
  const supervisorStopped = supervised && (await isStopped(record.supervisor.pid));
  const services = await Promise.all(
    record.services.map((service) => serviceStatus(service, record, settings, supervised)),
  );
  // A supervisor of an earlier release says nothing of it.
  const secretUnusable = record.secretUnusable ?? null;
  const wellAll =
    !supervisorStopped &&
    secretUnusable === null &&
    services.every(({ state, health }) => state === "running" && health === "ok");
  return {
    state: !supervised ? "lost" : !record.ready ? "starting" : wellAll ? "up" : "degraded",
    supervisor_pid: supervised ? record.supervisor.pid : null,
    supervisor_stopped: supervisorStopped,
    uptime_seconds: supervised ? secondsSince(record.startedAt) : null,
    secret_unusable: secretUnusable,
    services,
  };
}

async function serviceStatus(
  service: ServiceRecord,
  record: StackRecord,
  settings: Settings,
  supervised: boolean,
): Promise<ServiceStatus> {
  const { name, restarts, url, lastEnd, log, since } = service;
  const process = service.process !== null && (await isAlive(service.process)) ? service.process : null;
  const databaseUrl = record.embeddedUrl ?? settings.databaseUrl;
  const stopped = process === null ? [] : await stoppedOf(process.pid);
  return {
    name,
    state: !supervised ? "lost" : isLooping(service) ? "crash-loop" : service.state,
    pid: process?.pid ?? null,
    uptime_seconds: process === null || since === null ? null : secondsSince(since),
    restarts,
    health: process === null ? null : await healthOf(service, process.pid, stopped, databaseUrl),
    stopped_pids: stopped,
    url,
    last_end: lastEnd,
    log,
  };
}

const isLooping = ({ state, failures }: ServiceRecord): boolean =>
  failures >= crashLoopAt && (state === "waiting" || state === "starting");

async function healthOf(
  { name, url, silentSince }: ServiceRecord,
  pid: number,
  stopped: readonly number[],
  databaseUrl: string | null,
): Promise<Health> {
  if (stopped.includes(pid)) return "stopped by a signal";
  if (stopped.length > 0) return `${stopped.length} of its processes stopped by a signal`;
  // Nobody but its supervisor can ask a worker.
  if (name.startsWith("worker-") && silentSince) return `${noAnswer} for ${secondsSince(silentSince)} s`;
  if (name === "api" && url !== null) return apiHealth(url);
  if (name === "gateway" && url !== null) return gatewayHealth(url);
  if (databaseUrl === null) return "cannot ask Postgres: DISPATCH_DATABASE_URL is not set";
  return name === "postgres" ? postgresHealth(databaseUrl) : workerHealth(databaseUrl, pid);
}

const secondsSince = (moment: string): number => Math.max(0, Math.round((Date.now() - Date.parse(moment)) / 1000));
