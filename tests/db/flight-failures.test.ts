// What goes wrong in a flight: who hears of it, what is kept, and that the next user of the connection never notices.

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import pg from "pg";
import { isDatabaseAway, serverError } from "../../dispatch/db/failures.ts";
import { openDatabase, type Database, type DatabaseOptions } from "../../dispatch/db/pool.ts";
import { statement } from "../../dispatch/db/statement.ts";
import { createEmptyDatabase } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { testStatement } from "../support/statement.ts";
import { startWireTap, type WireTap } from "../support/wire-tap.ts";

const insert = testStatement("test_insert", "INSERT INTO things (id) VALUES ($1)");
const count = testStatement<{ count: number }>("test_count", "SELECT count(*) AS count FROM things");
const backend = testStatement<{ pid: number }>("test_pid", "SELECT pg_backend_pid() AS pid");
const divide = testStatement<{ result: number }>("test_divide", "SELECT 1 / $1::int AS result");
const lock = testStatement("test_lock", "SELECT FROM things WHERE id = $1 FOR UPDATE");
const sleep = testStatement("test_sleep", "SELECT pg_sleep(600)");

type Bench = { readonly db: Database; readonly tap: WireTap; readonly owner: pg.Client; readonly errors: Error[] };

async function bench(t: TestContext, options: Partial<DatabaseOptions> = {}): Promise<Bench> {
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

const codeOf = (outcome: PromiseSettledResult<unknown>): string =>
  outcome.status === "fulfilled" ? "fulfilled" : (serverError(outcome.reason)?.code ?? String(outcome.reason));
const pidOf = async (db: Database): Promise<number> => (await db.row(backend))?.pid ?? 0;

describe("a statement fails", () => {
  test("what went before it is answered, all that follows hears of it alone, and nothing is kept", async (t) => {
    const { db, tap } = await bench(t);
    const pid = await pidOf(db);
    tap.said();
    let later: unknown;
    let outcomes: PromiseSettledResult<unknown>[] = [];
    const failed = db.transaction(async (tx) => {
      outcomes = await Promise.allSettled([
        tx.row(insert, [1]),
        tx.row(divide, [1]),
        tx.row(divide, [0]),
        tx.row(divide, [2]),
        tx.row(insert, [2]),
        tx.commit(),
      ]);
      later = await tx.row(count).catch((error: unknown) => error);
      await tx.commit();
    });
    await assert.rejects(failed, (error) => error === later && serverError(error)?.code === "22012");
    assert.deepEqual(outcomes.map(codeOf), ["fulfilled", "fulfilled", "22012", "22012", "22012", "22012"]);
    assert.deepEqual(await db.row(count), { count: 0 });
    assert.equal(await pidOf(db), pid, "the connection is kept");
    const first = "Parse Bind Describe Execute";
    const again = "Bind Execute";
    assert.deepEqual(tap.said(), [
      `${first} ${first} ${first} ${again} ${again} ${again} ${first} Sync`,
      `${first} Sync`,
      `${first} Sync`,
      `${again} Sync`,
    ]);
  });

  test("in the flight of BEGIN, at the first statement", async (t) => {
    const { db } = await bench(t);
    await assert.rejects(
      db.transaction((tx) => tx.row(divide, [0])),
      { code: "22012" },
    );
    assert.deepEqual(db.gauges(), { total: 1, idle: 0, waiting: 0 }, "its ROLLBACK is under way");
    assert.deepEqual(await db.row(count), { count: 0 });
    assert.deepEqual(db.gauges(), { total: 1, idle: 1, waiting: 0 });
  });

  test("outside a transaction: the connection is kept", async (t) => {
    const { db } = await bench(t);
    const pid = await pidOf(db);
    await assert.rejects(db.row(divide, [0]), { code: "22012" });
    assert.equal(await pidOf(db), pid);
  });

  test("its error tells all that the server said, and leads to the statement", async (t) => {
    const { db } = await bench(t);
    await db.row(insert, [1]);
    const error: unknown = await db.row(insert, [1]).catch((reason: unknown) => reason);
    assert.ok(error instanceof pg.DatabaseError);
    assert.deepEqual(
      [error.code, error.constraint, error.table, error.severity],
      ["23505", "things_pkey", "things", "ERROR"],
    );
    assert.match(error.stack ?? "", /duplicate key[^]*at the statement test_insert/);
  });

  test("at COMMIT: it throws what the server says", async (t) => {
    const { db, owner } = await bench(t);
    await owner.query("CREATE TABLE parts (thing int REFERENCES things DEFERRABLE INITIALLY DEFERRED)");
    const orphan = testStatement("test_orphan", "INSERT INTO parts VALUES (7)");
    const sent = db.transaction(async (tx) => await Promise.all([tx.row(orphan), tx.commit()]));
    await assert.rejects(sent, { code: "23503" });
    assert.deepEqual(await db.row(count), { count: 0 });
  });

  test("a value that has no text fails before it is sent, and its transaction does not commit without it", async (t) => {
    const { db } = await bench(t);
    const outcomes: string[] = [];
    const failed = db.transaction(async (tx) => {
      const all = await Promise.allSettled([tx.row(insert, [1]), tx.row(insert, [Symbol("none")]), tx.commit()]);
      outcomes.push(...all.map(codeOf));
      await tx.commit();
    });
    await assert.rejects(failed, /a symbol cannot be a parameter/);
    assert.deepEqual(outcomes, ["fulfilled", ...Array<string>(2).fill("TypeError: a symbol cannot be a parameter")]);
    assert.deepEqual(await db.row(count), { count: 0 });
  });

  test("a row that cannot be read fails its statement and no other", async (t) => {
    const { db } = await bench(t);
    const endless = testStatement("test_endless", "SELECT 'infinity'::timestamptz AS at");
    const outcomes = await db.transaction((tx) => Promise.allSettled([tx.row(endless), tx.row(divide, [1])]));
    assert.deepEqual(outcomes.map(codeOf), ["RangeError: Invalid time value", "fulfilled"]);
  });

  test("two statements of one name: neither is taken for the other", async (t) => {
    const { db } = await bench(t);
    const other = testStatement("test_count", "SELECT 1 AS other");
    assert.deepEqual(await db.row(count), { count: 0 });
    const pid = await pidOf(db);
    await assert.rejects(db.row(other), /two statements share the name test_count/);
    const failed = db.transaction(async (tx) => await Promise.all([tx.row(divide, [1]), tx.row(other), tx.commit()]));
    await assert.rejects(failed, /two statements share the name test_count/);
    assert.deepEqual(await db.row(divide, [1]), { result: 1 });
    assert.equal(await pidOf(db), pid);
    assert.throws(() => statement("x".repeat(64), "SELECT"), RangeError);
  });
});

describe("races", () => {
  test("of a deadlock one gets 40P01, and the other its answer", async (t) => {
    const { db } = await bench(t, { poolMax: 2 });
    await db.row(insert, [1]);
    await db.row(insert, [2]);
    const bothLocked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const cross = (mine: 0 | 1) =>
      db.transaction(async (tx) => {
        await tx.row(lock, [mine + 1]);
        bothLocked[mine].resolve();
        await Promise.all(bothLocked.map(({ promise }) => promise));
        await tx.row(lock, [2 - mine]);
        await tx.commit();
      });
    const outcomes = await Promise.allSettled([cross(0), cross(1)]);
    assert.deepEqual(outcomes.map(codeOf).sort(), ["40P01", "fulfilled"]);
    assert.deepEqual(await db.row(count), { count: 2 });
  });

  test("a transaction that cannot be put in an order gets 40001", async (t) => {
    const { db, owner } = await bench(t);
    await db.row(insert, [1]);
    const strict = testStatement("test_strict", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    const lost = db.transaction(async (tx) => {
      await Promise.all([tx.row(strict), tx.row(count)]);
      await owner.query("UPDATE things SET id = 2");
      await tx.row(lock, [1]);
    });
    await assert.rejects(lost, { code: "40001" });
  });

  test("many users of few connections each get their own answers, and all connections come back", async (t) => {
    const { db } = await bench(t, { poolMax: 4 });
    const echo = testStatement<{ value: number }>("test_echo", "SELECT $1::int AS value");
    const use = async (i: number): Promise<string> => {
      if (i % 5 === 0) return String((await db.row(echo, [i]))?.value);
      if (i % 5 === 1) return await db.row(divide, [0]).then(String, (error: unknown) => `${i} ${String(error)}`);
      const answers = await db.transaction(async (tx) => {
        const rows = await Promise.all([tx.row(echo, [i]), tx.row(echo, [-i]), tx.row(insert, [i])]);
        if (i % 5 === 2) throw new Error(`${i} refused`);
        const more = await tx.row(echo, [2 * i]);
        await tx.commit();
        return [...rows, more].map((row) => row?.value);
      });
      return answers.join(" ");
    };
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, (_, i) => use(i)));
    for (const [i, outcome] of outcomes.entries()) {
      const told = outcome.status === "fulfilled" ? outcome.value : String(outcome.reason);
      const expected = [`${i}`, `${i} error: division by zero`, `Error: ${i} refused`];
      assert.equal(told, expected[i % 5] ?? `${i} ${-i}  ${2 * i}`);
    }
    // Behind the last ROLLBACK.
    assert.deepEqual(await db.row(count), { count: 80 });
    await eventually("all connections are idle", () => db.gauges().idle === db.gauges().total);
    assert.deepEqual(db.gauges(), { total: 4, idle: 4, waiting: 0 });
  });
});

describe("a connection is lost", () => {
  const terminate = (owner: pg.Client, pid: number) => owner.query("SELECT pg_terminate_backend($1, 60000)", [pid]);

  test("with a flight in the air: all in it and behind it hear that Postgres is away", async (t) => {
    const { db, owner } = await bench(t);
    let pid = 0;
    let outcomes: PromiseSettledResult<unknown>[] = [];
    const lost = db.transaction(async (tx) => {
      pid = (await tx.row(backend))?.pid ?? 0;
      const flight = Promise.allSettled([tx.row(insert, [1]), tx.row(sleep), tx.commit()]);
      await eventually("it sleeps", async () => {
        const { rowCount } = await owner.query(
          "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = $1",
          [pid],
        );
        return rowCount === 1;
      });
      await terminate(owner, pid);
      outcomes = await flight;
      await tx.row(count);
    });
    await assert.rejects(lost, (error) => isDatabaseAway(error));
    assert.deepEqual(outcomes.map(codeOf), ["57P01", "57P01", "57P01"]);
    assert.deepEqual(await db.row(count), { count: 0 });
    assert.notEqual(await pidOf(db), pid);
    assert.deepEqual(db.gauges(), { total: 1, idle: 1, waiting: 0 });
  });

  test("between two flights: the process lives, and the transaction hears that Postgres is away", async (t) => {
    const { db, owner } = await bench(t);
    const lost = db.transaction(async (tx) => {
      await terminate(owner, (await tx.row(backend))?.pid ?? 0);
      await tx.row(count);
      await tx.commit();
    });
    await assert.rejects(lost, (error) => isDatabaseAway(error));
    assert.deepEqual(await db.row(count), { count: 0 });
    assert.deepEqual(db.gauges(), { total: 1, idle: 1, waiting: 0 });
  });

  test("idle in the pool: the pool tells, and the next user gets another", async (t) => {
    const { db, owner, errors } = await bench(t);
    const pid = await pidOf(db);
    await terminate(owner, pid);
    await eventually("the pool has noticed", () => db.gauges().total === 0);
    assert.equal(errors.length, 1);
    assert.notEqual(await pidOf(db), pid);
  });

  test("a flight that takes five seconds longer than a statement may is given up, and so is its connection", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { db, owner } = await bench(t);
    const pid = await pidOf(db);
    const late = Promise.allSettled([db.row(sleep), db.row(count)]);
    const sleeping = async (): Promise<boolean> =>
      (await owner.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = $1", [pid])).rowCount ===
      1;
    while (!(await sleeping()));
    t.mock.timers.tick(64_999);
    assert.equal(db.gauges().waiting, 0, "who waits for a connection has long been told");
    t.mock.timers.tick(1);
    const [slept, waited] = await late;
    assert.ok(slept?.status === "rejected" && isDatabaseAway(slept.reason), String(slept));
    assert.match(String(slept.reason), /Query read timeout/);
    assert.ok(waited?.status === "rejected" && isDatabaseAway(waited.reason), String(waited));
    assert.notEqual(await pidOf(db), pid);
  });
});

describe("what is prepared on a connection", () => {
  test("is prepared again after a failure that came before it", async (t) => {
    const { db, tap } = await bench(t);
    await assert.rejects(
      db.transaction(async (tx) => await Promise.all([tx.row(divide, [0]), tx.row(insert, [1])])),
      { code: "22012" },
    );
    await db.row(insert, [1]);
    assert.equal(tap.said().at(-1), "Close Parse Bind Describe Execute Sync");
  });

  test("a statement whose table is missing works once the table is there", async (t) => {
    const { db, owner } = await bench(t);
    const early = testStatement<{ value: number }>("test_early", "SELECT value FROM late_things");
    const pid = await pidOf(db);
    await assert.rejects(db.rows(early), { code: "42P01" });
    await owner.query("CREATE TABLE late_things AS SELECT 5 AS value");
    assert.deepEqual(await db.rows(early), [{ value: 5 }]);
    assert.equal(await pidOf(db), pid);
  });

  test("is prepared again after a migration has changed what it returns", async (t) => {
    const { db, owner } = await bench(t);
    const all = testStatement("test_all", "SELECT * FROM things");
    await db.row(insert, [1]);
    assert.deepEqual(await db.rows(all), [{ id: 1 }]);
    await owner.query("ALTER TABLE things ADD COLUMN size int8 DEFAULT 3");
    const pid = await pidOf(db);
    await assert.rejects(db.rows(all), { code: "0A000" });
    assert.deepEqual(await db.rows(all), [{ id: 1, size: 3 }]);
    assert.equal(await pidOf(db), pid);
  });

  test("is prepared again after the server has forgotten it", async (t) => {
    const { db } = await bench(t);
    await db.row(count);
    await db.row(testStatement("test_forget", "DEALLOCATE ALL"));
    await assert.rejects(db.row(count), { code: "26000" });
    assert.deepEqual(await db.row(count), { count: 0 });
  });
});

test("a session is of no use after its transaction", async (t) => {
  const { db, tap } = await bench(t);
  const kept = await db.transaction(async (tx) => tx);
  await db.row(count);
  tap.said();
  await assert.rejects(kept.row(insert, [1]), /given back/);
  await assert.rejects(kept.commit(), /given back/);
  assert.deepEqual(tap.said(), []);
});

test("what a transaction leaves unanswered is sent before its ROLLBACK", async (t) => {
  const { db, tap } = await bench(t);
  await db.row(count);
  tap.said();
  let left: Promise<unknown> = Promise.resolve();
  await assert.rejects(
    db.transaction(async (tx) => {
      left = tx.row(count);
      throw new Error("refused");
    }),
    /refused/,
  );
  assert.deepEqual(await left, { count: 0 });
  await db.row(count);
  assert.deepEqual(tap.said(), [
    "Parse Bind Describe Execute Bind Execute Sync",
    "Parse Bind Describe Execute Sync",
    "Bind Execute Sync",
  ]);
});
