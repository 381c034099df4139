// After a crash Postgres hands out transaction numbers again that a rollback had used up and no disk remembers. Whoever
// follows the outbox still gets the events that are written under them.
import assert from "node:assert/strict";
import { after, describe, test, type TestContext } from "node:test";
import pg from "pg";
import { openDatabase, type Database } from "../../dispatch/db/pool.ts";
import {
  positionFrom,
  positionNow,
  positionText,
  readPage,
  type Position,
  type View,
} from "../../dispatch/kernel/outbox-reader.ts";
import { rowsOf } from "./field.ts";
import { startOwnPostgres } from "./own-postgres.ts";

const postgres = await startOwnPostgres({ after });
const everything: View = { actor: { accounts: "*", sites: "*" }, subjects: null };
const usedUp = 5;
const written = 8;

/** One pool for each life of Postgres: what a crash broke is no part of these tests. */
async function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase({
    url: postgres.url,
    poolMax: 1,
    applicationName: "follower",
    role: null,
    statementTimeoutMs: 600_000,
    lockTimeoutMs: 600_000,
    onError: () => undefined,
  });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

const happen = async (subject: string): Promise<void> =>
  void (await rowsOf(
    postgres.url,
    "INSERT INTO outbox (subject, event, payload, created_at) VALUES ($1, 'test', '{}', now())",
    [subject],
  ));

async function session(t: TestContext): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgres.url });
  client.on("error", () => undefined);
  await client.connect();
  t.after(() => client.end().catch(() => undefined));
  return client;
}

/** Transactions begin and are rolled back. @returns the number the last one had */
async function rollBack(client: pg.Client): Promise<bigint> {
  let last = 0n;
  for (let n = 0; n < usedUp; n++) {
    await client.query("BEGIN");
    const { rows } = await client.query<{ xact: string }>("SELECT pg_current_xact_id()::text AS xact");
    last = BigInt(rows[0]?.xact ?? 0);
    await client.query("ROLLBACK");
  }
  return last;
}

/** Postgres crashes; then more happens than numbers were used up, some of it under those. */
async function crashAndGoOn(name: string, last: bigint): Promise<string[]> {
  await postgres.kill();
  await postgres.start();
  const subjects = Array.from({ length: written }, (_, n) => `${name}.${n}`);
  for (const subject of subjects) await happen(subject);
  const [first] = await rowsOf<{ xact: string }>(postgres.url, "SELECT xact::text FROM outbox WHERE subject = $1", [
    `${name}.0`,
  ]);
  assert.ok(BigInt(first?.xact ?? 0) <= last, "no number was given again, so nothing was shown");
  return subjects;
}

const subjectsBehind = (position: Position, view: View): Promise<string[]> =>
  withDatabase(async (db) => (await readPage(db, position, view)).events.map(({ subject }) => subject));

describe("events under numbers that were used up before a crash", () => {
  test("reach whoever had read everything", async (t) => {
    await happen("before");
    const client = await session(t);
    await postgres.freezeLogWriters(t);
    const last = await rollBack(client);
    const { position } = await withDatabase((db) => readPage(db, { xact: "0", id: "0" }, everything));
    const subjects = await crashAndGoOn("read", last);
    assert.deepEqual(await subjectsBehind(position, everything), subjects);
    const { horizon } = await withDatabase(positionNow);
    assert.deepEqual(positionFrom(positionText(position), horizon), position, "the place is known still");
  });

  test("reach whoever had just begun to follow", async (t) => {
    const client = await session(t);
    await postgres.freezeLogWriters(t);
    const last = await rollBack(client);
    const { position, since } = await withDatabase(positionNow);
    const subjects = await crashAndGoOn("begun", last);
    assert.deepEqual(await subjectsBehind(position, { ...everything, since }), subjects);
  });

  test("reach whoever began while an older transaction ran, and nothing that was there then does", async (t) => {
    const [older, client] = [await session(t), await session(t)];
    await older.query("BEGIN");
    await older.query("SELECT pg_current_xact_id()");
    await happen("there already");
    await postgres.freezeLogWriters(t);
    const last = await rollBack(client);
    const { position, since } = await withDatabase(positionNow);
    assert.notEqual(since, null);
    const subjects = await crashAndGoOn("older", last);
    assert.deepEqual(await subjectsBehind(position, { ...everything, since }), subjects);
  });
});
