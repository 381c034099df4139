// Brings a database to the schema this code was written for, and tells whether it is there.
// Forward only. Any number of processes may do it at once: one works, the others wait.
import { join } from "node:path";
import { runner } from "node-pg-migrate";
import pg, { type ClientBase } from "pg";
import { lineOf, MigrationError, reasonOf } from "./migrate/error.ts";
import { readMigrations, type MigrationFile } from "./migrate/files.ts";
import { requireRightsToCreate, requireUsableServer } from "./migrate/preconditions.ts";
import { appliedMigrations, MIGRATIONS_TABLE, pendingMigrations } from "./migrate/schema-version.ts";

export { MigrationError, type MigrationErrorCode } from "./migrate/error.ts";

/** Where the migrations of this release are. */
export const MIGRATIONS_FOLDER = join(import.meta.dirname, "migrations");

const CONNECT_WITHIN_MS = 10_000;

export interface MigrateOptions {
  databaseUrl: string;
  /** Receives one short sentence per migration. */
  log: (message: string) => void;
  /** Folder of `0001_what_it_does.sql` files; this release's own by default. */
  folder?: string;
}

export interface MigrationResult {
  /** Names of the migrations this call ran, in order; empty when there was nothing to do. */
  applied: string[];
  /** Name of the database's newest migration, or "none". */
  version: string;
  /** The folder the migrations came from. */
  path: string;
}

/**
 * Runs the pending migrations as the URL's user, each in a transaction of its own.
 * @throws {MigrationError} saying what is wrong and what to do; a failed migration leaves nothing of itself behind.
 */
export async function migrate({ databaseUrl, log, folder = MIGRATIONS_FOLDER }: MigrateOptions): Promise<MigrationResult> {
  const files = await readMigrations(folder);
  const client = await connect(databaseUrl);
  try {
    const server = await requireUsableServer(client);
    const before = await appliedMigrations(client);
    const pending = pendingMigrations(before, files);
    if (pending.length > 0 && before.length === 0) await requireRightsToCreate(client, server);
    const applied = pending.length === 0 ? [] : await run(client, files, folder, log);
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
 * For the start of the API and the worker, which must not run on another schema than their own.
 * @throws {MigrationError} `schema_older` or `schema_newer`.
 */
export async function assertSchemaCurrent(client: ClientBase, folder = MIGRATIONS_FOLDER): Promise<void> {
  const applied = await appliedMigrations(client);
  const pending = pendingMigrations(applied, await readMigrations(folder));
  if (pending.length === 0) return;
  throw new MigrationError(
    "schema_older",
    `The database is at version ${applied.at(-1) ?? "none"} and lacks ${pending.join(", ")}: run the migrations first.`,
  );
}

/** Only node-pg-migrate's lock tells who works: what looked pending before may be done once it is ours. */
async function run(client: ClientBase, files: MigrationFile[], folder: string, log: (message: string) => void) {
  let current: MigrationFile | undefined;
  try {
    const done = await runner({
      dbClient: client,
      direction: "up",
      dir: folder,
      ignorePattern: "(?!.*\\.sql$).*",
      schema: "public",
      migrationsTable: MIGRATIONS_TABLE,
      advisoryLockMode: "wait",
      // A transaction per file, so that a fresh database and one that grew see the same ones.
      singleTransaction: false,
      logger: { info: () => {}, warn: () => {}, error: () => {} },
      migrationLoaderStrategies: [
        {
          extensions: [".sql"],
          // The library's own loader cuts a file in two at a comment that speaks of a down migration.
          loader: async () =>
            files.map((file) => ({
              id: file.path,
              filePaths: [file.path],
              actions: {
                up: (pgm) => {
                  current = file;
                  log(`migrating: ${file.name}`);
                  pgm.sql(file.sql);
                },
                down: false,
              },
            })),
        },
      ],
    });
    return done.map(({ name }) => name);
  } catch (cause) {
    throw migrationFailed(current, cause);
  }
}

function migrationFailed(current: MigrationFile | undefined, cause: unknown): MigrationError {
  if (current === undefined) return new MigrationError("failed", `Migrating failed: ${reasonOf(cause)}.`, { cause });
  const line = lineOf(cause, current.sql);
  const place = line === undefined ? current.path : `${current.path}, line ${line}`;
  const message = `Migration ${current.name} failed and was rolled back (${place}): ${reasonOf(cause)}.`;
  return new MigrationError("failed", message, { cause });
}

async function connect(databaseUrl: string): Promise<pg.Client> {
  let client: pg.Client;
  try {
    client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  } catch (cause) {
    throw new MigrationError("bad_url", "The database URL is not one: expected postgresql://user:password@host:port/database.", { cause });
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
