// A fresh, migrated database for a test file, copied from the run's template.
import { randomBytes } from "node:crypto";
import { after } from "node:test";
import pg from "pg";

/** Set by global-setup.ts for the test files. */
export const serverUrlVariable = "DISPATCH_TEST_SERVER_URL";
export const templateVariable = "DISPATCH_TEST_TEMPLATE";

/** First keys of the advisory locks of a test server, in the server URL's database. */
export const runLock = 0x64736e;
const copyLock = 0x64736f;

export type TestDatabase = {
  /** For `pg`, as the schema's owner. */
  url: string;
  /** Drops the database, closing whatever is still connected. May be called again. */
  drop(): Promise<void>;
};

/**
 * Copies the template. The database is dropped when `t` ends; without `t`, when the file
 * (or the test that calls this) does.
 * @throws {Error} when the tests were started without global-setup.ts.
 */
export async function createTestDatabase(t?: { after(fn: () => Promise<void>): void }): Promise<TestDatabase> {
  const template = variable(templateVariable);
  // 15 ms against the 130 ms of copying through the WAL, measured without fsync.
  return await createDatabase(`TEMPLATE ${template} STRATEGY file_copy`, t);
}

/** Copies another test database, to which nobody may be connected; dropped like it. */
export async function copyTestDatabase(
  source: TestDatabase,
  t?: { after(fn: () => Promise<void>): void },
): Promise<TestDatabase> {
  return await createDatabase(`TEMPLATE ${new URL(source.url).pathname.slice(1)} STRATEGY file_copy`, t);
}

/** An empty database on the run's server, without the migrations; dropped like the other. */
export async function createEmptyDatabase(t?: { after(fn: () => Promise<void>): void }): Promise<TestDatabase> {
  return await createDatabase("", t);
}

/** `url` with another database in it. */
export function databaseUrl(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

async function createDatabase(
  clause: string,
  t: { after(fn: () => Promise<void>): void } | undefined,
): Promise<TestDatabase> {
  const serverUrl = variable(serverUrlVariable);
  const name = variable(templateVariable).replace(/template$/, randomBytes(6).toString("hex"));
  await onServer(serverUrl, async (client) => {
    // A template may have one copier at a time.
    await client.query("SELECT pg_advisory_lock($1, 0)", [copyLock]);
    await client.query(`CREATE DATABASE ${name} ${clause}`);
  });
  let dropped: Promise<void> | undefined;
  const drop = (): Promise<void> =>
    (dropped ??= onServer(serverUrl, async (client) => {
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    }));
  if (t === undefined) after(drop);
  else t.after(drop);
  return { url: databaseUrl(serverUrl, name), drop };
}

async function onServer(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function variable(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error("Start the tests with pnpm test: there is no database server.");
}
