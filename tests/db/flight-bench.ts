// A pool with a tap on its wire, the database's owner beside it, and the statements that the tests of flights send.

import type { TestContext } from "node:test";
import pg from "pg";
import { serverError } from "../../dispatch/db/failures.ts";
import { openDatabase, type Database, type DatabaseOptions } from "../../dispatch/db/pool.ts";
import { testStatement } from "../support/statement.ts";
import { createEmptyDatabase } from "../support/database.ts";
import { startWireTap, type WireTap } from "../support/wire-tap.ts";

export const insert = testStatement("test_insert", "INSERT INTO things (id) VALUES ($1)");
export const count = testStatement<{ count: number }>("test_count", "SELECT count(*) AS count FROM things");
export const backend = testStatement<{ pid: number }>("test_pid", "SELECT pg_backend_pid() AS pid");
export const divide = testStatement<{ result: number }>("test_divide", "SELECT 1 / $1::int AS result");
export const lock = testStatement("test_lock", "SELECT FROM things WHERE id = $1 FOR UPDATE");
export const sleep = testStatement("test_sleep", "SELECT pg_sleep(600)");

export type Bench = {
  readonly db: Database;
  readonly tap: WireTap;
  readonly owner: pg.Client;
  readonly errors: Error[];
};

export async function bench(t: TestContext, options: Partial<DatabaseOptions> = {}): Promise<Bench> {
  const tap = await startWireTap(t);
  const { url } = await createEmptyDatabase(t);
  const owner = new pg.Client({ connectionString: url });
  owner.on("error", () => undefined);
  await owner.connect();
  t.after(() => owner.end());
  await owner.query("CREATE TABLE things (id int PRIMARY KEY)");
  const errors: Error[] = [];
  const db = openDatabase({
    url: tap.through(url),
    poolMax: 1,
    applicationName: "flights",
    role: null,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 60_000,
    onError: (error) => errors.push(error),
    ...options,
  });
  t.after(() => db.close());
  return { db, tap, owner, errors };
}

export const codeOf = (outcome: PromiseSettledResult<unknown>): string =>
  outcome.status === "fulfilled" ? "fulfilled" : (serverError(outcome.reason)?.code ?? String(outcome.reason));
export const pidOf = async (db: Database): Promise<number> => (await db.row(backend))?.pid ?? 0;
