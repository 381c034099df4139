// A task from request to result: handed out, done, failed, taken back, reviewed; and who may say what of it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { startTestWorker } from "../support/worker.ts";
import { addAgent, addTask, by, heard, heartbeat, startAgent, tell } from "./agents.ts";

describe("a task", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const check = (task: string) => api.read("task.check", { task });

  test("goes to the agent who is able and awake, starts with its first word, and ends with its result", async () => {
    await startAgent(api, "clerk");
    const { id } = await addTask(api, { priority: "high", context: { serial: "X1" } });
    await worker.wake();
    const given = await check(id);
    assert.deepEqual([given.status, given.assignee, given.priority], ["assigned", "clerk", 2]);
    const said = await api.run("task.progress", by("clerk", id, { message: "Asked the maker", percent: 40 }));
    assert.deepEqual([said.status, said.task.status], ["ok", "in_progress"]);
    const done = await api.run("task.complete", by("clerk", id, { summary: "In warranty", result: { until: "2028" } }));
    assert.deepEqual([done.status, done.result_summary, done.result], ["completed", "In warranty", { until: "2028" }]);
    assert.deepEqual(await heard(api, id), ["created", "assigned", "started", "progress", "completed"]);
    const explained = await api.read("task.explain", { task: id });
    assert.deepEqual(
      explained.ranking.map(({ worker: slug, score, eligible }) => [slug, score, eligible]),
      [["clerk", 1.3, true]],
    );
  });

  test("is nobody else's to finish, and nobody's twice", async () => {
    await startAgent(api, "stranger", { capabilities: ["nothing"] });
    const { id } = await addTask(api);
    await worker.wake();
    const refused = await api.refuse("task.complete", by("stranger", id));
    assert.deepEqual([refused.status, refused.error.code], [403, "NOT_ASSIGNEE"]);
    await api.run("task.complete", by("clerk", id));
    const twice = await api.refuse("task.complete", by("clerk", id));
    assert.deepEqual([twice.status, twice.error.code], [409, "INVALID_STATE_TRANSITION"]);
  });

  test("that fails is given out again while it has retries, and then has failed", async () => {
    const { id } = await addTask(api, { max_retries: 1 });
    await worker.wake();
    const again = await api.run("task.fail", by("clerk", id, { error: "No answer" }));
    assert.deepEqual([again.status, again.retry_count, again.assignee], ["pending", 1, null]);
    await worker.wake();
    const over = await api.run("task.fail", by("clerk", id, { error: "No answer" }));
    assert.deepEqual([over.status, over.error], ["failed", "No answer"]);
    const anew = await api.run("task.update", { task: id, body: { status: "queued" } });
    assert.deepEqual([anew.status, anew.retry_count], ["pending", 0]);
    await api.run("task.update", { task: id, body: { status: "cancelled" } });
  });

  test("that takes exactly as long as it may is not late, and a millisecond later it is", async () => {
    const { id } = await addTask(api, { timeout_ms: 1_000, max_retries: 0 });
    await worker.wake();
    const { assigned_at } = await check(id);
    assert.ok(assigned_at);
    api.clock.set(new Date(Date.parse(assigned_at) + 1_000).toISOString());
    await worker.wake();
    assert.equal((await check(id)).status, "assigned");
    api.clock.set(new Date(Date.parse(assigned_at) + 1_001).toISOString());
    await worker.wake();
    assert.equal((await check(id)).status, "timed_out");
    assert.deepEqual(await heard(api, id), ["created", "assigned", "timeout", "failed"]);
    const late = await api.refuse("task.complete", by("clerk", id));
    assert.equal(late.error.code, "INVALID_STATE_TRANSITION");
  });

  test("comes back when its worker stops, at no cost, and when they fall silent, at the stated one", async () => {
    const { id } = await addTask(api, { timeout_ms: 3_600_000 });
    await worker.wake();
    const { status, assignee } = await check(id);
    assert.deepEqual([status, assignee], ["assigned", "clerk"]);
    assert.equal((await tell(api, "clerk", "swarm.agent.clerk.stopped")).status, 202);
    const back = await check(id);
    assert.deepEqual([back.status, back.retry_count], ["pending", 0]);
    await tell(api, "clerk", "swarm.agent.clerk.started");
    await worker.wake();
    await api.run("task.progress", by("clerk", id));
    api.clock.advanceMs(120_001);
    await worker.wake();
    const lost = await check(id);
    assert.deepEqual([lost.status, lost.retry_count], ["pending", 1]);
    const roster = await api.read("worker.list", { as: "admin" });
    const presence = roster.find(({ slug }) => slug === "clerk")?.status;
    assert.equal(presence, "degraded");
    assert.equal((await heartbeat(api, "clerk", { activity: "idle" })).status, 200);
    await worker.wake();
    assert.equal((await check(id)).assignee, "clerk");
    await api.run("task.complete", by("clerk", id));
  });

  test("that nobody can do says so once, until the reason changes", async () => {
    const { id } = await addTask(api, { scope: "welding" });
    for (let tick = 0; tick < 5; tick++) await worker.wake();
    assert.deepEqual(await heard(api, id), ["created", "unmatched"]);
    assert.equal((await check(id)).unmatched_reason, "no_capability");
    await addAgent(api, "welder", { capabilities: ["Welding"] });
    await worker.wake();
    assert.equal((await check(id)).unmatched_reason, "all_unavailable");
    await tell(api, "welder", "swarm.agent.welder.started");
    await worker.wake();
    const given = await check(id);
    assert.deepEqual([given.status, given.assignee, given.unmatched_reason], ["assigned", "welder", null]);
    assert.deepEqual(await heard(api, id), ["created", "unmatched", "unmatched", "assigned"]);
  });

  test("costs tokens that an agent's heartbeats add up, whether they say anything new or not", async () => {
    await startAgent(api, "counter", { capabilities: ["counting"] });
    for (const body of [
      { activity: "working", tokens_used: 5 },
      { tokens_used: 7 },
      { activity: "idle", tokens_used: 30 },
    ])
      assert.equal((await heartbeat(api, "counter", body)).status, 200);
    const counted = async () =>
      (await api.owner.query("SELECT tokens_used::integer AS tokens FROM agents WHERE slug = 'counter'")).rows;
    assert.deepEqual(await counted(), [{ tokens: 42 }]);
    // Sent again, since no answer came: whether the first said anything new or not.
    for (const activity of ["idle", "working"]) {
      const key = randomUUID();
      for (let sent = 0; sent < 3; sent++)
        assert.equal((await heartbeat(api, "counter", { activity, tokens_used: 100 }, key)).status, 200);
    }
    assert.deepEqual(await counted(), [{ tokens: 242 }]);
  });
});
