// A statement of a flight fails, or loses a race: who hears of it, what is kept, and that the next user of the connection
// never notices.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import pg from "pg";
import { serverError } from "../../dispatch/db/failures.ts";
import { testStatement } from "../support/statement.ts";
import { eventually } from "../support/eventually.ts";
import { bench, codeOf, count, divide, insert, lock, pidOf } from "./flight-bench.ts";

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
    await db.settled();
    assert.deepEqual(db.gauges(), { total: 1, idle: 1, waiting: 0 });
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

  test("what a refused transaction held is free once its ROLLBACK is answered, and the next can wait for that", async (t) => {
    const { db } = await bench(t, { poolMax: 2 });
    await db.row(insert, [1]);
    const free = testStatement<{ id: number }>(
      "test_free",
      "SELECT id FROM things WHERE id = 1 FOR UPDATE SKIP LOCKED",
    );
    for (let i = 0; i < 20; i++) {
      const refused = db.transaction(async (tx) => {
        await tx.row(lock, [1]);
        throw new Error("refused");
      });
      await assert.rejects(refused, /refused/);
      await db.settled();
      assert.deepEqual(await db.row(free), { id: 1 });
    }
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
