// What is prepared on a connection stays usable, whatever fails beside it or changes on the server.

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { testStatement } from "../support/statement.ts";
import { bench, count, divide, insert, pidOf, type Bench } from "./flight-bench.ts";

describe("what is prepared on a connection", () => {
  test("is prepared again after a failure that came before it", async (t) => {
    const { db, tap } = await bench(t);
    await assert.rejects(
      db.transaction(async (tx) => await Promise.all([tx.row(divide, [0]), tx.row(insert, [1])])),
      { code: "22012" },
    );
    await db.row(insert, [1]);
    assert.deepEqual(tap.said().slice(2), ["Close Parse Bind Describe Execute Sync"]);
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

  describe("is prepared again after a migration has changed what it returns", () => {
    const all = testStatement("test_all", "SELECT * FROM things");
    const migrated = async (t: TestContext): Promise<Bench & { pid: number }> => {
      const opened = await bench(t);
      const { db, owner, tap } = opened;
      await db.row(insert, [1]);
      assert.deepEqual(await db.rows(all), [{ id: 1 }]);
      const pid = await pidOf(db);
      await owner.query("ALTER TABLE things ADD COLUMN size int8 DEFAULT 3");
      tap.said();
      return { ...opened, pid };
    };

    test("outside a transaction: nobody notices", async (t) => {
      const { db, tap, pid } = await migrated(t);
      assert.deepEqual(await db.rows(all), [{ id: 1, size: 3 }]);
      assert.deepEqual(tap.said(), ["Bind Execute Sync", "Close Parse Bind Describe Execute Sync"]);
      assert.equal(await pidOf(db), pid);
    });

    test("in the first flight of a transaction: what it did before is undone and done again, once", async (t) => {
      const { db, pid } = await migrated(t);
      const [before, , rows] = await db.transaction(
        async (tx) => await Promise.all([tx.rows(count), tx.row(insert, [2]), tx.rows(all), tx.commit()]),
      );
      assert.deepEqual(before, [{ count: 1 }]);
      assert.deepEqual(rows, [
        { id: 1, size: 3 },
        { id: 2, size: 3 },
      ]);
      assert.deepEqual(await db.row(count), { count: 2 });
      assert.equal(await pidOf(db), pid);
    });

    test("later in a transaction: it fails, since the caller knows what was read, and the next one does not", async (t) => {
      const { db, pid } = await migrated(t);
      const use = () =>
        db.transaction(async (tx) => {
          await tx.row(count);
          const rows = await tx.rows(all);
          await tx.commit();
          return rows;
        });
      await assert.rejects(use, { code: "0A000" });
      assert.deepEqual(await use(), [{ id: 1, size: 3 }]);
      assert.equal(await pidOf(db), pid);
    });
  });

  test("is prepared again after the server has forgotten it, BEGIN and COMMIT included", async (t) => {
    const { db } = await bench(t);
    const use = () =>
      db.transaction(async (tx) => await Promise.all([tx.row(insert, [1]), tx.row(count), tx.commit()]));
    const forget = testStatement("test_forget", "DEALLOCATE ALL");
    await use();
    await db.row(forget);
    await assert.rejects(use, { code: "23505" });
    await db.row(forget);
    assert.deepEqual(await db.row(count), { count: 1 });
  });
});
