// What the processes and Postgres hold while the soak runs, looked at every few seconds.

import type pg from "pg";
import { round } from "../measure.ts";
import { openHandles, residentMiB } from "../process-figures.ts";
import type { Role, SoakProcess } from "./processes.ts";

export type ProcessSample = {
  readonly name: string;
  readonly role: Role;
  readonly age_seconds: number;
  readonly memory_mib: number | null;
  /** What the JavaScript heap holds, garbage included; null for a worker, which has no port to ask. */
  readonly heap_mib: number | null;
  readonly handles: number | null;
};

export type Sample = {
  readonly at_seconds: number;
  readonly commands: number;
  readonly processes: readonly ProcessSample[];
  /** By what the connection calls itself; none of the soak's own. */
  readonly connections: Readonly<Record<string, number>>;
  readonly database_mib: number;
  readonly dead_rows: number;
};

/** How the soak's own connections call themselves. */
export const soakApplication = "dispatch-bench-soak";

const selectConnections = `
  SELECT application_name AS name, count(*)::int AS n FROM pg_stat_activity
  WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> $1
  GROUP BY application_name`;

const selectSize = `
  SELECT pg_database_size(current_database())::float8 / 1048576 AS mib,
         (SELECT coalesce(sum(n_dead_tup), 0)::float8 FROM pg_stat_user_tables) AS dead`;

/** Looks once. */
export async function takeSample(
  owner: pg.Client,
  processes: readonly SoakProcess[],
  since: number,
  commands: number,
): Promise<Sample> {
  const looked = await Promise.all(processes.map(lookAt));
  const connections = await connectionsOf(owner);
  const { rows } = await owner.query<{ mib: number; dead: number }>(selectSize);
  return {
    at_seconds: round((performance.now() - since) / 1000, 1),
    commands,
    processes: looked.flat(),
    connections,
    database_mib: round(rows[0]?.mib ?? 0, 1),
    dead_rows: rows[0]?.dead ?? 0,
  };
}

/** How many connections there are to the database, by their names, without the soak's own. */
export async function connectionsOf(owner: pg.Client): Promise<Record<string, number>> {
  const { rows } = await owner.query<{ name: string; n: number }>(selectConnections, [soakApplication]);
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
}

async function lookAt(one: SoakProcess): Promise<ProcessSample[]> {
  const { name, role, running, ageSeconds } = one;
  if (!running) return [];
  const [memory, heap, handles] = await Promise.all([
    residentMiB(running.pid),
    running.url === null ? null : heapMiB(running.url),
    openHandles(running.pid),
  ]);
  return [{ name, role, age_seconds: round(ageSeconds, 0), memory_mib: memory, heap_mib: heap, handles }];
}

/** Null when it dies over the question. */
async function heapMiB(url: string): Promise<number | null> {
  try {
    const response = await fetch(`${url}/metrics`, { headers: { Accept: "text/plain" } });
    const bytes = /^nodejs_heap_size_used_bytes (\S+)$/m.exec(await response.text())?.[1];
    return bytes === undefined ? null : round(Number(bytes) / 1_048_576, 1);
  } catch {
    return null;
  }
}
