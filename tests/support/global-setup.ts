// Run by run-files.ts once before all test files: one throw-away PostgreSQL, or the
// server in DISPATCH_TEST_DATABASE_URL, with one migrated template database that
// database.ts copies, and one folder for all temporary files. It must leave nothing behind, however the run ends.
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { tryLock } from "../../dispatch/db/embedded/lock.ts";
import { migrate } from "../../dispatch/db/migrate.ts";
import { databaseUrl, runLock, serverUrlVariable, templateVariable } from "./database.ts";
import { placeReadyCluster } from "./ready-cluster.ts";
import { scratchFolders } from "./scratch.ts";
import { memoryKept, throwAway } from "./server-settings.ts";

const folderPrefix = "dispatch-tests-";
const youngMs = 60_000;
let folder: string | undefined;
let server: EmbeddedPostgres | undefined;
let admin: pg.Client | undefined;
let tornDown: Promise<void> | undefined;

/** In the runner's process: the variables it sets reach every test file. */
export async function globalSetup(): Promise<void> {
  try {
    const serverUrl = process.env["DISPATCH_TEST_DATABASE_URL"] || (await startThrowAwayServer());
    const template = await prepareTemplate(serverUrl);
    process.env[serverUrlVariable] = serverUrl;
    process.env[templateVariable] = template;
  } catch (cause) {
    await globalTeardown();
    throw cause;
  }
}

/** After the last file, and after a setup that failed. May be called again. */
export function globalTeardown(): Promise<void> {
  return (tornDown ??= tearDown());
}

async function tearDown(): Promise<void> {
  if (admin !== undefined) {
    if (server === undefined) await dropDatabases(admin, process.env[templateVariable] ?? "");
    await admin.end();
  }
  await server?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}

async function startThrowAwayServer(): Promise<string> {
  const [scratch = "", ...others] = await scratchFolders();
  for (const one of [scratch, ...others]) await removeLeftFolders(one);
  folder = await mkdtemp(join(scratch, folderPrefix));
  const temporary = join(folder, "tmp");
  await mkdir(temporary, { mode: 0o700 });
  process.env["TMPDIR"] = temporary;
  await placeReadyCluster(folder);
  server = await startEmbeddedPostgres({
    dataDir: folder,
    log: () => {},
    settings: throwAway,
    environment: memoryKept,
  });
  return server.url;
}

/** A run killed outright cannot remove its folder, but its lock is free then. */
async function removeLeftFolders(scratch: string): Promise<void> {
  const names = (await readdir(scratch)).filter((name) => name.startsWith(folderPrefix));
  for (const name of names) {
    const left = join(scratch, name);
    try {
      // A run that begins at this moment has its folder before its lock.
      if (Date.now() - (await stat(left)).mtimeMs < youngMs) continue;
      const lock = tryLock(join(left, "run", "server.lock"));
      if (lock === undefined) continue;
      await rm(left, { recursive: true, force: true });
      lock.release();
    } catch {
      // Another user's, or gone already: not ours to remove.
    }
  }
}

async function prepareTemplate(serverUrl: string): Promise<string> {
  admin = new pg.Client({ connectionString: serverUrl });
  admin.on("error", () => {});
  await admin.connect();
  await dropLeftDatabases(admin);
  const run = randomBytes(4).toString("hex");
  // Held until this process ends: a run whose lock is free is over, and its databases may go.
  await admin.query("SELECT pg_advisory_lock($1, ('x' || $2)::bit(32)::int)", [runLock, run]);
  const template = `dispatch_test_${run}_template`;
  // On the throw-away server the session is in a migrated database, and the only one there.
  if (server !== undefined) await admin.query(`CREATE DATABASE ${template} TEMPLATE dispatch STRATEGY file_copy`);
  else {
    await admin.query(`CREATE DATABASE ${template}`);
    await migrate({ databaseUrl: databaseUrl(serverUrl, template), log: () => {} });
  }
  return template;
}

/** What killed runs left on a server of one's own; the locks taken keep two new runs from dropping the same. */
async function dropLeftDatabases(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ template: string }>(
    `SELECT datname AS template FROM pg_database
      WHERE CASE WHEN datname ~ '^dispatch_test_[0-9a-f]{8}_template$'
                 THEN pg_try_advisory_lock($1, ('x' || substr(datname, 15, 8))::bit(32)::int) END`,
    [runLock],
  );
  for (const { template } of rows) await dropDatabases(client, template);
}

/** The template and every copy made of it. */
async function dropDatabases(client: pg.Client, template: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT quote_ident(datname) AS name FROM pg_database WHERE starts_with(datname, $1) AND $1 <> ''",
    [template.replace(/template$/, "")],
  );
  for (const { name } of rows) await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}
