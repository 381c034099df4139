// `node scripts/migrate.ts`: brings the database to this release's schema, the configured one
// or the embedded one. It must leave a server it started itself stopped again.
import { parseArgs } from "node:util";
import { EmbeddedPostgresError, startEmbeddedPostgres } from "../dispatch/db/embedded.ts";
import { migrate, MigrationError } from "../dispatch/db/migrate.ts";
import { readSettings, SettingsError } from "../dispatch/kernel/settings.ts";

const HELP = `Brings the database to the schema of this release. Safe to run again, and several at once.

Usage: node scripts/migrate.ts [--database-url URL]

  --database-url URL   the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded
                       PostgreSQL under DISPATCH_DATA_DIR (.dispatch beside package.json),
                       started for the run if it is not running
  --help               this text

Exit code: 0 done or nothing to do, 1 failed (one sentence on standard error says why), 2 wrong usage.
`;

const log = (message: string): void => console.log(message);

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const asked = readArguments(args);
  if ("wrong" in asked) {
    console.error(`${asked.wrong}\n\n${HELP}`);
    return 2;
  }
  if (asked.help === true) {
    console.log(HELP);
    return 0;
  }
  try {
    const settings = readSettings(process.env);
    const databaseUrl = asked["database-url"] || settings.databaseUrl;
    await (databaseUrl === null ? migrateEmbedded(settings.dataDir) : migrateAt(databaseUrl));
    return 0;
  } catch (cause) {
    const known = [MigrationError, EmbeddedPostgresError, SettingsError].some((kind) => cause instanceof kind);
    // Anything else is a defect, and its stack is what mends it.
    console.error(known && cause instanceof Error ? cause.message : cause);
    return 1;
  }
}

function readArguments(args: string[]): { help?: boolean; "database-url"?: string } | { wrong: string } {
  try {
    return parseArgs({ args, options: { "database-url": { type: "string" }, help: { type: "boolean" } } }).values;
  } catch (cause) {
    return { wrong: cause instanceof Error ? cause.message : String(cause) };
  }
}

async function migrateEmbedded(dataDir: string): Promise<void> {
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  try {
    await migrateAt(postgres.url);
  } finally {
    await postgres.stop();
  }
}

async function migrateAt(databaseUrl: string): Promise<void> {
  const { applied, version } = await migrate({ databaseUrl, log });
  log(applied.length === 0 ? `already at ${version}` : `now at ${version}`);
}
