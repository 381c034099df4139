// Brings a database to the schema this code was written for, and tells whether it is there.
// Forward only. Any number of processes may do it at once: one works, the others wait.
import { join } from "node:path";
import pg, { type ClientBase } from "pg";
import { MigrationError, reasonOf } from "./migrate/error.ts";
import { readMigrations } from "./migrate/files.ts";
import { requireRightsToCreate, requireUsableServer } from "./migrate/preconditions.ts";
import { runFiles } from "./migrate/run-files.ts";
import { appliedMigrations, pendingMigrations } from "./migrate/schema-version.ts";

export { MigrationError, type MigrationErrorCode } from "./migrate/error.ts";

/** Where the migrations of this release are. */
export const migrationsFolder = join(import.meta.dirname, "migrations");

const connectWithinMs = 10_000;

export type MigrateOptions = {
  databaseUrl: string;
  /** Receives one short sentence per migration. */
  log: (message: string) => void;
  /** Folder of `0001_what_it_does.sql` files; this release's own by default. */
  folder?: string;
  /** Name of the last migration to run; the newest by default. */
  upTo?: string;
  /** How often to try for a table another session holds, half a second apart; about a minute in all by default. */
  tries?: number;
};

export type MigrationResult = {
  /** Names of the migrations this call ran, in order; empty when there was nothing to do. */
  applied: string[];
  /** Name of the database's newest migration, or "none". */
  version: string;
  /** The folder the migrations came from. */
  path: string;
};

/**
 * Runs the pending migrations as the URL's user, each in a transaction of its own.
 * @throws {MigrationError} saying what is wrong and what to do; a failed migration leaves nothing of itself behind.
 */
export async function migrate({
  databaseUrl,
  log,
  folder = migrationsFolder,
  upTo,
  tries,
}: MigrateOptions): Promise<MigrationResult> {
  const all = await readMigrations(folder);
  const files = upTo === undefined ? all : all.slice(0, all.findIndex(({ name }) => name === upTo) + 1);
  if (files.length === 0)
    throw new MigrationError(
      "schema_newer",
      `This release does not know the schema ${upTo}: take the release that made it, or a newer one.`,
    );
  const client = await connect(databaseUrl);
  try {
    const server = await requireUsableServer(client);
    const before = await appliedMigrations(client);
    const pending = await pendingMigrations(client, before, files);
    if (pending.length > 0 && before.length === 0) await requireRightsToCreate(client, server);
    const applied =
      pending.length === 0 ? [] : await runFiles(client, files, { folder, log, ...(tries !== undefined && { tries }) });
    return { applied, version: await schemaVersion(client), path: folder };
  } finally {
    await client.end();
  }
}

/** Name of the newest migration a database has had, or "none". */
export async function schemaVersion(client: ClientBase): Promise<string> {
  return (await appliedMigrations(client)).at(-1) ?? "none";
}

/**
 * For the start of the API and the worker, which must not run on another schema than their own, or one that says of
 * itself that their code works on it.
 * @throws {MigrationError} `schema_older` or `schema_newer`.
 */
export async function assertSchemaCurrent(client: ClientBase, folder = migrationsFolder): Promise<void> {
  const applied = await appliedMigrations(client);
  const pending = await pendingMigrations(client, applied, await readMigrations(folder));
  if (pending.length === 0) return;
  throw new MigrationError(
    "schema_older",
    `The database is at version ${applied.at(-1) ?? "none"} and lacks ${pending.join(", ")}: run the migrations first.`,
  );
}

async function connect(databaseUrl: string): Promise<pg.Client> {
  let client: pg.Client;
  try {
    client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: connectWithinMs });
  } catch (cause) {
    throw new MigrationError(
      "bad_url",
      "The database URL is not one: expected postgresql://user:password@host:port/database.",
      { cause },
    );
  }
  // Without a listener a connection lost between two queries would end the process.
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (cause) {
    const where = `database ${client.database ?? ""} at ${client.host}:${client.port}`;
    throw new MigrationError("unreachable", `Cannot connect to ${where}: ${reasonOf(cause)}.`, { cause });
  }
}
