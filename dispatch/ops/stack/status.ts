// The state of a stack, read from outside it: what its supervisor wrote, compared with the processes that are really there
// and with what they answer.

import type { Settings } from "../../process/settings.ts";
import { crashLoopAt } from "./back-off.ts";
import { stackFolderOf } from "./folder.ts";
import { apiHealth, gatewayHealth, postgresHealth, workerHealth, type Health } from "./health.ts";
import { isAlive } from "./process-identity.ts";
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
  readonly url: string | null;
  readonly last_end: string | null;
  readonly log: string;
};

export type StackStatus = {
  /** down: nothing was started. lost: the supervisor was killed. */
  readonly state: "up" | "starting" | "degraded" | "lost" | "down";
  readonly supervisor_pid: number | null;
  readonly uptime_seconds: number | null;
  readonly services: readonly ServiceStatus[];
};

/** Asks every process at the same time; takes a few seconds where one hangs. */
export async function stackStatus(settings: Settings): Promise<StackStatus> {
  const record = readStackRecord(stackFolderOf(settings.dataDir));
  if (record === null) return { state: "down", supervisor_pid: null, uptime_seconds: null, services: [] };
  const supervised = await isAlive(record.supervisor);
  const services = await Promise.all(
    record.services.map((service) => serviceStatus(service, record, settings, supervised)),
  );
  const wellAll = services.every(({ state, health }) => state === "running" && health === "ok");
  return {
    state: !supervised ? "lost" : !record.ready ? "starting" : wellAll ? "up" : "degraded",
    supervisor_pid: supervised ? record.supervisor.pid : null,
    uptime_seconds: supervised ? secondsSince(record.startedAt) : null,
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
  return {
    name,
    state: !supervised ? "lost" : isLooping(service) ? "crash-loop" : service.state,
    pid: process?.pid ?? null,
    uptime_seconds: process === null || since === null ? null : secondsSince(since),
    restarts,
    health: process === null ? null : await healthOf(service, process.pid, record.embeddedUrl ?? settings.databaseUrl),
    url,
    last_end: lastEnd,
    log,
  };
}

const isLooping = ({ state, failures }: ServiceRecord): boolean =>
  failures >= crashLoopAt && (state === "waiting" || state === "starting");

async function healthOf({ name, url }: ServiceRecord, pid: number, databaseUrl: string | null): Promise<Health> {
  if (name === "api" && url !== null) return apiHealth(url);
  if (name === "gateway" && url !== null) return gatewayHealth(url);
  if (databaseUrl === null) return "cannot ask Postgres: DISPATCH_DATABASE_URL is not set";
  return name === "postgres" ? postgresHealth(databaseUrl) : workerHealth(databaseUrl, pid);
}

const secondsSince = (moment: string): number => Math.max(0, Math.round((Date.now() - Date.parse(moment)) / 1000));

/** For a terminal. */
export function statusTable({ state, supervisor_pid, services }: StackStatus, dataDir: string): string {
  if (state === "down") return `No stack runs from ${dataDir}. pnpm dispatch:stack:up starts one.`;
  const head =
    state === "lost"
      ? "The supervisor was killed; pnpm dispatch:stack:up starts a new one, pnpm dispatch:stack:down cleans up."
      : `Stack ${state}, supervisor ${supervisor_pid ?? "unknown"}, data in ${dataDir}`;
  const rows = services.map((one) => [
    one.name,
    one.state,
    String(one.pid ?? "-"),
    uptime(one.uptime_seconds),
    String(one.restarts),
    one.health ?? "-",
    one.url ?? "-",
  ]);
  const table = [["NAME", "STATE", "PID", "UPTIME", "RESTARTS", "HEALTH", "URL"], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const ends = services.flatMap(({ name, last_end: end }) =>
    end === null ? [] : [`${name} last ${end.split("\n")[0]}`],
  );
  return [head, "", ...lines, ...(ends.length === 0 ? [] : ["", ...ends])].join("\n");
}

function uptime(seconds: number | null): string {
  if (seconds === null) return "-";
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
