// A Postgres for a benchmark alone, databases on it, and what an API process needs to run there.

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { migrate } from "../../dispatch/db/migrate.ts";
import { seedPlaces, withClient } from "./seed.ts";

export type ThrowawayServer = {
  readonly url: string;
  readonly folder: string;
  /** The postmaster's. */
  readonly pid: number;
};

/**
 * Starts a Postgres in a data folder of its own; both are gone with `ends`.
 * @param settings of the server, on top of the product's own
 */
export async function throwawayServer(
  ends: AsyncDisposableStack,
  log: (line: string) => void,
  settings: Readonly<Record<string, string>> = {},
): Promise<ThrowawayServer> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-bench-"));
  ends.defer(() => rm(folder, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ dataDir: folder, log, settings });
  ends.defer(() => server.stop());
  return { url: server.url, folder, pid: server.pid };
}

/** Makes a database with the schema and the place the benchmarks use. @returns its address */
export async function newDatabase(serverUrl: string): Promise<string> {
  const url = await createDatabase(serverUrl);
  await migrate({ databaseUrl: url, log: () => undefined });
  await seedPlaces(url);
  return url;
}

/**
 * Makes an empty database, or a copy of one to which nobody is connected.
 * @param name drawn unless given
 * @returns its address
 */
export async function createDatabase(
  serverUrl: string,
  templateUrl?: string,
  name = `bench_${randomUUID().slice(0, 8)}`,
): Promise<string> {
  const template = templateUrl === undefined ? "" : `TEMPLATE ${nameIn(templateUrl)} STRATEGY file_copy`;
  await withClient(serverUrl, (client) => client.query(`CREATE DATABASE ${name} ${template}`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export async function dropDatabase(serverUrl: string, url: string): Promise<void> {
  await withClient(serverUrl, (client) => client.query(`DROP DATABASE ${nameIn(url)} WITH (FORCE)`));
}

/** The database of an address. */
export const nameIn = (url: string): string => new URL(url).pathname.slice(1);

export const environmentOf = (database: string, folder: string) => ({
  DISPATCH_DATABASE_URL: database,
  DISPATCH_DATA_DIR: folder,
  DISPATCH_API_PORT: "0",
  DISPATCH_METRICS_PORT: "0",
  DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
  DISPATCH_DB_POOL_MAX: "16",
});
