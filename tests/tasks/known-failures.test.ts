// What other systems that hand tasks to agents are known to get wrong, one scenario each.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import pg from "pg";
import { startDeafProxy } from "../../lab/bench/deaf-proxy.ts";
import { startOwnPostgres } from "../resilience/own-postgres.ts";
import { rowsOf } from "../resilience/field.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { testStatement } from "../support/statement.ts";
import { startTestWorker } from "../support/worker.ts";
import { addAgent, addTask, by, heard, heardOf, heartbeat, histories, startAgent, tell } from "./agents.ts";

const check = (api: TestApi, task: string) => api.read("task.check", { task });

describe("handing tasks to agents", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);

  test("a run that died does not keep its agent from new work", async () => {
    await startAgent(api, "mortal", { capabilities: ["mortal"], max_concurrent: 1 });
    const { id } = await addTask(api, { scope: "mortal", timeout_ms: 86_400_000 });
    const next = await addTask(api, { scope: "mortal", priority: 5 });
    await worker.wake();
    await api.run("task.progress", by("mortal", id));
    // Its process is gone, and says nothing; another one starts.
    api.clock.advanceMs(120_001);
    await worker.wake();
    assert.equal((await check(api, id)).status, "pending");
    await tell(api, "mortal", "swarm.agent.mortal.started");
    await worker.wake();
    await api.run("task.complete", by("mortal", id));
    await worker.wake();
    assert.equal((await check(api, next.id)).assignee, "mortal", "the dead run's task still fills the agent");
    await api.run("task.complete", by("mortal", next.id));
  });

  test("a claim whose time is over gives its place back, whether or not its agent lives", async () => {
    await startAgent(api, "slow", { capabilities: ["slow"], max_concurrent: 1 });
    const { id } = await addTask(api, { scope: "slow", timeout_ms: 1_000, max_retries: 0 });
    const next = await addTask(api, { scope: "slow", priority: 5 });
    await worker.wake();
    api.clock.advanceMs(2_000);
    await worker.wake();
    await worker.wake();
    assert.equal((await check(api, id)).status, "timed_out");
    assert.equal((await check(api, next.id)).assignee, "slow", "the place of what is over was not free");
    await api.run("task.complete", by("slow", next.id));
  });

  test("a task that has ended or waits for others holds no place and no clock", async () => {
    await startAgent(api, "ender", { capabilities: ["ending"], max_concurrent: 1 });
    const give = async (body: object = {}) => (await addTask(api, { scope: "ending", assignee: "ender", ...body })).id;
    const reason = "Nobody needs it any more";
    const ends = [
      await give().then(async (task) => (await api.run("task.complete", by("ender", task))).id),
      await give({ review_required: true }).then(
        async (task) => (await api.run("task.complete", by("ender", task))).id,
      ),
      await give().then(
        async (task) => (await api.run("task.fail", by("ender", task, { error: "No", retry: false }))).id,
      ),
      await give().then(
        async (task) => (await api.run("task.update", { task, body: { status: "cancelled", reason } })).id,
      ),
    ];
    const { rows } = await api.owner.query(
      "SELECT id FROM tasks WHERE id = ANY ($1) AND (slot IS NOT NULL OR due_at IS NOT NULL)",
      [ends],
    );
    assert.deepEqual(rows, [], "what has ended still holds a claim");
  });

  test("of two live agents one alone has the task, and the other's word on it counts for nothing", async () => {
    await startAgent(api, "live-a", { capabilities: ["live"] });
    await startAgent(api, "live-b", { capabilities: ["live"] });
    const { id } = await addTask(api, { scope: "live" });
    const other = await startTestWorker(api);
    await Promise.all([worker.wake(), other.wake()]);
    await other.stop();
    const { assignee } = await check(api, id);
    assert.ok(assignee);
    const stranger = assignee === "live-a" ? "live-b" : "live-a";
    for (const tool of ["task.progress", "task.complete", "task.fail"] as const) {
      const body = tool === "task.fail" ? { error: "Mine" } : {};
      const refused = await api.refuse(tool, by(stranger, id, body));
      assert.deepEqual([refused.status, refused.error.code], [403, "NOT_ASSIGNEE"], "two agents work on one task");
    }
    await api.run("task.complete", by(assignee, id));
  });

  test("a result outlives whoever made it and whoever asked for it", async () => {
    await startAgent(api, "parent", { capabilities: ["parenting"] });
    await startAgent(api, "child", { capabilities: ["childing"] });
    const above = await addTask(api, { scope: "parenting" });
    await worker.wake();
    const asked = { as: "agent", actor: "parent", body: { title: "A part", scope: "childing", parent_id: above.id } };
    const part = await api.run("task.create", asked);
    await worker.wake();
    // Whoever asked dies first, and whoever made it right behind its answer.
    await tell(api, "parent", "swarm.agent.parent.stopped");
    await api.run("task.complete", by("child", part.id, { result: { found: 7 }, summary: "Found seven" }));
    await tell(api, "child", "swarm.agent.child.stopped");
    const told = await check(api, part.id);
    assert.deepEqual([told.status, told.result, told.requester], ["completed", { found: 7 }, "parent"]);
    await tell(api, "parent", "swarm.agent.parent.started");
    await worker.wake();
    assert.equal((await check(api, above.id)).assignee, "parent");
    const parts = await api.read("task.list", { query: `parent_id=${above.id}`, as: "agent", actor: "parent" });
    assert.deepEqual(
      parts.map(({ id, result_summary }) => [id, result_summary]),
      [[part.id, "Found seven"]],
      "the new run of the parent cannot find what was done for it",
    );
    await api.run("task.complete", by("parent", above.id));
  });

  test("of twins one can be drained, and gets nothing while it finishes what it has", async () => {
    await startAgent(api, "twin-a", { capabilities: ["twin"], max_concurrent: 5 });
    const first = await addTask(api, { scope: "twin" });
    await worker.wake();
    await api.run("worker.drain", { as: "admin", worker: "twin-a" });
    await startAgent(api, "twin-b", { capabilities: ["twin"], max_concurrent: 5 });
    const more = await Promise.all(Array.from({ length: 5 }, () => addTask(api, { scope: "twin" })));
    // Its signs of life undrain nobody.
    await heartbeat(api, "twin-a", { activity: "idle" });
    await tell(api, "twin-a", "swarm.agent.twin-a.started");
    await worker.wake();
    for (const { id } of more) assert.equal((await check(api, id)).assignee, "twin-b", "who drains was given new work");
    await api.run("task.complete", by("twin-a", first.id));
    for (const { id } of more) await api.run("task.complete", by("twin-b", id));
  });

  test("a task that is asked for a hundred times with one key, and claimed a hundred times, is one task with one claim", async () => {
    await startAgent(api, "once", { capabilities: ["once"], max_concurrent: 50 });
    const key = randomUUID();
    const body = { title: "Once", scope: "once" };
    const replies = await Promise.all(Array.from({ length: 100 }, () => api.call("task.create", { key, body })));
    const ids = new Set(replies.filter(({ status }) => status === 201).map(({ text }) => JSON.parse(text).id));
    assert.equal(ids.size, 1, "one intent became several tasks");
    assert.ok(replies.every(({ status }) => status === 201 || status === 409));
    const [task = ""] = ids;
    const others = [await startTestWorker(api), await startTestWorker(api), await startTestWorker(api)];
    for (let round = 0; round < 25; round++) await Promise.all([worker, ...others].map((one) => one.wake()));
    for (const one of others) await one.stop();
    const given = (await histories(api)).get(task)?.filter(({ tool }) => tool === "task.assign");
    assert.equal(given?.length, 1, "one task was launched more than once");
    await api.run("task.complete", by("once", task));
  });

  test("a status that is written past the commands, with the service's own login, is found within a minute", async () => {
    await worker.wake();
    const { id } = await addTask(api, { scope: "warranty", hold: true });
    const forge = testStatement(
      "forge_completion",
      "UPDATE tasks SET status = 'completed', completed_at = now() WHERE id = $1",
    );
    await api.desk.db.row(forge, [id]);
    api.clock.advanceMs(60_000);
    await worker.wake();
    const { rows } = await api.owner.query<{ chain: string }>(
      "SELECT DISTINCT chain FROM audit_faults WHERE mended_at IS NULL",
    );
    assert.deepEqual(rows, [{ chain: id }], "a task that nobody did passes for done");
    await api.desk.db.row(
      testStatement("mend", "UPDATE tasks SET status = 'unassigned', completed_at = NULL WHERE id = $1"),
      [id],
    );
    api.clock.advanceMs(120_000);
    await worker.wake();
  });

  test("what is completed is never done again, whatever comes later", async () => {
    await startAgent(api, "finisher", { capabilities: ["finishing"] });
    const { id } = await addTask(api, { scope: "finishing", assignee: "finisher", timeout_ms: 1_000 });
    await api.run("task.complete", by("finisher", id, { summary: "Done" }));
    api.clock.advanceMs(130_000);
    await worker.wake();
    await tell(api, "finisher", "swarm.agent.finisher.stopped");
    for (const status of ["pending", "unassigned", "in_progress", "cancelled"]) {
      const refused = await api.refuse("task.update", { task: id, body: { status, reason: "Do it once more" } });
      assert.equal(refused.error.code, "INVALID_STATE_TRANSITION");
    }
    await worker.wake();
    assert.deepEqual(
      await heard(api, id),
      ["created", "assigned", "started", "completed"],
      "done work was taken up again",
    );
  });

  test("a task that could be done is stranded neither by lost news nor by a lost wake", async (t) => {
    const proxy = await startDeafProxy(api.databaseUrl);
    t.after(proxy.close);
    const env = { DISPATCH_TICK_INTERVAL_MS: "100" };
    const deaf = await startTestWorker({ ...api, databaseUrl: proxy.url }, { t, env });
    await deaf.wake();
    await addAgent(api, "quiet", { capabilities: ["quiet"], policy: "on_demand" });
    const { id } = await addTask(api, { scope: "quiet" });
    const wakes = async () => (await heardOf(api, "quiet")).filter((event) => event === "wake_requested").length;
    await eventually("the wake is asked for", async () => (await wakes()) === 1);
    // As if whoever was to send it had died with it.
    api.clock.advanceMs(30_000);
    await eventually("it is given up", async () => (await heardOf(api, "quiet")).includes("wake_failed"));
    api.clock.advanceMs(60_000);
    await eventually("it is asked for again", async () => (await wakes()) === 2);
    await tell(api, "quiet", "swarm.agent.quiet.started");
    await eventually("it is given out", async () => (await check(api, id)).assignee === "quiet");
  });

  test("a new process of an agent inherits no claim, and an old one can neither answer nor keep it alive", async () => {
    await startAgent(api, "reborn", { capabilities: ["reborn"] });
    const { token } = await api.run("worker.token", { as: "admin", worker: "reborn" });
    const [old, young] = [randomUUID(), randomUUID()];
    const asRun = (run: string, method: string, path: string, body: object) =>
      api.send(
        method,
        `/api/v1/${path}`,
        {
          "x-agent-id": "reborn",
          authorization: `Bearer ${token}`,
          "x-agent-run": run,
          "content-type": "application/json",
        },
        JSON.stringify(body),
      );
    const start = (run: string) =>
      asRun(run, "POST", "events", { subject: "swarm.agent.reborn.started", data: { run } });
    assert.equal((await start(old)).status, 202);
    const { id } = await addTask(api, { scope: "reborn", max_retries: 0 });
    await worker.wake();
    assert.equal((await asRun(old, "POST", `tasks/${id}/progress`, { percent: 10 })).status, 200);
    await api.run("worker.drain", { as: "admin", worker: "reborn" });
    assert.equal((await start(young)).status, 202);
    const back = await check(api, id);
    assert.deepEqual(
      [back.status, back.retry_count],
      ["pending", 0],
      "the new process has what only the old one knew of",
    );
    for (const path of ["agents/reborn/heartbeat", `tasks/${id}/complete`]) {
      const refused = await asRun(old, "POST", path, {});
      assert.match(refused.text, /AGENT_REPLACED/, "a process that was replaced is still believed");
    }
    assert.equal((await asRun(young, "POST", "agents/reborn/heartbeat", { activity: "idle" })).status, 200);
    // Its own start, said twice, costs it nothing.
    await api.run("worker.undrain", { as: "admin", worker: "reborn" });
    await worker.wake();
    assert.equal((await check(api, id)).assignee, "reborn");
    assert.equal((await start(young)).status, 202);
    assert.equal((await check(api, id)).assignee, "reborn");
  });
});

test("Postgres that is restarted while work is taken back loses none of it and gives nothing out twice", async (t) => {
  const postgres = await startOwnPostgres(t);
  const owner = new pg.Pool({ connectionString: postgres.url, max: 1 });
  owner.on("error", () => undefined);
  t.after(() => owner.end());
  const started = await startTestApi({ t, databaseUrl: () => postgres.url });
  const api = { ...started, owner, databaseUrl: postgres.url };
  const worker = await startTestWorker(api, { t });
  const slugs = ["lost-1", "lost-2", "lost-3", "lost-4"];
  for (const slug of slugs) await startAgent(api, slug, { capabilities: ["losing"], max_concurrent: 10 });
  const tasks = await Promise.all(Array.from({ length: 40 }, () => addTask(api, { scope: "losing", max_retries: 2 })));
  await worker.wake();
  for (let restarts = 0; restarts < 3; restarts++) {
    api.clock.advanceMs(300_001);
    const recovering = worker.wake();
    await postgres.kill();
    await recovering;
    await postgres.start();
    await worker.until("nothing is late any more", async () => {
      await Promise.all(slugs.map((slug) => heartbeat(api, slug, { activity: "idle" })));
      const [late] = await rowsOf<{ n: number }>(
        postgres.url,
        "SELECT count(*)::int AS n FROM tasks WHERE status IN ('assigned', 'in_progress') AND due_at < $1",
        [api.clock.iso],
      );
      return late?.n === 0;
    });
  }
  const all = await histories(api);
  assert.equal(all.size, tasks.length);
  for (const [task, steps] of all) {
    let holder: string | null = null;
    for (const { to, assignee } of steps) {
      if (to === "assigned") {
        assert.equal(holder, null, `${task} was given out while somebody had it`);
        holder = assignee;
      } else if (to === "pending" || to === "timed_out") holder = null;
    }
  }
});
