// The broker gives each task to one agent and no agent more than it can do, whoever else does the same at that moment, whether it hears
// of a task or looks by itself.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startDeafProxy } from "../../lab/bench/deaf-proxy.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { testStatement } from "../support/statement.ts";
import { startTestWorker } from "../support/worker.ts";
import { addAgent, addTask, by, changeAgent, heard, heardOf, histories, startAgent } from "./agents.ts";

const check = (api: TestApi, task: string) => api.read("task.check", { task });
const isAssigned = (api: TestApi, task: string) => async () => (await check(api, task)).status === "assigned";

describe("two brokers on one database", async () => {
  const api = await startTestApi();
  const brokers = [await startTestWorker(api), await startTestWorker(api)];
  const scopes = ["warranty", "quote", "supplier"];
  const capacity = new Map([
    ["all-3", 3],
    ["all-7", 7],
    ["quote-1", 1],
    ["quote-5", 5],
    ["supplier-4", 4],
    ["warranty-10", 10],
  ]);

  test("give each of 200 tasks to one agent, and none more than it can do", async () => {
    for (const [slug, max_concurrent] of capacity) {
      const [scope = ""] = slug.split("-");
      await startAgent(api, slug, { capabilities: scope === "all" ? scopes : [scope], max_concurrent });
    }
    await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        addTask(api, { scope: scopes[n % scopes.length], priority: 1 + (n % 5), title: `Task ${n}` }),
      ),
    );
    for (let rounds = 0; ; rounds++) {
      assert.ok(rounds < 200, "the brokers came to a standstill");
      await Promise.all(brokers.map((broker) => broker.wake()));
      const held = new Map<string, string[]>();
      for (const [task, steps] of await histories(api)) {
        const given = steps.filter(({ tool }) => tool === "task.assign");
        assert.ok(given.length <= 1, `${task} was given out twice`);
        const [last] = given;
        if (last?.assignee && steps.at(-1) === last)
          held.set(last.assignee, [...(held.get(last.assignee) ?? []), task]);
      }
      for (const [slug, tasks] of held) assert.ok(tasks.length <= (capacity.get(slug) ?? 0), `${slug} has ${tasks}`);
      if (held.size === 0) break;
      // One broker gives out anew meanwhile, for it hears of each place that is free.
      await Promise.all(
        [...held].flatMap(([slug, tasks]) => tasks.map((task) => api.run("task.complete", by(slug, task)))),
      );
    }
    const all = await histories(api);
    assert.equal(all.size, 200);
    for (const steps of all.values()) {
      // Whoever waited for a place was told so.
      const moves = steps.filter(({ tool }) => tool !== "task.unmatched");
      assert.deepEqual(
        moves.map(({ tool }) => tool),
        ["task.create", "task.assign", "task.complete"],
      );
      const [, given, done] = moves;
      assert.ok(given?.assignee && given.slot && given.slot <= (capacity.get(given.assignee) ?? 0));
      assert.equal(done?.actor, given.assignee);
    }
  });

  test("cannot put two tasks into one place: the database refuses it, whoever writes", async () => {
    const [one, other] = await Promise.all([addTask(api, { scope: "supplier" }), addTask(api, { scope: "supplier" })]);
    await brokers[0]?.wake();
    await eventually("both are given out", async () =>
      (await Promise.all([check(api, one.id), check(api, other.id)])).every(({ status }) => status === "assigned"),
    );
    const move = testStatement(
      "one_place_for_two",
      `UPDATE tasks SET assignee = taken.assignee, slot = taken.slot FROM tasks AS taken WHERE tasks.id = $1 AND taken.id = $2`,
    );
    await assert.rejects(api.desk.db.row(move, [one.id, other.id]), /tasks_slot/);
  });
});

describe("the broker", async () => {
  const api = await startTestApi();

  test("needs no tick to hear of a task, of an agent, of a place, of a drain's end and of a new ability", async (t) => {
    const worker = await startTestWorker(api, { t });
    await startAgent(api, "clerk", { max_concurrent: 1 });
    await worker.wake();
    // From here on nobody wakes it.
    const { id } = await addTask(api);
    await eventually("a new task is heard of", isAssigned(api, id));
    const second = await addTask(api);
    await api.run("task.complete", by("clerk", id));
    await eventually("a free place is heard of", isAssigned(api, second.id));
    await api.run("worker.drain", { as: "admin", worker: "clerk" });
    await api.run("task.complete", by("clerk", second.id));
    const third = await addTask(api);
    await eventually("it is told that all are drained", async () => (await heard(api, third.id)).includes("unmatched"));
    assert.equal((await check(api, third.id)).unmatched_reason, "all_drained");
    await api.run("worker.undrain", { as: "admin", worker: "clerk" });
    await eventually("the drain's end is heard of", isAssigned(api, third.id));
    const quote = await addTask(api, { scope: "quote" });
    await startAgent(api, "quoter", { capabilities: ["nothing"] });
    await changeAgent(api, "quoter", { capabilities: ["quote"] });
    await eventually("a new ability is heard of", isAssigned(api, quote.id));
    const bill = await addTask(api, { scope: "bill" });
    await startAgent(api, "biller", { capabilities: ["bill"] });
    await eventually("a new agent is heard of", isAssigned(api, bill.id));
  });

  test("needs no news either: its tick finds what waits", async (t) => {
    const proxy = await startDeafProxy(api.databaseUrl);
    t.after(proxy.close);
    const env = { DISPATCH_TICK_INTERVAL_MS: "100" };
    const worker = await startTestWorker({ ...api, databaseUrl: proxy.url }, { t, env });
    await worker.wake();
    await startAgent(api, "deaf", { capabilities: ["deaf"] });
    const { id } = await addTask(api, { scope: "deaf" });
    await eventually("the tick finds it", isAssigned(api, id));
    const listening = await api.owner.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'dispatch-worker listen'",
    );
    assert.equal(listening.rowCount, 0);
  });

  test("says once that there is nobody, however often it looks, and again when the reason is another", async (t) => {
    const worker = await startTestWorker(api, { t });
    const { id } = await addTask(api, { scope: "welding" });
    for (let round = 0; round < 100; round++) await worker.wake();
    assert.deepEqual(await heard(api, id), ["created", "unmatched"]);
    await addAgent(api, "welder", { capabilities: ["welding"], policy: "always_on" });
    for (let round = 0; round < 10; round++) await worker.wake();
    assert.deepEqual(await heard(api, id), ["created", "unmatched", "unmatched"]);
    await api.run("task.update", { task: id, body: { status: "cancelled" } });
  });

  test("looks again soon where an agent was just being changed, and waits for no tick", async (t) => {
    const worker = await startTestWorker(api, { t });
    await startAgent(api, "held", { capabilities: ["held"] });
    await worker.wake();
    // As a heartbeat does for a moment; nobody is told of its end.
    const client = await api.owner.connect();
    t.after(() => client.release());
    await client.query("BEGIN");
    await client.query("UPDATE agents SET heartbeat_at = heartbeat_at WHERE slug = 'held'");
    const { id } = await addTask(api, { scope: "held" });
    await eventually("the broker has met the lock", () => worker.told("worker.task_lost").length > 0);
    await client.query("ROLLBACK");
    await eventually("it is given out", isAssigned(api, id), 4_000);
  });

  test("reaches whoever can be woken behind any number of tasks that nobody can do", async (t) => {
    const worker = await startTestWorker(api, { t });
    for (const scope of ["flying", "diving", "mining", "dancing", "singing"])
      await Promise.all(Array.from({ length: 20 }, () => addTask(api, { scope, priority: 1 })));
    await addAgent(api, "sleeper", { capabilities: ["sleeping"], policy: "on_demand" });
    await addTask(api, { scope: "sleeping", priority: 5 });
    await worker.wake();
    await worker.wake();
    assert.ok((await heardOf(api, "sleeper")).includes("wake_requested"));
  });
});

test("a drain outlives the processes that were told of it", async (t) => {
  const before = await startTestApi({ t });
  const worker = await startTestWorker(before, { t });
  await startAgent(before, "twin-a");
  await startAgent(before, "twin-b");
  await before.run("worker.drain", { as: "admin", worker: "twin-a", body: { reason: "A new version is coming" } });
  await worker.stop();
  await before.stop();
  const api = await startTestApi({ t, beside: before });
  const next = await startTestWorker(api, { t });
  const tasks = await Promise.all([addTask(api), addTask(api), addTask(api)]);
  await next.wake();
  for (const { id } of tasks) assert.equal((await check(api, id)).assignee, "twin-b");
  const { id } = await addTask(api);
  await next.wake();
  assert.equal((await check(api, id)).unmatched_reason, "all_full");
  await api.run("worker.undrain", { as: "admin", worker: "twin-a" });
  await next.wake();
  assert.equal((await check(api, id)).assignee, "twin-a");
});
