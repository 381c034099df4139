// What is promised reads the calendar: a time for which nobody is left is refused in strict and warned of in pilot, and the
// cockpit shows it; a visit that is over gets nobody.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { addSite, ana, ben } from "../support/directory.ts";
import { freeWindow, ticketIn } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

type Window = { readonly start: string; readonly end: string };

/** Both technicians have a visit then. */
async function allBooked(api: TestApi): Promise<Window> {
  const window = freeWindow(api);
  for (const techId of [ana, ben]) await ticketIn(api, "DISPATCHED", { techId, window });
  return window;
}

const proposed = async (api: TestApi, window: Window, siteId?: string) =>
  (await ticketIn(api, "SCHEDULE_PROPOSED", { window, ...(siteId && { siteId }) })).id;
const warnings = async (api: TestApi, window: Window, siteId?: string) => {
  const body = await api.run("schedule.confirm", {
    as: "customer",
    ticket: await proposed(api, window, siteId),
    body: window,
  });
  return ("warnings" in body && Array.isArray(body.warnings) ? body.warnings : []).map(
    (one: { code: string }) => one.code,
  );
};

describe("a promise in pilot", async () => {
  const api = await startTestApi();

  test("that somebody can keep is given without a word", async () => {
    assert.deepEqual(await warnings(api, freeWindow(api)), []);
  });

  test("for which everybody is booked is given with a warning", async () => {
    const window = await allBooked(api);
    assert.deepEqual(await warnings(api, window), ["NOBODY_FREE"]);
    const { queue } = await api.read("dispatcher.cockpit", { query: "limit=500" });
    const waiting = queue.find((row) => row.scheduled_start === window.start && row.assigned_tech === null);
    assert.equal(waiting?.attention?.code, "NOBODY_FREE", "before any worker has looked");
  });

  test("of work that nobody does there says so", async () => {
    const nevada = await addSite(api.owner, { region: "NV" });
    assert.deepEqual(await warnings(api, freeWindow(api), nevada), ["NOBODY_ABLE"]);
  });

  test("given to more than can come, before anybody was looked for, is told of", async () => {
    const window = freeWindow(api);
    const told = [];
    for (let n = 0; n < 3; n++) told.push(await warnings(api, window));
    assert.deepEqual(told, [[], [], ["PROMISED_TWICE"]]);
    const { queue } = await api.read("dispatcher.cockpit", {});
    const shown = queue.filter(({ scheduled_start: at }) => at === window.start).map((row) => row.attention?.code);
    assert.deepEqual(shown.filter(Boolean), ["PROMISED_TWICE"]);
  });

  test("of a time that has passed is put on record, and so is whoever went", async () => {
    const window = { start: api.clock.in(-180), end: api.clock.in(-120) };
    const id = await proposed(api, window);
    const confirmed = await api.run("schedule.confirm", { ticket: id, body: window });
    const sent = await api.run("assignment.dispatch", { ticket: id, body: { tech_id: ana } });
    for (const answer of [confirmed, sent])
      assert.match(JSON.stringify("warnings" in answer && answer.warnings), /WINDOW_IN_PAST/);
    assert.equal(sent.state, "DISPATCHED");
  });

  test("of a time that has passed is not the worker's to keep", async () => {
    const window = { start: api.clock.in(-180), end: api.clock.in(-120) };
    const id = await proposed(api, window);
    await api.run("schedule.confirm", { ticket: id, body: window });
    const body = { tech_id: ben, dispatch_mode: "WORKER_AUTO" };
    assert.equal((await api.refuse("assignment.dispatch", { ticket: id, body })).error.code, "WINDOW_IN_PAST");
  });
});

describe("a promise in strict", async () => {
  const api = await startTestApi({ profile: "strict" });

  test("that nobody can keep is refused with who is not free, to a customer without names", async () => {
    const window = await allBooked(api);
    const ticket = await proposed(api, window);
    const { error } = await api.refuse("schedule.confirm", { ticket, body: window });
    assert.equal(error.code, "NO_FEASIBLE_SLOT");
    const rejected = error["rejected"];
    assert.ok(Array.isArray(rejected));
    assert.deepEqual(rejected.map(({ tech_id, reason }) => [tech_id, reason]).sort(), [
      [ana, "BOOKED"],
      [ben, "BOOKED"],
    ]);
    assert.match(JSON.stringify(error), /tech_name/);
    const customers = await api.refuse("schedule.confirm", { as: "customer", ticket, body: window });
    assert.doesNotMatch(JSON.stringify(customers.error), /tech_name/);
    assert.equal((await api.read("ticket.get", { ticket })).state, "SCHEDULE_PROPOSED");
  });

  test("is given as long as somebody is left", async () => {
    const window = freeWindow(api);
    await ticketIn(api, "DISPATCHED", { techId: ana, window });
    const { state } = await api.run("schedule.confirm", { ticket: await proposed(api, window), body: window });
    assert.equal(state, "SCHEDULED");
  });

  test("of a visit that is over by now sends nobody", async () => {
    const window = freeWindow(api);
    const { id } = await ticketIn(api, "SCHEDULED", { window });
    api.clock.set(window.end);
    const { error } = await api.refuse("assignment.dispatch", { ticket: id, body: { tech_id: ana } });
    assert.deepEqual([error.code, error.message.includes("schedule.move")], ["WINDOW_IN_PAST", true]);
  });
});

test("the cockpit shows whom nobody is left for, once the worker has looked", async () => {
  const api = await startTestApi();
  const worker = await startTestWorker(api);
  const window = await allBooked(api);
  const id = await proposed(api, window);
  await api.run("schedule.confirm", { ticket: id, body: window });
  await worker.wake();
  const { queue } = await api.read("dispatcher.cockpit", {});
  assert.equal(queue.find(({ ticket_id }) => ticket_id === id)?.attention?.code, "NOBODY_FREE");
});
