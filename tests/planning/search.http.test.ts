// A search that runs: heard of over /events, ended from another process, made once for one key, and no burden on the process.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { openEvents } from "../api/event-client.ts";
import { refusalOf, startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { anyProposal, crossedDay, day } from "../support/plan-day.ts";

/** Longer than any test waits: only a cancel ends it. */
const long = { day, iterations: 1_000_000 };

const running = async (api: TestApi): Promise<string> => {
  const list = async () => (await api.read("plan.list", { query: "status=RUNNING" })).plans;
  await eventually("a search runs", async () => (await list()).length > 0);
  return (await list())[0]?.id ?? assert.fail("no search runs");
};

describe("a search", () => {
  test("tells its progress over /events, at most twenty-one times, and then that it is done", async (t) => {
    const api = await startTestApi({ t });
    await crossedDay(api);
    const events = await openEvents(api, { query: "?subject=desk.%3E" });
    t.after(async () => events.close());
    const { plan, receipt } = await api.run("plan.optimize", { body: { day, iterations: 2_000 } });
    const told: number[] = [];
    for (;;) {
      const { data } = await events.next();
      if (data["event"] === "plan_optimize") {
        assert.equal(Object(data["payload"])["receipt_id"], receipt.receipt_id);
        break;
      }
      assert.deepEqual([data["event"], data["subject"]], ["plan_progress", `desk.plan.${plan.id}.progress`]);
      const { plan_id, spent, cost, unserved } = Object(data["payload"]);
      assert.deepEqual([plan_id, unserved, cost >= 0], [plan.id, 0, true]);
      told.push(Number(spent));
    }
    assert.ok(told.length > 5 && told.length <= 21, `${told.length} times`);
    assert.deepEqual(
      told,
      told.toSorted((a, b) => a - b),
    );
    assert.equal(told.at(-1), 1);
  });

  test("is ended from another process, and the best plan so far is the proposal", async (t) => {
    const api = await startTestApi({ t });
    await crossedDay(api);
    const beside = await startTestApi({ t, beside: api });
    const search = api.run("plan.optimize", { body: long });
    const id = await running(beside);
    const { plan: cancelled, receipt } = await beside.run("plan.cancel", { plan: id, body: { note: "that will do" } });
    assert.deepEqual([cancelled.status, receipt.tool_name], ["RUNNING", "plan.cancel"]);
    const { plan } = await search;
    assert.deepEqual([plan.id, plan.status, plan.search?.stopped, plan.moves.length], [id, "PROPOSED", "cancelled", 2]);
    assert.ok((plan.search?.iterations ?? 0) < long.iterations);
    assert.equal((await api.run("plan.apply", { plan: id })).moved.length, 2);
  });

  test("is made once for one key, and is cheap to ask for again", async (t) => {
    const api = await startTestApi({ t });
    await crossedDay(api);
    const key = randomUUID();
    const search = api.call("plan.optimize", { key, body: long });
    const id = await running(api);
    const { status, error, headers } = await api.refuse("plan.optimize", { key, body: long });
    assert.deepEqual([status, error.code, headers["retry-after"]], [409, "IDEMPOTENCY_IN_FLIGHT", "1"]);
    await api.run("plan.cancel", { plan: id });
    const first = await search;
    assert.equal(first.status, 201);
    assert.equal((await api.call("plan.optimize", { key, body: long })).text, first.text);
    assert.equal((await api.read("plan.list")).plans.length, 1);
  });

  test("leaves the process free for others, and has room for two beside each other", async (t) => {
    const api = await startTestApi({ t });
    await crossedDay(api);
    const search = (actor: string) => api.call("plan.optimize", { actor, body: long });
    const searches = [search("dora"), search("dan")];
    await eventually(
      "both run",
      async () => (await api.read("plan.list", { query: "status=RUNNING" })).plans.length === 2,
    );
    for (const actor of ["dora", "doris"]) {
      const refused = refusalOf(await search(actor));
      assert.deepEqual(
        [refused.status, refused.error.code, refused.headers["retry-after"]],
        [429, "RATE_LIMITED", "5"],
      );
    }
    await api.read("dispatcher.cockpit");
    for (const { id } of (await api.read("plan.list")).plans) await api.run("plan.cancel", { plan: id });
    for (const { status, text } of await Promise.all(searches)) assert.equal(status, 201, text);
    assert.equal((await anyProposal(api)).status, "PROPOSED");
  });

  test("leaves the second place to somebody else", async (t) => {
    const api = await startTestApi({ t });
    await crossedDay(api);
    const first = api.run("plan.optimize", { body: long });
    const id = await running(api);
    const refused = refusalOf(await api.call("plan.optimize", { body: long }));
    assert.deepEqual([refused.status, refused.error.code, refused.error["limit"]], [429, "RATE_LIMITED", 1]);
    await api.run("plan.optimize", { actor: "somebody else", body: { day, iterations: 1 } });
    await api.run("plan.cancel", { plan: id });
    await first;
  });

  test("given seconds and iterations ends with whichever is over first", async (t) => {
    const api = await startTestApi({ t });
    await crossedDay(api);
    const { plan } = await api.run("plan.optimize", { body: { ...long, seconds: 0.1 } });
    assert.deepEqual([plan.search?.seconds, plan.search?.stopped], [0.1, "budget"]);
    assert.ok((plan.search?.iterations ?? 0) < long.iterations);
  });

  test("whose process died is over after its time, and the same key searches anew", async (t) => {
    const api = await startTestApi({ t });
    await crossedDay(api);
    const key = randomUUID();
    const { plan } = await api.run("plan.optimize", { body: { day, iterations: 1 } });
    // As a process leaves it that was killed in its search.
    await api.owner.query(
      "UPDATE plans SET status = 'RUNNING', found = NULL, expires_at = NULL, claim = $2 WHERE id = $1",
      [plan.id, `dispatcher-1 ${key}`],
    );
    assert.equal(
      (await api.refuse("plan.optimize", { key, body: { day, iterations: 1 } })).error.code,
      "IDEMPOTENCY_IN_FLIGHT",
    );
    api.clock.advance(4);
    const dead = (await api.read("plan.get", { plan: plan.id })).plan;
    assert.deepEqual([dead.status, dead.moves, dead.before], ["FAILED", [], null]);
    assert.equal((await api.refuse("plan.cancel", { plan: plan.id })).error["plan_status"], "FAILED");
    const { plan: anew } = await api.run("plan.optimize", { key, body: { day, iterations: 500 } });
    assert.deepEqual([anew.id, anew.status, anew.moves.length], [plan.id, "PROPOSED", 2]);
  });
});
