// What metrics tell of desk tasks and their agents: how many there are of each, and what became of them since the desk began, whichever
// processes have started anew since.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { metricsWith } from "../support/metrics.ts";
import { eventually } from "../support/eventually.ts";
import { startTestWorker, type TestWorker } from "../support/worker.ts";
import { addRoom, pushed } from "../rooms/rooms.ts";
import { addAgent, addTask, by, startAgent, tell } from "../tasks/agents.ts";

/** As a process that has just started tells them. */
const shownAnew = async (api: TestApi, ...lines: readonly RegExp[]): Promise<string> =>
  metricsWith(await startTestApi({ beside: api }), ...lines);

/** Until so many waits are added up: transactions of other tests on the server may hold events back for a moment. */
const addedUp = (api: TestApi, worker: TestWorker, waits: number) =>
  eventually("all is added up", async () => {
    await worker.wake();
    const { rows } = await api.owner.query<{ waits: number }>(
      "SELECT (SELECT sum(n) FROM unnest(waits) n)::int AS waits FROM task_tally",
    );
    const behind = await api.owner.query("SELECT FROM outbox o, task_tally t WHERE (o.xact, o.id) > (t.xact, t.id)");
    return rows[0]?.waits === waits && behind.rowCount === 0;
  });

test("tasks are told by state and agents by whether they are heard of", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  await startAgent(api, "clerk", { max_concurrent: 1 });
  await addAgent(api, "sleeper", { policy: "on_demand", capabilities: ["sleep"] });
  const first = await addTask(api, { priority: 1 });
  await worker.wake();
  await api.run("task.complete", by("clerk", first.id));
  await addTask(api);
  await worker.wake();
  await addTask(api, { priority: 2 });
  await addRoom(api, "desk");
  await addRoom(api, "deaf");
  await api.owner.query("UPDATE rooms SET agent_status = 'error' WHERE name = 'deaf'");
  await pushed(api, "deaf", "/queue-check");
  api.clock.advanceMs(90_000);
  await shownAnew(
    api,
    /^dispatch_tasks\{status="pending"\} 1$/m,
    /^dispatch_tasks\{status="assigned"\} 1$/m,
    /^dispatch_tasks\{status="completed"\} 1$/m,
    /^dispatch_tasks\{status="timed_out"\} 0$/m,
    /^dispatch_tasks_oldest_wait_seconds\{priority="2"\} 90$/m,
    /^dispatch_tasks_oldest_wait_seconds\{priority="1"\} 0$/m,
    /^dispatch_agents\{status="awake"\} 1$/m,
    /^dispatch_agents\{status="silent"\} 0$/m,
    /^dispatch_agents\{status="away"\} 1$/m,
    /^dispatch_rooms\{status="idle"\} 1$/m,
    /^dispatch_rooms\{status="error"\} 1$/m,
    /^dispatch_pushes\{what="waiting"\} 1$/m,
    /^dispatch_pushes\{what="lost"\} 0$/m,
  );
  api.clock.advanceMs(60_000);
  await shownAnew(api, /^dispatch_agents\{status="awake"\} 0$/m, /^dispatch_agents\{status="silent"\} 1$/m);
});

test("waits, wakes and tasks that nobody can take are added up once each, by any number of workers, and outlive them", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  await shownAnew(
    api,
    /^dispatch_unmatched_total 0$/m,
    /^dispatch_wakes_total\{outcome="ready"\} 0$/m,
    /^dispatch_assign_latency_seconds_count 0$/m,
  );
  await addTask(api, { scope: "nobody" });
  await addAgent(api, "deep", { policy: "on_demand", capabilities: ["deep"] });
  await addAgent(api, "light", { policy: "on_demand", capabilities: ["light"] });
  await addTask(api, { scope: "deep" });
  await addTask(api, { scope: "light" });
  await worker.wake();
  api.clock.advanceMs(2_000);
  await tell(api, "light", "swarm.agent.light.started");
  await worker.wake();
  api.clock.advanceMs(28_000);
  await worker.wake();
  await worker.wake();
  const other = await startTestWorker(api, { t });
  await Promise.all([worker.wake(), other.wake()]);
  await addedUp(api, other, 1);
  const text = await shownAnew(
    api,
    // The second is that deep did not come.
    /^dispatch_unmatched_total 2$/m,
    /^dispatch_wakes_total\{outcome="ready"\} 1$/m,
    /^dispatch_wakes_total\{outcome="failed"\} 1$/m,
    /^# TYPE dispatch_assign_latency_seconds histogram$/m,
    /^dispatch_assign_latency_seconds_bucket\{le="1"\} 0$/m,
    /^dispatch_assign_latency_seconds_bucket\{le="2.5"\} 1$/m,
    /^dispatch_assign_latency_seconds_bucket\{le="\+Inf"\} 1$/m,
    /^dispatch_assign_latency_seconds_sum 2$/m,
    /^dispatch_assign_latency_seconds_count 1$/m,
  );
  assert.match(text, /^# HELP dispatch_wakes_total .*no restart ends it/m);
});

test("a task that is given out again waits anew", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  await startAgent(api, "clerk");
  const { id } = await addTask(api);
  await worker.wake();
  api.clock.advanceMs(100_000);
  await api.run("worker.drain", { as: "admin", worker: "clerk" });
  await api.run("task.fail", by("clerk", id, { error: "The archive is closed" }));
  api.clock.advanceMs(400);
  await api.run("worker.undrain", { as: "admin", worker: "clerk" });
  await addedUp(api, worker, 2);
  await shownAnew(
    api,
    /^dispatch_assign_latency_seconds_bucket\{le="0.05"\} 1$/m,
    /^dispatch_assign_latency_seconds_bucket\{le="0.5"\} 2$/m,
  );
});

test("requests are told under the contract's name too, in the same numbers", async (t) => {
  const api = await startTestApi({ t });
  await api.send("GET", "/openapi.json");
  const text = await metricsWith(
    api,
    /^dispatch_http_requests_total\{method="GET",endpoint="\/openapi.json",status="200"\} 1$/m,
  );
  const values = (name: string) =>
    text.split("\n").flatMap((line) => (line.startsWith(`${name}{`) ? [line.slice(name.length)] : []));
  assert.ok(values("dispatch_http_requests_total").length > 0);
  assert.deepEqual(values("dispatch_http_requests_total"), values("dispatch_requests_total"));
});
