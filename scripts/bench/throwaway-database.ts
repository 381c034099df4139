// A database of its own on the benchmark's server, and what an API process needs to run on it.

import { randomUUID } from "node:crypto";
import pg from "pg";
import { migrate } from "../../dispatch/db/migrate.ts";
import { seedPlaces } from "./seed.ts";

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
