// What travels to Postgres: one write and one Sync for all the statements of one turn, and of a prepared statement neither its
// text nor a question for its columns. Seen at the socket and by a tap on the wire.

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { openDatabase, type Database, type DatabaseOptions } from "../../dispatch/db/pool.ts";
import { startTestApi } from "../support/api.ts";
import { createEmptyDatabase } from "../support/database.ts";
import { acme } from "../support/directory.ts";
import { testStatement } from "../support/statement.ts";
import { startWireTap, type WireTap } from "../support/wire-tap.ts";

const one = testStatement<{ value: number }>("test_one", "SELECT $1::int AS value");
const two = testStatement<{ value: string }>("test_two", "SELECT $1::text AS value");
const nothing = testStatement("test_nothing", "SET LOCAL work_mem = '8MB'");

const first = "Parse Bind Describe Execute";
const again = "Bind Execute";

async function tapped(t: TestContext, options: Partial<DatabaseOptions> = {}): Promise<{ db: Database; tap: WireTap }> {
  const tap = await startWireTap(t);
  const { url } = await createEmptyDatabase(t);
  const db = openDatabase({
    url: tap.through(url),
    poolMax: 1,
    applicationName: "flights",
    role: null,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 60_000,
    onError: () => undefined,
    ...options,
  });
  t.after(() => db.close());
  return { db, tap };
}

describe("one write and one Sync", () => {
  test("a command, once its statements are prepared, is two writes", async (t) => {
    const tap = await startWireTap(t);
    const api = await startTestApi({ t, databaseUrl: tap.through, env: { DISPATCH_DB_POOL_MAX: "2" } });
    const { db } = api.desk;
    const ended = Promise.withResolvers<void>();
    // One of the two connections is kept busy: all that is counted then goes over the other.
    const kept = await new Promise<{ transaction: Promise<unknown> }>((resolve) => {
      const transaction = db.transaction(async (tx) => {
        await tx.row(one, [0]);
        resolve({ transaction });
        await ended.promise;
      });
    });
    const create = async () => {
      const body = { account_id: acme.id, site_id: acme.oakland, summary: "Door cannot be locked" };
      await api.run("ticket.create", { body });
      // Waits for its turn behind the announcement of what the command wrote.
      await db.row(one, [1]);
      return { said: tap.said(), writes: tap.writes() };
    };
    try {
      await create();
      const { said, writes } = await create();
      assert.equal(writes, said.length);
      for (const line of said) assert.match(line, /^(Bind Execute )+Sync$/);
      assert.equal(said.filter((line) => line !== `${again} Sync`).length, 2, said.join("\n"));
    } finally {
      ended.resolve();
      await kept.transaction;
    }
  });

  test("text and columns are asked for once on a connection, also of a statement used twice in its first flight", async (t) => {
    const { db, tap } = await tapped(t);
    await db.row(one, [1]);
    tap.said();
    const send = () =>
      db.transaction(async (tx) => {
        const rows = await Promise.all([tx.row(one, [2]), tx.row(two, ["a"]), tx.row(two, ["b"]), tx.row(nothing)]);
        await tx.commit();
        return rows;
      });
    assert.deepEqual(await send(), [{ value: 2 }, { value: "a" }, { value: "b" }, null]);
    assert.deepEqual(tap.said(), [`${first} ${again} ${first} ${again} ${first} Sync`, `${first} Sync`]);
    tap.writes();
    assert.deepEqual(await send(), [{ value: 2 }, { value: "a" }, { value: "b" }, null]);
    assert.deepEqual(tap.said(), [`${again} ${again} ${again} ${again} ${again} Sync`, `${again} Sync`]);
    assert.equal(tap.writes(), 2);
  });

  test("COMMIT travels with what was queued before it", async (t) => {
    const { db, tap } = await tapped(t);
    const send = () => db.transaction(async (tx) => await Promise.all([tx.row(one, [1]), tx.commit()]));
    await send();
    tap.said();
    tap.writes();
    await send();
    assert.deepEqual(tap.said(), [`${again} ${again} ${again} Sync`]);
    assert.equal(tap.writes(), 1);
  });

  test("what promises queue after one another without waiting for Postgres shares a flight", async (t) => {
    const { db, tap } = await tapped(t);
    await db.row(one, [1]);
    tap.said();
    await db.transaction(async (tx) => {
      const later = async (): Promise<unknown> => {
        await Promise.resolve();
        await Promise.resolve();
        return tx.row(one, [2]);
      };
      await Promise.all([tx.row(one, [1]), later()]);
      await tx.commit();
    });
    assert.deepEqual(tap.said(), [`${first} ${again} ${again} Sync`, `${first} Sync`]);
  });

  test("a transaction in which nothing is asked sends nothing", async (t) => {
    const { db, tap } = await tapped(t);
    await db.row(one, [1]);
    tap.said();
    assert.equal(await db.transaction(async () => 7), 7);
    assert.deepEqual(tap.said(), []);
    assert.deepEqual(db.gauges(), { total: 1, idle: 1, waiting: 0 });
  });

  test("500 statements are one flight, answered in order", async (t) => {
    const { db, tap } = await tapped(t);
    await db.row(one, [0]);
    tap.said();
    tap.writes();
    const rows = await db.transaction(async (tx) => {
      const all = await Promise.all(Array.from({ length: 500 }, (_, i) => tx.row(one, [i])));
      await tx.commit();
      return all;
    });
    assert.deepEqual(
      rows.map((row) => row?.value),
      Array.from({ length: 500 }, (_, i) => i),
    );
    assert.deepEqual(tap.said(), [`${first} ${`${again} `.repeat(500)}Sync`, `${first} Sync`]);
    assert.equal(tap.writes(), 2);
  });

  test("a refused transaction's ROLLBACK is a flight of its own, and the connection comes back after it", async (t) => {
    const { db, tap } = await tapped(t);
    const refused = new Error("refused");
    const send = () =>
      db.transaction(async (tx) => {
        await tx.row(one, [1]);
        throw refused;
      });
    await assert.rejects(send, refused);
    assert.deepEqual(db.gauges(), { total: 1, idle: 0, waiting: 0 });
    assert.deepEqual(await db.row(two, ["next"]), { value: "next" });
    assert.deepEqual(tap.said(), [`${first} ${first} Sync`, `${first} Sync`, `${first} Sync`]);
  });
});
