// What needs a dispatcher's attention is told once when it begins, raises an alert while it holds, and is over with the change
// that ends it. The test holds the clock.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isObject } from "../../dispatch/kernel/json.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { addSite, addTechnician } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

/** The worker sends nobody, so that tickets stay where the test put them. */
const keepStill = (api: TestApi) => api.run("ops.autonomy.pause", { body: {} });

const toldOf = async (api: TestApi, ticket: string) =>
  (await api.read("ticket.timeline", { ticket })).events
    .filter(({ tool_name }) => tool_name === "attention.begin")
    .map(({ payload }) => (isObject(payload) ? payload["code"] : null));

async function attentionOf(api: TestApi, ticket: string) {
  const { queue } = await api.read("dispatcher.cockpit", { query: "limit=500&actions=none" });
  return queue.find(({ ticket_id }) => ticket_id === ticket)?.attention ?? null;
}

/** The API asks for its alerts once a second. */
const alertsAgain = (api: TestApi): void => api.clock.advanceMs(1_000);

async function firing(api: TestApi): Promise<unknown[]> {
  const { text } = await api.send("GET", "/ops/alerts");
  const body: unknown = JSON.parse(text);
  assert.ok(isObject(body) && Array.isArray(body["alerts"]));
  return body["alerts"]
    .filter(isObject)
    .map(({ code }) => code)
    .filter((code) => code === "VISIT_MISSED" || code === "NOBODY_CAN_GO");
}

test("a start that is near, then missed, and an overrun are told once each, by whichever worker; a miss raises an alert", async () => {
  const api = await startTestApi();
  const workers = await Promise.all([startTestWorker(api), startTestWorker(api)]);
  await keepStill(api);
  const window = { start: api.clock.in(60), end: api.clock.in(120) };
  const { id, techId } = await ticketIn(api, "SCHEDULED", { window });
  const wakeAll = () => Promise.all(workers.map((worker) => worker.wake()));
  const tells = (codes: readonly string[]) =>
    eventually(`${codes} are told`, async () => {
      await wakeAll();
      return (await toldOf(api, id)).length >= codes.length;
    }).then(async () => assert.deepEqual(await toldOf(api, id), codes));

  api.clock.advance(60);
  // The start is near, and nobody is to go.
  await tells(["NOT_SENT"]);
  assert.deepEqual(await firing(api), []);
  api.clock.advance(1);
  await tells(["NOT_SENT"]);
  assert.deepEqual(await firing(api), ["VISIT_MISSED"]);
  api.clock.advance(1);
  await tells(["NOT_SENT"]);

  await api.run("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
  await tells(["NOT_SENT", "LATE_ARRIVAL"]);
  assert.deepEqual(await firing(api), ["VISIT_MISSED"]);
  await api.run("tech.check_in", { as: "tech", ticket: id, body: { timestamp: api.clock.iso } });
  alertsAgain(api);
  assert.deepEqual([await attentionOf(api, id), await firing(api)], [null, []]);
  api.clock.advance(60);
  await tells(["NOT_SENT", "LATE_ARRIVAL", "OVERRUN"]);
  assert.deepEqual(await firing(api), []);

  const { rows } = await api.owner.query(
    "SELECT subject FROM outbox WHERE aggregate_id = $1 AND event = 'attention_begin'",
    [id],
  );
  assert.deepEqual(
    rows,
    [1, 2, 3].map(() => ({ subject: `field.ticket.${id}.attention_begin` })),
  );
});

test("that nobody is able, or nobody free, is told when the worker finds it, and over when somebody can go", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const siteId = await addSite(api.owner, { region: "NV" });
  const window = { start: api.clock.in(600), end: api.clock.in(660) };
  const { id } = await ticketIn(api, "SCHEDULED", { siteId, window });
  await worker.until("nobody is able", async () => (await attentionOf(api, id))?.code === "NOBODY_ABLE");
  await worker.until("it is told", async () => (await toldOf(api, id)).length === 1);
  assert.deepEqual([await toldOf(api, id), await firing(api)], [["NOBODY_ABLE"], ["NOBODY_CAN_GO"]]);

  // Somebody who works there joins, and takes it; a second visit at the same time has nobody left.
  await addTechnician(api.owner, { zone: "NV" });
  await worker.until(
    "somebody can go",
    async () => (await api.read("ticket.get", { ticket: id })).assigned_tech_id !== null,
  );
  alertsAgain(api);
  assert.deepEqual([await attentionOf(api, id), await firing(api)], [null, []]);
  const second = await ticketIn(api, "SCHEDULED", { siteId, window });
  await worker.until("it is told", async () => (await toldOf(api, second.id)).length === 1);
  alertsAgain(api);
  assert.deepEqual([await toldOf(api, second.id), await firing(api)], [["NOBODY_FREE"], ["NOBODY_CAN_GO"]]);
  assert.equal((await attentionOf(api, second.id))?.code, "NOBODY_FREE");
});

test("a hold that ended without an answer shows until the work has a time again", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  await keepStill(api);
  const { id } = await ticketIn(api, "PENDING_CUSTOMER_CONFIRMATION");
  api.clock.advance(241);
  await worker.wake();
  const { code, since } = (await attentionOf(api, id)) ?? assert.fail();
  assert.deepEqual([code, since], ["HOLD_ENDED", api.clock.iso]);
  const options = [{ start: api.clock.in(600), end: api.clock.in(660) }];
  await api.run("schedule.propose", { ticket: id, body: { options } });
  assert.equal(await attentionOf(api, id), null);
});
