// What agents could not tell anybody, while no API was there or Postgres was away, is not held against them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { startTestWorker } from "../support/worker.ts";
import { agentsByStatus, countMissedAgents } from "../../dispatch/workforce/task-standing.ts";
import { addTask, by, heartbeat, startAgent } from "./agents.ts";

const outageMs = 600_000;

/** No API any more, and as long since as the outage takes. */
async function fallDeaf(api: TestApi): Promise<void> {
  await api.stop();
  api.clock.advanceMs(outageMs);
  const { rowCount } = await api.owner.query(
    "UPDATE desk_listening SET listening_at = listening_at - make_interval(secs => $1)",
    [outageMs / 1_000],
  );
  assert.equal(rowCount, 1);
}

async function startAtWork(api: TestApi, slug: string): Promise<string> {
  const { id } = await addTask(api, { timeout_ms: 86_400_000, scope: slug });
  await startAgent(api, slug, { capabilities: [slug] });
  return id;
}

const standing = async ({ owner }: TestApi) =>
  (
    await owner.query<{ held: string }>(
      "SELECT concat(status, ' ', assignee) AS held FROM tasks ORDER BY created_at, scope",
    )
  ).rows.map(({ held }) => held);

test("an outage takes work from no agent: who is heard of behind it keeps it, who is not has two minutes, as ever", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  const [well, dead] = [await startAtWork(api, "well"), await startAtWork(api, "dead")];
  await worker.wake();
  for (const [slug, task] of [
    ["well", well],
    ["dead", dead],
  ] as const)
    await api.run("task.progress", by(slug, task, { message: "On it" }));
  const both = ["in_progress dead", "in_progress well"];
  const judged = async (desk: TestApi["desk"]) => ({
    missed: await countMissedAgents(desk.db, api.clock.iso),
    silent: (await agentsByStatus(desk.db, api.clock.now())).get("silent"),
  });

  await fallDeaf(api);
  await worker.wake();
  assert.deepEqual((await standing(api)).toSorted(), both, "nobody is judged while nobody listens");

  const back = await startTestApi({ t, beside: api });
  await worker.wake();
  assert.deepEqual((await standing(api)).toSorted(), both, "nobody was heard of yet, and nobody could be");
  assert.deepEqual(await judged(back.desk), { missed: 0, silent: 0 });

  api.clock.advanceMs(60_000);
  await heartbeat(back, "well", { activity: "working" });
  api.clock.advanceMs(60_000);
  await worker.wake();
  assert.deepEqual((await standing(api)).toSorted(), both, "exactly as late as is allowed");
  assert.deepEqual(await judged(back.desk), { missed: 0, silent: 0 });
  api.clock.advanceMs(1);
  assert.deepEqual(await judged(back.desk), { missed: 1, silent: 1 });
  await worker.wake();
  assert.deepEqual((await standing(api)).toSorted(), ["in_progress well", "pending "]);
  assert.deepEqual(await judged(back.desk), { missed: 1, silent: 1 });
});

test("a second API, or one that was away for a moment, changes nothing of who is silent", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  await startAtWork(api, "dead");
  await worker.wake();
  api.clock.advanceMs(120_001);
  await startTestApi({ t, beside: api });
  await worker.wake();
  assert.deepEqual(await standing(api), ["pending "]);
});

test("a desk whose APIs are of the release before, and say nothing, judges as it did", async (t) => {
  const api = await startTestApi({ t });
  const worker = await startTestWorker(api, { t });
  await startAtWork(api, "dead");
  await worker.wake();
  await api.stop();
  await api.owner.query("UPDATE desk_listening SET listening_at = NULL, listening_since = NULL");
  api.clock.advanceMs(120_001);
  await worker.wake();
  assert.deepEqual(await standing(api), ["pending "]);
});
