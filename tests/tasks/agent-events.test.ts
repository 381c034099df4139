// The stream of events under /api/v1: the envelope, what an agent hears, where it goes on, and what it is told when something is missing.

import assert from "node:assert/strict";
import { test, describe } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { parseRefusal } from "../support/response-schemas.ts";
import { startTestWorker } from "../support/worker.ts";
import { addTask, by, startAgent } from "./agents.ts";

type Told = { readonly id: string; readonly event: string; readonly data: { readonly [field: string]: unknown } };

/** Reads a stream until so many events have come. */
async function read(api: TestApi, slug: string, { query = "", count = 1, headers = {} } = {}): Promise<Told[]> {
  const abort = new AbortController();
  const response = await fetch(`${api.url}/api/v1/events${query}`, {
    headers: { "x-agent-id": slug, ...headers },
    // What does not come is told as such, and not by the time limit of the test.
    signal: AbortSignal.any([abort.signal, AbortSignal.timeout(60_000)]),
  });
  assert.equal(response.status, 200, response.status === 200 ? "" : await response.text());
  assert.ok(response.body);
  const told: Told[] = [];
  let rest = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    rest += chunk;
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));
      if (fields["data"] !== undefined)
        told.push({ id: fields["id"] ?? "", event: fields["event"] ?? "", data: JSON.parse(fields["data"]) });
    }
    if (told.length >= count) break;
  }
  abort.abort();
  return told;
}

const codeOf = async (response: Response): Promise<string> => parseRefusal(await response.json()).code;

const fromTheBeginning = "?after=0.0";

describe("an agent's stream of events", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  await startAgent(api, "clerk");
  await startAgent(api, "other", { capabilities: ["other"] });

  test("tells of its own tasks and of itself, each event with an id of its own, in the envelope", async () => {
    const { id } = await addTask(api);
    await addTask(api, { scope: "other" });
    await worker.wake();
    await api.run("task.complete", by("clerk", id, { summary: "Done" }));
    const told = await read(api, "clerk", { query: `${fromTheBeginning}&subject=swarm.task.%3E`, count: 3 });
    assert.deepEqual(
      told.map(({ event }) => event),
      ["assigned", "started", "completed"].map((last) => `swarm.task.${id}.${last}`),
    );
    const last = told.at(-1)?.data ?? {};
    assert.deepEqual(Object.keys(last), ["id", "subject", "time", "actor", "correlation_id", "data"]);
    assert.deepEqual([last["actor"], last["subject"]], ["clerk", `swarm.task.${id}.completed`]);
    assert.equal(new Set(told.map(({ data }) => data["id"])).size, 3);
    const own = await read(api, "clerk", { query: `${fromTheBeginning}&subject=swarm.agent.%3E`, count: 2 });
    assert.deepEqual(
      own.map(({ event }) => event),
      ["swarm.agent.clerk.registered", "swarm.agent.clerk.started"],
    );
  });

  test("goes on behind the last event it had, and says so when what followed that was removed", async () => {
    const told = await read(api, "clerk", { query: `${fromTheBeginning}&subject=swarm.task.%3E`, count: 3 });
    const [first, second] = told;
    assert.ok(first && second);
    const again = await read(api, "clerk", {
      query: "?subject=swarm.task.%3E",
      headers: { "last-event-id": first.id },
      count: 1,
    });
    assert.deepEqual(again[0], second);
    await api.owner.query("DELETE FROM outbox WHERE (xact, id) <= ($1::xid8, $2::bigint)", second.id.split("."));
    const missed = await read(api, "clerk", { headers: { "last-event-id": first.id }, count: 2 });
    assert.equal(missed[0]?.event, "gap");
    assert.equal(missed[1]?.event, told[2]?.event);
  });

  test("is one of five at most, and nobody's without a name", async () => {
    const streams = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const abort = new AbortController();
        const response = await fetch(`${api.url}/api/v1/events`, {
          headers: { "x-agent-id": "other" },
          signal: abort.signal,
        });
        // A response that nothing holds any more may be collected, which closes its stream.
        return { abort, response };
      }),
    );
    const sixth = await fetch(`${api.url}/api/v1/events`, { headers: { "x-agent-id": "other" } });
    for (const { response } of streams) assert.equal(response.status, 200);
    assert.equal(sixth.status, 429);
    assert.equal(await codeOf(sixth), "RATE_LIMITED");
    for (const { abort } of streams) abort.abort();
    const nobody = await fetch(`${api.url}/api/v1/events`);
    assert.deepEqual([nobody.status, await codeOf(nobody)], [401, "AGENT_ID_REQUIRED"]);
  });
});
