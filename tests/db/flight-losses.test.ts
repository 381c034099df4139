// A connection is lost, or its server falls silent, with a flight in the air or between two.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type pg from "pg";
import { isDatabaseAway } from "../../dispatch/db/failures.ts";
import { eventually } from "../support/eventually.ts";
import { backend, bench, codeOf, count, insert, pidOf, sleep } from "./flight-bench.ts";

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
    const late = Promise.allSettled([db.transaction((tx) => tx.row(sleep)), db.row(count)]);
    const sleeping = async (): Promise<boolean> =>
      (await owner.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = $1", [pid])).rowCount ===
      1;
    while (!(await sleeping()));
    t.mock.timers.tick(64_999);
    assert.ok(await sleeping());
    const lateButThere = { total: 1, idle: 0, waiting: 0 };
    assert.deepEqual(db.gauges(), lateButThere, "who waits for a connection has long been told");
    t.mock.timers.tick(1);
    const [slept, waited] = await late;
    assert.equal(db.gauges().total, 0, "no ROLLBACK is waited for");
    assert.ok(slept?.status === "rejected" && isDatabaseAway(slept.reason), String(slept));
    assert.match(String(slept.reason), /Query read timeout/);
    assert.ok(waited?.status === "rejected" && isDatabaseAway(waited.reason), String(waited));
    assert.notEqual(await pidOf(db), pid);
  });

  // node's mocked timers cannot be put off, hence a look at the timer itself.
  test("a flight's time begins when it leaves, and one timer does for all flights of a connection", async (t) => {
    const made: NodeJS.Timeout[] = [];
    const real = globalThis.setTimeout;
    t.mock.method(globalThis, "setTimeout", (run: () => void, ms?: number) => {
      const timer = real(run, ms);
      if (ms === 65_000) made.push(timer);
      return timer;
    });
    const { db } = await bench(t);
    await db.row(count);
    const [timer] = made;
    assert.ok(timer);
    const refresh = t.mock.method(timer, "refresh");
    await db.row(count);
    await db.transaction(async (tx) => {
      await Promise.all([tx.row(count), tx.row(count)]);
      await tx.commit();
    });
    assert.equal(refresh.mock.callCount(), 3);
    assert.equal(made.length, 1);
  });
});
