// Data folders for the tests of the embedded PostgreSQL, and what those tests do with one.
import { cp, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import pg from "pg";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { holdPostgres, type HeldPostgres } from "./held-postgres.ts";

export const quiet = (): void => {};

export type DataFolders = {
  /** Where a test makes folders of its own; removed after the file. */
  root: string;
  /** A data folder with a database in it; tests that leave it whole share it, one after the other. */
  made: string;
  /** A copy of it for a test to damage. */
  copied(): Promise<string>;
};

/** Makes the folders of a test file: one database, whose table `kept` has one row. */
export async function dataFolders(): Promise<DataFolders> {
  // Short, so that a socket fits under macOS's long temporary folder too.
  const root = await realpath(await mkdtemp(join(tmpdir(), "dpg-")));
  after(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));
  const made = join(root, "made");
  const first = await startEmbeddedPostgres({ dataDir: made, log: quiet });
  await query(first, "CREATE TABLE kept (what text UNIQUE)");
  await query(first, "INSERT INTO kept VALUES ('from before')");
  await first.stop();
  return {
    root,
    made,
    copied: async () => {
      const folder = await mkdtemp(join(root, "data-"));
      await cp(made, folder, { recursive: true });
      return folder;
    },
  };
}

export const fromBefore = [{ what: "from before" }];

/** What `kept` holds. */
export const keptRows = (postgres: { url: string }): Promise<Record<string, unknown>[]> =>
  query(postgres, "SELECT what FROM kept");

/** Runs one statement on a connection of its own. */
export async function query(postgres: { url: string }, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Starts it in this process until the test ends. */
export async function start(
  t: TestContext,
  dataDir: string,
  log: (message: string) => void = quiet,
): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  t.after(() => postgres.stop());
  return postgres;
}

/** Starts it in a process of its own, killed when the test ends. */
export function hold(t: TestContext, dataDir: string, prefix?: readonly string[]): HeldPostgres {
  const held = holdPostgres(dataDir, prefix);
  t.after(() => held.kill());
  return held;
}
