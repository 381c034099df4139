// What the queue tells of desk tasks and their agents: how many there are of each, on a desk that has any, to who may know.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mostWorkCounted } from "../../dispatch/contract/task-responses.ts";
import { startTestApi } from "../support/api.ts";
import { acme } from "../support/directory.ts";
import { startTestWorker } from "../support/worker.ts";
import { addRoom } from "../rooms/rooms.ts";
import { addAgent, addTask, by, heartbeat, startAgent } from "../tasks/agents.ts";

test("a desk without tasks and agents answers as it did before there were any", async (t) => {
  const api = await startTestApi({ t });
  assert.equal("desk_work" in (await api.read("dispatcher.cockpit")), false);
});

test("tasks are counted by what they wait for, and agents by whether they are heard of", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  await addAgent(api, "sleeper", { policy: "on_demand", capabilities: ["sleep"] });
  await startAgent(api, "clerk", { max_concurrent: 10 });
  await startAgent(api, "lost", { capabilities: ["lost"] });
  const given = await Promise.all([
    addTask(api),
    addTask(api, { review_required: true }),
    addTask(api, { max_retries: 0 }),
    addTask(api),
  ]);
  await worker.wake();
  const [, reviewed, failed, done] = given.map(({ id }) => id);
  await api.run("task.complete", by("clerk", reviewed ?? ""));
  await api.run("task.fail", by("clerk", failed ?? "", { error: "The archive is closed", retry: false }));
  await api.run("task.complete", by("clerk", done ?? ""));
  await addTask(api, { scope: "nobody" });
  await addTask(api, { hold: true });
  api.clock.advanceMs(120_001);
  await heartbeat(api, "clerk");
  const { desk_work } = await api.read("dispatcher.cockpit");
  assert.deepEqual(desk_work, {
    tasks: { pending: 1, in_progress: 1, in_review: 1, blocked: 0, failed: 1 },
    agents: { awake: 1, silent: 1 },
    rooms: { in_error: 0, names: [] },
  });
  for (let n = 0; n < 7; n++) await addRoom(api, `room-${n}`);
  await api.owner.query("UPDATE rooms SET agent_status = 'error' WHERE name <> 'room-0'");
  const { rooms } = (await api.read("dispatcher.cockpit")).desk_work ?? {};
  assert.deepEqual(rooms, { in_error: 6, names: ["room-1", "room-2", "room-3", "room-4", "room-5"] });
  api.clock.advance(24 * 60);
  assert.equal((await api.read("dispatcher.cockpit")).desk_work?.tasks.failed, 0, "what failed yesterday is history");
});

test("whoever may not see all accounts and sites hears nothing of the desk's tasks", async (t) => {
  const api = await startTestApi({ t });
  await addTask(api);
  assert.notEqual((await api.read("dispatcher.cockpit")).desk_work, undefined);
  for (const headers of [{ "x-account-scope": acme.id }, { "x-site-scope": acme.oakland }])
    assert.equal("desk_work" in (await api.read("dispatcher.cockpit", { headers })), false);
});

test("of a long queue no more are counted than anybody needs to know", async (t) => {
  const api = await startTestApi({ t });
  const { id } = await addTask(api);
  await api.owner.query(
    `INSERT INTO tasks (id, kind, title, scope, priority, status, requester, required_capabilities, requirement, timeout_ms, max_retries,
                        retry_count, review_required, paused, version, created_at, updated_at, audit_seq, audit_hash, audit_at)
     SELECT gen_random_uuid(), kind, title, scope, priority, status, requester, required_capabilities, requirement, timeout_ms, max_retries,
            retry_count, review_required, paused, version, created_at, updated_at, audit_seq, audit_hash, audit_at
     FROM tasks, generate_series(1, $2) WHERE id = $1`,
    [id, mostWorkCounted + 10],
  );
  assert.equal((await api.read("dispatcher.cockpit")).desk_work?.tasks.pending, mostWorkCounted);
});
