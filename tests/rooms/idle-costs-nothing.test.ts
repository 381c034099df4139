// An office without work calls no model, however long it stands: whatever begins a model's turn is counted by who stands in for all.
// What comes then wakes the one it is for, and what that took in tokens is kept with the task.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { startTestWorker } from "../support/worker.ts";
import { addAgent, addTask, by, heartbeat, startAgent, tell } from "../tasks/agents.ts";
import { addRoom } from "./rooms.ts";

const agents = 20;
/** As a silent agent is given up after two minutes. */
const heartbeatMs = 110_000;
const dayMs = 24 * 3_600_000;

describe(`${agents} agents in rooms`, async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api, { env: { DISPATCH_WEBHOOK_PRIVATE_ADDRESSES: "true" } });
  /** The turns that would have begun: in which room, and with what. */
  const turns: string[] = [];
  const model = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
    request.on("end", () => {
      turns.push(`${request.url ?? ""} ${String((JSON.parse(text) as { command?: unknown }).command)}`);
      response.end('{"ack":true}');
    });
  });
  await once(model.listen(0, "127.0.0.1"), "listening");
  const address = model.address();
  assert.ok(address !== null && typeof address === "object");
  const awake = Array.from({ length: agents / 2 }, (_, n) => `awake-${n}`);
  const asleep = Array.from({ length: agents / 2 }, (_, n) => `asleep-${n}`);
  for (const slug of awake) await startAgent(api, slug, { capabilities: [slug] });
  for (const slug of asleep) await addAgent(api, slug, { capabilities: [slug], policy: "on_demand" });
  for (const slug of [...awake, ...asleep])
    await addRoom(api, slug, {
      worker_id: slug,
      transport: "webhook",
      address: `http://127.0.0.1:${address.port}/${slug}`,
      secret: "a-secret-that-nobody-else-has",
    });

  test("cost no model call in 24 hours without work", async () => {
    for (let passed = 0, beat = 0; passed < dayMs; passed += heartbeatMs, beat++) {
      api.clock.advanceMs(heartbeatMs);
      await Promise.all(awake.map((slug) => heartbeat(api, slug, { activity: "idle" })));
      if (beat % 4 === 0) await worker.wake();
    }
    await worker.wake();
    assert.deepEqual(turns, []);
    const { rows } = await api.owner.query("SELECT count(*)::int AS pushes FROM pushes");
    assert.deepEqual(rows, [{ pushes: 0 }]);
  });

  test("work begins one turn, of whom it is for, and of nobody else", async (t) => {
    t.after(() => {
      model.close();
      model.closeAllConnections();
    });
    const { id } = await addTask(api, { scope: "awake-7" });
    await worker.until("it is heard", async () => turns.length > 0);
    assert.deepEqual(turns, [`/awake-7 /task ${id}`]);
    await api.run("task.complete", by("awake-7", id, { summary: "done", tokens_used: 12_345 }));
    assert.equal((await api.read("task.check", { task: id })).tokens_used, 12_345);

    await addTask(api, { scope: "asleep-3" });
    await worker.until("the sleeper is woken", async () => turns.length > 1);
    assert.equal(turns[1]?.split(" ")[0], "/asleep-3");
    await tell(api, "asleep-3", "swarm.agent.asleep-3.started");
    await worker.wake();
    await eventually("nobody else is", async () => turns.every((turn) => /^\/(awake-7|asleep-3) /.test(turn)));
  });
});
