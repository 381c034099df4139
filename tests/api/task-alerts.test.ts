// When operators are told of desk tasks that nobody takes, and of agents that are missed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { startTestWorker } from "../support/worker.ts";
import { addRoom, ask, bodyOf, pushed } from "../rooms/rooms.ts";
import { addAgent, addTask, by, heartbeat, startAgent, tell } from "../tasks/agents.ts";

/**
 * A second later, as who asks within one is told the same. Not of events that are held back, nor of the log that waits for them: a
 * transaction of any test beside this one does so, on the one server that they share, and here the clock runs ahead.
 */
async function alerts(api: TestApi): Promise<JsonObject[]> {
  api.clock.advanceMs(1_000);
  const { text } = await api.send("GET", "/ops/alerts");
  const body: unknown = JSON.parse(text);
  assert.ok(isObject(body) && Array.isArray(body["alerts"]), text);
  return body["alerts"].filter(isObject).filter(({ code }) => code !== "OUTBOX_STUCK" && code !== "LOG_LATE");
}
const codes = async (api: TestApi) => (await alerts(api)).map(({ code }) => code);

test("a task that waits for longer than its priority allows fires, with why, until somebody has it", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  const urgent = await addTask(api, { priority: 1, scope: "quote" });
  const usual = await addTask(api, { priority: 3, scope: "quote" });
  await worker.wake();
  api.clock.advanceMs(299_000);
  assert.deepEqual(await codes(api), []);
  assert.deepEqual(await alerts(api), [
    {
      code: "TASKS_STUCK",
      severity: "warning",
      count: 1,
      threshold: 1,
      reason: "the most urgent has priority 1 and has waited for 5 min: no_capability",
      runbook: "ops/runbooks/tasks_stuck.md",
    },
  ]);
  api.clock.advance(55);
  assert.deepEqual(
    (await alerts(api)).map(({ count }) => count),
    [2],
  );
  await startAgent(api, "scribe", { capabilities: ["quote"] });
  await worker.wake();
  assert.deepEqual(await codes(api), []);
  // Given out again, it waits anew.
  await api.run("worker.drain", { as: "admin", worker: "scribe" });
  for (const { id } of [urgent, usual]) await api.run("task.fail", by("scribe", id, { error: "The printer is out" }));
  api.clock.advance(4);
  assert.deepEqual(await codes(api), []);
  api.clock.advance(1);
  assert.deepEqual((await codes(api)).includes("TASKS_STUCK"), true);
  for (const { id } of [urgent, usual]) await api.run("task.update", { task: id, body: { status: "cancelled" } });
  assert.deepEqual((await codes(api)).includes("TASKS_STUCK"), false);
});

test("a task that no worker has looked at is told as such; one that is held back for a person is not stuck", async (t) => {
  const api = await startTestApi({ t });
  await addTask(api, { priority: 1, hold: true });
  await addTask(api, { priority: 2 });
  api.clock.advance(16);
  const [alert] = await alerts(api);
  assert.equal(alert?.["count"], 1);
  assert.equal(alert["reason"], "the most urgent has priority 2 and has waited for 16 min: not told why");
});

test("an agent that falls silent at work fires from the lost heartbeat on, past the taking back, until it is heard of", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  await startAgent(api, "clerk");
  const { id } = await addTask(api, { priority: 5, timeout_ms: 86_400_000 });
  await worker.wake();
  await api.run("task.progress", by("clerk", id, { message: "On it" }));
  api.clock.advanceMs(119_000);
  assert.deepEqual(await codes(api), []);
  assert.deepEqual(await alerts(api), [
    { code: "AGENTS_SILENT", severity: "warning", count: 1, threshold: 1, runbook: "ops/runbooks/agents_silent.md" },
  ]);
  await worker.wake();
  assert.equal((await api.read("task.check", { task: id })).status, "pending");
  assert.deepEqual(await codes(api), ["AGENTS_SILENT"]);
  await heartbeat(api, "clerk", { activity: "idle" });
  assert.deepEqual(await codes(api), []);
});

test("who says it is out of order fires too, and is over when it has stopped, or stays away drained without work", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  await startAgent(api, "clerk");
  await startAgent(api, "scribe", { capabilities: ["quote"] });
  const first = await addTask(api, { priority: 5 });
  const second = await addTask(api, { priority: 5, scope: "quote" });
  await worker.wake();
  for (const slug of ["clerk", "scribe"]) await heartbeat(api, slug, { activity: "errored" });
  assert.deepEqual(
    (await alerts(api)).map(({ count }) => count),
    [2],
  );
  await tell(api, "clerk", "swarm.agent.clerk.stopped");
  assert.deepEqual(
    (await alerts(api)).map(({ count }) => count),
    [1],
  );
  // Drained, it still has what it had.
  await api.run("worker.drain", { as: "admin", worker: "scribe" });
  assert.deepEqual(await codes(api), ["AGENTS_SILENT"]);
  await api.run("task.complete", by("scribe", second.id));
  assert.deepEqual(await codes(api), []);
  await api.run("task.update", { task: first.id, body: { status: "cancelled" } });
});

test("a room in error fires with how long and what was lost, until it is reset", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  await addRoom(api, "desk");
  await pushed(api, "desk", "/queue-check");
  await worker.wake();
  assert.deepEqual(await codes(api), []);
  for (let round = 0; round < 12; round++) {
    api.clock.advanceMs(41_000);
    await worker.wake();
  }
  const [alert, ...others] = await alerts(api);
  assert.deepEqual(others, []);
  const { reason, ...told } = alert ?? {};
  assert.deepEqual(told, {
    code: "ROOMS_DEAF",
    severity: "warning",
    count: 1,
    threshold: 1,
    runbook: "ops/runbooks/rooms_deaf.md",
  });
  assert.match(String(reason), /^the first of them for \d min; pushes given up in the last hour: 1$/);
  bodyOf(await ask(api, "POST", "/rooms/desk/reset", {}, {}));
  assert.deepEqual(await codes(api), []);
});

test("who sleeps, or never had a task, is missed by nobody", async (t) => {
  const api = await startTestApi({ t });
  await addAgent(api, "sleeper", { policy: "on_demand" });
  await startAgent(api, "idle");
  api.clock.advanceMs(600_000);
  assert.deepEqual(await codes(api), []);
});
