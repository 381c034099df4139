// A Postgres for a benchmark alone, a database on it, and what an API process needs to run there.

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { migrate } from "../../dispatch/db/migrate.ts";
import { seedPlaces } from "./seed.ts";

/** Starts a Postgres in a data folder of its own; both are gone with `ends`. */
export async function throwawayServer(
  ends: AsyncDisposableStack,
  log: (line: string) => void,
): Promise<{ readonly url: string; readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-bench-"));
  ends.defer(() => rm(folder, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ dataDir: folder, log });
  ends.defer(() => server.stop());
  return { url: server.url, folder };
}

/** Makes a database with the schema and the place the benchmarks use. @returns its address */
export async function newDatabase(serverUrl: string): Promise<string> {
  const name = `bench_${randomUUID().slice(0, 8)}`;
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await migrate({ databaseUrl: url.href, log: () => undefined });
  await seedPlaces(url.href);
  return url.href;
}

export const environmentOf = (database: string, folder: string) => ({
  DISPATCH_DATABASE_URL: database,
  DISPATCH_DATA_DIR: folder,
  DISPATCH_API_PORT: "0",
  DISPATCH_METRICS_PORT: "0",
  DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
  DISPATCH_DB_POOL_MAX: "16",
});
