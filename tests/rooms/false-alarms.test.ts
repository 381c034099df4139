// Agents that stop and start as they should alarm nobody, however often; one that falls silent alarms once.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { startTestWorker } from "../support/worker.ts";
import { heartbeat, startAgent, tell } from "../tasks/agents.ts";
import { addRoom, ask, statusOf } from "./rooms.ts";

const agents = 20;
const cycles = 50;

describe("of agents in rooms", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const slugs = Array.from({ length: agents }, (_, n) => `agent-${n}`);
  for (const slug of slugs) {
    await startAgent(api, slug);
    await addRoom(api, slug, { worker_id: slug });
  }
  const settle = async () => {
    for (let round = 0; round < 4; round++) await worker.wake();
  };
  const told = async (event: string) => {
    const { rows } = await api.owner.query<{ subject: string }>("SELECT subject FROM outbox WHERE event = $1", [event]);
    return rows.map(({ subject }) => subject);
  };
  const news = async () => JSON.parse((await ask(api, "GET", "/control/events?all=true")).text) as unknown[];
  const statuses = async () => Promise.all(slugs.map((slug) => statusOf(api, slug)));

  test(`${agents * cycles} clean stops and starts alarm nobody, and cost no push`, async () => {
    for (let cycle = 0; cycle < cycles; cycle++) {
      await Promise.all(
        slugs.map(async (slug) => {
          await tell(api, slug, `swarm.agent.${slug}.stopped`, { reason: "a new version" });
          await tell(api, slug, `swarm.agent.${slug}.started`);
        }),
      );
      // As long as each cycle may be, whoever is heard of at its beginning and end is not silent.
      api.clock.advanceMs(100_000);
      await worker.wake();
    }
    await settle();
    assert.deepEqual([...new Set(await statuses())], ["idle"]);
    assert.deepEqual([await told("degraded"), await told("push"), await news()], [[], [], []]);
    const { rows } = await api.owner.query<{ stops: number }>(
      "SELECT count(*)::int AS stops FROM outbox WHERE subject LIKE 'swarm.agent.%.stopped'",
    );
    assert.equal(rows[0]?.stops, agents * cycles);
  });

  test("one that falls silent alarms once, and is well again with a good heartbeat", async () => {
    const [silent = "", ...others] = slugs;
    for (let n = 0; n < 3; n++) {
      api.clock.advanceMs(60_000);
      await Promise.all(others.map((slug) => heartbeat(api, slug, { activity: "idle" })));
      await settle();
    }
    assert.deepEqual(await told("degraded"), [`swarm.agent.${silent}.degraded`]);
    assert.equal(await statusOf(api, silent), "error");
    assert.equal((await statuses()).filter((status) => status === "error").length, 1);
    api.clock.advanceMs(10);
    await heartbeat(api, silent, { activity: "idle" });
    await settle();
    assert.equal(await statusOf(api, silent), "idle");
    assert.deepEqual(await told("degraded"), [`swarm.agent.${silent}.degraded`]);
  });
});
