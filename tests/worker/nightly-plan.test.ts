// The worker's nightly proposal: once for each zone and coming day, whichever worker comes first; not while everything is
// paused, not by day; and old plans are pruned.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nightOf } from "../../dispatch/planning/nightly-days.ts";
import { startTestApi } from "../support/api.ts";
import { at, crossedDay, day } from "../support/plan-day.ts";
import { startTestWorker } from "../support/worker.ts";

const evening = "2026-03-03T20:30:00.000Z";
const quick = { DISPATCH_NIGHTLY_PLAN_HOUR: "20" };

describe("the worker at night", () => {
  test("proposes the coming day once, however many workers there are, and a person applies it in the morning", async (t) => {
    const api = await startTestApi({ t });
    await crossedDay(api);
    const workers = [
      await startTestWorker(api, { t, env: { ...quick, DISPATCH_WORKER_IDENTITY: "worker-a" } }),
      await startTestWorker(api, { t, env: { ...quick, DISPATCH_WORKER_IDENTITY: "worker-b" } }),
    ];
    await Promise.all(workers.map((worker) => worker.wake()));
    assert.deepEqual((await api.read("plan.list")).plans, [], "by day there is nothing to propose");
    api.clock.set(evening);
    await Promise.all(workers.map((worker) => worker.wake()));
    await Promise.all(workers.map((worker) => worker.wake()));
    const { plans } = await api.read("plan.list");
    assert.deepEqual(
      plans.map((one) => [one.status, one.day, one.zone, one.nightly, one.moved]),
      [["PROPOSED", day, "CA", true, 2]],
    );
    const told = workers.flatMap((worker) => worker.told("worker.plan_proposed"));
    assert.deepEqual(
      told.map((one) => [one["plan_id"], one["moves"]]),
      [[plans[0]?.id, 2]],
    );
    const proof = await api.read("receipt.get", { receipt: String(told[0]?.["receipt_id"]) });
    assert.deepEqual([proof.tool_name, proof.ticket_id], ["plan.nightly", null]);
    api.clock.set(at("07:00"));
    // Before the workers look: they would send, and so settle, what starts within half a day.
    assert.equal((await api.run("plan.apply", { plan: plans[0]?.id ?? "" })).moved.length, 2);
    await Promise.all(workers.map((worker) => worker.wake()));
    assert.equal((await api.read("plan.list")).plans.length, 1, "a day is proposed once");
  });

  test("respects a pause of everything, and proposes when it is over", async (t) => {
    const api = await startTestApi({ t });
    await crossedDay(api);
    const worker = await startTestWorker(api, { t, env: quick });
    await api.run("ops.autonomy.pause", { body: { scope_type: "GLOBAL", reason: "storm" } });
    api.clock.set(evening);
    await worker.wake();
    assert.deepEqual((await api.read("plan.list")).plans, []);
    await api.run("ops.autonomy.rollback", { body: { scope_type: "GLOBAL" } });
    await worker.wake();
    assert.equal((await api.read("plan.list")).plans.length, 1);
  });

  test("does nothing where the hour is off, and prunes old plans", async (t) => {
    const api = await startTestApi({ t });
    await crossedDay(api);
    const { plan } = await api.run("plan.optimize", { body: { day, iterations: 1 } });
    const worker = await startTestWorker(api, {
      t,
      env: { DISPATCH_NIGHTLY_PLAN_HOUR: "off", DISPATCH_KEEP_PLANS_DAYS: "2" },
    });
    api.clock.set(evening);
    await worker.wake();
    assert.deepEqual(
      (await api.read("plan.list")).plans.map(({ id, status }) => [id, status]),
      [[plan.id, "EXPIRED"]],
    );
    api.clock.advance(2 * 1_440);
    await worker.wake();
    assert.deepEqual((await api.read("plan.list")).plans, []);
  });
});

describe("the coming day of a night", () => {
  const rows = [
    ["2026-03-03T19:59:00Z", "UTC", 20, null],
    ["2026-03-03T20:00:00Z", "UTC", 20, "2026-03-04"],
    ["2026-03-04T02:00:00Z", "UTC", 20, "2026-03-04"],
    ["2026-03-04T06:00:00Z", "UTC", 20, null],
    ["2026-03-04T03:59:00Z", "America/Los_Angeles", 20, null],
    ["2026-03-04T04:00:00Z", "America/Los_Angeles", 20, "2026-03-04"],
    // Clocks go forward at 2:00 on the 8th: the night is an hour shorter, and it is the same night.
    ["2026-03-08T12:30:00Z", "America/Los_Angeles", 20, "2026-03-08"],
    ["2026-03-04T00:30:00Z", "UTC", 0, "2026-03-05"],
  ] as const;
  for (const [now, zone, hour, expected] of rows) {
    test(`at ${now} in ${zone}, with the hour ${hour}, is ${expected ?? "none"}`, () =>
      assert.equal(nightOf(Date.parse(now), zone, hour), expected));
  }
});
