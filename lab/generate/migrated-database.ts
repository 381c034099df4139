// A database that all migrations made, for as long as it is read: on a throw-away embedded server, or on the one in
// DISPATCH_TEST_DATABASE_URL where no embedded server runs.

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { migrate } from "../../dispatch/db/migrate.ts";

export async function onMigratedDatabase<T>(read: (client: pg.Client) => Promise<T>): Promise<T> {
  const given = process.env["DISPATCH_TEST_DATABASE_URL"];
  return given ? onOwnDatabase(given, read) : onThrowAwayServer(read);
}

async function onThrowAwayServer<T>(read: (client: pg.Client) => Promise<T>): Promise<T> {
  await using ends = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-schema-"));
  ends.defer(() => rm(dataDir, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings: { fsync: "off" } });
  ends.defer(() => server.stop());
  return await migrated(server.url, read);
}

async function onOwnDatabase<T>(serverUrl: string, read: (client: pg.Client) => Promise<T>): Promise<T> {
  const name = `dispatch_schema_${randomUUID().slice(0, 8)}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await connected(serverUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  try {
    return await migrated(url.href, read);
  } finally {
    await connected(serverUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  }
}

async function migrated<T>(url: string, read: (client: pg.Client) => Promise<T>): Promise<T> {
  await migrate({ databaseUrl: url, log: () => undefined });
  return connected(url, read);
}

async function connected<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
