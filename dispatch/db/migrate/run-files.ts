// Runs migration files one after the other, each whole or not at all, without making the desk wait: a migration that
// cannot have a table at once lets everybody pass and tries again.
import { setTimeout as delay } from "node:timers/promises";
import pg, { type ClientBase } from "pg";
import { lineOf, MigrationError, reasonOf } from "./error.ts";
import { oldestWorking, type MigrationFile } from "./files.ts";
import { migrationsTable, worksFromPrefix } from "./schema-version.ts";

// Whoever waits for a table's lock makes everybody behind it wait too, so this is the longest a command is held up.
const lockTimeoutMs = 1_500;
const mostTries = 40;
const pauseMs = 500;
const turnLock = 0x64736d;
const turnPollMs = 25;

export type RunOptions = {
  folder: string;
  log: (message: string) => void;
  /** Tries for a lock somebody else holds; about a minute in all by default. */
  tries?: number;
};

/**
 * Runs what is pending of `files`.
 * @returns the names of what this call ran
 * @throws {MigrationError} `failed` naming file and line, `busy` when a table could not be had in all tries
 */
export async function runFiles(
  client: ClientBase,
  files: readonly MigrationFile[],
  { folder, log, tries = mostTries }: RunOptions,
): Promise<string[]> {
  await takeTurn(client);
  const done: string[] = [];
  for (let tried = 1; ; tried++) {
    const current: { file?: MigrationFile } = {};
    try {
      await run(client, files, folder, (file) => {
        if (current.file) done.push(current.file.name);
        current.file = file;
        log(`migrating: ${file.name}`);
      });
      if (current.file) done.push(current.file.name);
      return done;
    } catch (cause) {
      if (!isBusy(cause) || !current.file) throw migrationFailed(current.file, cause);
      // The runner leaves the failed transaction open.
      await client.query("ROLLBACK");
      if (tried === tries) throw tableBusy(current.file, cause);
      log(`${current.file.name} waits: another session holds a table it needs; nothing was changed, trying again…`);
      await delay(pauseMs);
    }
  }
}

/**
 * Only the lock tells who works. It is asked for again and again: a session that waited inside a statement would hold a
 * snapshot, and CREATE INDEX CONCURRENTLY would wait for that session while it waits for this one.
 */
async function takeTurn(client: ClientBase): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ ours: boolean }>("SELECT pg_try_advisory_lock($1) AS ours", [turnLock]);
    if (rows[0]?.ours === true) return;
    await delay(turnPollMs);
  }
}

async function run(
  client: ClientBase,
  files: readonly MigrationFile[],
  folder: string,
  onBegin: (file: MigrationFile) => void,
): Promise<void> {
  // Loaded here: it takes as long as pg, and hardly a start has anything to migrate.
  const { runner } = await import("node-pg-migrate");
  await runner({
    dbClient: client,
    direction: "up",
    dir: folder,
    ignorePattern: "(?!.*\\.sql$).*",
    schema: "public",
    migrationsTable,
    noLock: true,
    // A transaction per file, so that a fresh database and one that grew see the same ones.
    singleTransaction: false,
    logger: { info: () => {}, warn: () => {}, error: () => {} },
    migrationLoaderStrategies: [
      {
        extensions: [".sql"],
        // The library's own loader cuts a file in two at a comment that speaks of a down migration.
        loader: async () =>
          files.map((file, at) => ({
            id: file.path,
            filePaths: [file.path],
            actions: {
              up: (pgm) => {
                onBegin(file);
                if (file.inTransaction) pgm.sql(`SET LOCAL lock_timeout = '${lockTimeoutMs}ms'`);
                else pgm.noTransaction();
                pgm.sql(file.sql);
                // A file's name has letters, digits and underscores alone.
                pgm.sql(
                  `COMMENT ON TABLE public.${migrationsTable} IS '${worksFromPrefix}${oldestWorking(files.slice(0, at + 1))}'`,
                );
              },
              down: false,
            },
          })),
      },
    ],
  });
}

const isBusy = (cause: unknown): boolean => cause instanceof pg.DatabaseError && cause.code === "55P03";

function tableBusy({ name }: MigrationFile, cause: unknown): MigrationError {
  const message =
    `Migration ${name} could not have a table it needs, for about a minute: a long transaction holds it. Nothing was changed. ` +
    "SELECT pid, state, xact_start, query FROM pg_stat_activity ORDER BY xact_start shows which; end it and migrate again.";
  return new MigrationError("busy", message, { cause });
}

function migrationFailed(current: MigrationFile | undefined, cause: unknown): MigrationError {
  if (current === undefined) return new MigrationError("failed", `Migrating failed: ${reasonOf(cause)}.`, { cause });
  const line = lineOf(cause, current.sql);
  const place = line === undefined ? current.path : `${current.path}, line ${line}`;
  const undone = current.inTransaction
    ? "failed and was rolled back"
    : "failed; it ran outside a transaction, so look at what it left";
  return new MigrationError("failed", `Migration ${current.name} ${undone} (${place}): ${reasonOf(cause)}.`, { cause });
}
