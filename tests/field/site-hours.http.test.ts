// A site's hours and holidays: whatever sets or fills a visit's time keeps inside them, says which they are where it cannot, and
// lets an emergency past with the advice to ask the site.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { objectsIn, startTestApi, type TestApi } from "../support/api.ts";
import { addSite, ana, ben } from "../support/directory.ts";
import { ticketIn, type Plan } from "../support/ticket-builder.ts";
import { startTestWorker } from "../support/worker.ts";

const workdays = [{ weekdays: [1, 2, 3, 4, 5], start_time: "09:00", end_time: "17:00" }];
const reason = "the customer asks for another time";
/** On Wednesday the fourth of March the shop in Oakland is open from 17:00 to 01:00 UTC. */
const inHours = { start: "2026-03-04T18:00:00.000Z", end: "2026-03-04T19:00:00.000Z" };
const tooEarly = { start: "2026-03-04T16:30:00.000Z", end: "2026-03-04T17:30:00.000Z" };
const hoursSaid = /the site is open 09:00-17:00 on Wednesday 2026-03-04 \(local time, America\/Los_Angeles\)/i;

async function shop(api: TestApi, { hours = workdays, calendar = null as string | null } = {}): Promise<string> {
  const id = await addSite(api.owner);
  const set = `UPDATE sites SET timezone = 'America/Los_Angeles', hours = $2, holiday_calendar = $3 WHERE id = $1`;
  await api.owner.query(set, [id, JSON.stringify(hours), calendar]);
  return id;
}

const ready = async (api: TestApi, siteId: string, more: Plan = {}) =>
  (await ticketIn(api, "READY_TO_SCHEDULE", { siteId, ...more })).id;

const warningsOf = (answer: { warnings?: { code: string; message: string }[] }) =>
  (answer.warnings ?? []).map(({ code }) => code);

const confirmed = async (api: TestApi, siteId: string, window: typeof inHours, more: Plan = {}) => {
  const { id } = await ticketIn(api, "SCHEDULE_PROPOSED", { siteId, window, ...more });
  return { id, answer: await api.run("schedule.confirm", { ticket: id, body: window }) };
};

describe("a site that is closed", async () => {
  const api = await startTestApi();
  const site = await shop(api);

  test("is offered no slot then, and the first when it opens", async () => {
    const ticket = await ready(api, site);
    const ask = (from: string, to: string) =>
      api.read("schedule.slots", { ticket, query: `earliest=${from}&latest=${to}&duration_minutes=60&limit=50` });
    const { slots } = await ask("2026-03-04T15:00:00Z", "2026-03-04T18:30:00Z");
    assert.deepEqual(
      [...new Set(slots.map(({ start_local }) => start_local?.slice(11, 16)))],
      ["09:00", "09:15", "09:30"],
    );
    const none = await ask(tooEarly.start, tooEarly.end);
    assert.deepEqual(
      [none.slots, none.rejected.map(({ tech_id, reason: why }) => [tech_id, why])],
      [[], [ana, ben].map((tech) => [tech, "SITE_CLOSED"])],
    );
    assert.match(none.rejected[0]?.detail ?? "", hoursSaid);
    const weekend = await ask("2026-03-07T08:00:00Z", "2026-03-08T08:00:00Z");
    assert.match(weekend.rejected[0]?.detail ?? "", /closed on Saturday 2026-03-07/);
  });

  test("says so of somebody who could come only then", async () => {
    const ticket = await ready(api, site);
    await api.owner.query(`UPDATE technicians SET active = (id = $1)`, [ana]);
    await ticketIn(api, "DISPATCHED", {
      techId: ana,
      window: { start: "2026-03-11T16:00:00.000Z", end: "2026-03-12T01:00:00.000Z" },
    });
    const { rejected } = await api.read("schedule.slots", {
      ticket,
      query: "earliest=2026-03-11T13:00:00Z&latest=2026-03-12T03:00:00Z&duration_minutes=60",
    });
    assert.deepEqual(
      rejected.filter(({ tech_id }) => tech_id === ana).map((one) => one.reason),
      ["SITE_CLOSED"],
    );
    assert.match(rejected.find(({ tech_id }) => tech_id === ana)?.detail ?? "", /free only when the site is closed/);
    await api.owner.query(`UPDATE technicians SET active = true`);
  });

  test("is booked when it opens, or not at all", async () => {
    const ticket = await ready(api, site);
    const body = { earliest: "2026-03-05T15:00:00Z", latest: "2026-03-05T20:00:00Z", strategy: "earliest" };
    const { error } = await api.refuse("schedule.book", { ticket, body: { ...body, latest: "2026-03-05T17:30:00Z" } });
    assert.equal(error.code, "NO_FEASIBLE_SLOT");
    assert.deepEqual(new Set(objectsIn(error["rejected"]).map((one) => one["reason"])), new Set(["SITE_CLOSED"]));
    const { booking, warnings = [] } = await api.run("schedule.book", { ticket, body });
    assert.deepEqual([booking.start_local, warnings], ["2026-03-05T09:00:00-08:00", []]);
  });

  test("is moved to no time at which it is closed, whoever is named", async () => {
    const { id } = await confirmed(api, site, inHours);
    const { error } = await api.refuse("schedule.move", { ticket: id, body: { ...tooEarly, reason } });
    assert.deepEqual(
      [error.code, ...new Set(objectsIn(error["rejected"]).map((one) => one["reason"]))],
      ["NO_FEASIBLE_SLOT", "SITE_CLOSED"],
    );
    const named = await api.refuse("schedule.move", { ticket: id, body: { ...tooEarly, reason, tech_id: ben } });
    assert.deepEqual([named.error.code, named.error["reason"]], ["TECH_UNAVAILABLE", "SITE_CLOSED"]);
    assert.match(String(named.error["detail"]), hoursSaid);
  });

  test("is warned of where a time is offered or a customer's is put down, and nobody is sent then but by an override", async () => {
    const ticket = await ready(api, site);
    const offered = await api.run("schedule.propose", { ticket, body: { options: [inHours, tooEarly] } });
    assert.deepEqual(warningsOf(offered), ["SITE_CLOSED"]);
    const taken = await api.run("schedule.confirm", { ticket, body: tooEarly });
    assert.deepEqual(warningsOf(taken), ["SITE_CLOSED"]);
    assert.match(taken.warnings?.[0]?.message ?? "", hoursSaid);
    const body = { service_type: "DEFAULT" };
    const { recommendations, rejected } = await api.run("assignment.recommend", { ticket, body });
    assert.deepEqual([recommendations, new Set(rejected.map((one) => one.reason))], [[], new Set(["SITE_CLOSED"])]);
    const { error } = await api.refuse("assignment.dispatch", { ticket, body: { tech_id: ana } });
    assert.deepEqual([error.code, error["reason"]], ["TECH_UNAVAILABLE", "SITE_CLOSED"]);
    const override = {
      override_type: "reassign_tech",
      tech_id: ana,
      reason_code: "other",
      note: "they open up for us",
    };
    const sent = await api.run("assignment.override", { ticket, body: override });
    assert.deepEqual([sent.ticket.state, warningsOf(sent)], ["DISPATCHED", ["SITE_CLOSED"]]);
  });

  test("is not warned of when it is open, or has no hours", async () => {
    const window = { start: "2026-03-13T18:00:00.000Z", end: "2026-03-13T19:00:00.000Z" };
    for (const siteId of [site, await addSite(api.owner)])
      assert.deepEqual(warningsOf((await confirmed(api, siteId, window)).answer), []);
  });

  test("takes an emergency, with the advice to ask first", async () => {
    const ticket = await ready(api, site, { priority: "EMERGENCY" });
    const query = `earliest=${tooEarly.start}&latest=${tooEarly.end}&duration_minutes=60`;
    const { slots } = await api.read("schedule.slots", { ticket, query });
    assert.ok(slots.length > 0 && slots.every(({ factors }) => factors.some(({ factor }) => factor === "SITE_CLOSED")));
    const body = { earliest: tooEarly.start, latest: tooEarly.end, duration_minutes: 60 };
    const booked = await api.run("schedule.book", { ticket, body });
    assert.deepEqual(warningsOf(booked), ["SITE_CLOSED"]);
    assert.match(booked.warnings?.[0]?.message ?? "", /ask the site first/);
    const later = { start: "2026-03-04T14:30:00.000Z", end: "2026-03-04T15:30:00.000Z" };
    assert.deepEqual(warningsOf(await api.run("schedule.move", { ticket, body: { ...later, reason } })), [
      "SITE_CLOSED",
    ]);
    assert.deepEqual(warningsOf(await api.run("assignment.dispatch", { ticket, body: { tech_id: ana } })), [
      "SITE_CLOSED",
    ]);
    const promised = await confirmed(api, site, later, { priority: "EMERGENCY" });
    assert.deepEqual(warningsOf(promised.answer), ["SITE_CLOSED"]);
    const now = await ticketIn(api, "TRIAGED", { siteId: site, priority: "EMERGENCY" });
    const bypass = {
      tech_id: ben,
      dispatch_mode: "EMERGENCY_BYPASS",
      dispatch_rationale: "water everywhere, asked for",
    };
    assert.deepEqual(warningsOf(await api.run("assignment.dispatch", { ticket: now.id, body: bypass })), [
      "SITE_CLOSED",
    ]);
  });

  test("keeps the holidays of its calendar, by name", async () => {
    const holidays = await shop(api, { calendar: "us-federal" });
    const ticket = await ready(api, holidays);
    // Washington's Birthday is past; Memorial Day is the 25th of May.
    const query = "earliest=2026-05-25T07:00:00Z&latest=2026-05-26T16:30:00Z&duration_minutes=60";
    const { slots, rejected } = await api.read("schedule.slots", { ticket, query });
    assert.deepEqual(slots, []);
    assert.match(rejected[0]?.detail ?? "", /closed on Monday 2026-05-25 for Memorial Day/);
    const open = await api.read("schedule.slots", { ticket, query: query.replace("16:30", "17:30") });
    assert.equal(open.slots[0]?.start_local, "2026-05-26T09:00:00-07:00");
  });

  test("whose hours cannot be read is told of, and taken to be open", async () => {
    const lost = await shop(api, { calendar: "lunar" });
    const { answer } = await confirmed(api, lost, {
      start: "2026-03-17T18:00:00.000Z",
      end: "2026-03-17T19:00:00.000Z",
    });
    assert.deepEqual(warningsOf(answer), ["SITE_HOURS_UNKNOWN"]);
    assert.match(answer.warnings?.[0]?.message ?? "", /no holiday calendar "lunar"; it has us-federal/);
    await api.owner.query(`UPDATE sites SET timezone = 'Mars/Olympus' WHERE id = $1`, [lost]);
    assert.deepEqual(
      warningsOf(
        (await confirmed(api, lost, { start: "2026-03-18T03:00:00.000Z", end: "2026-03-18T04:00:00.000Z" })).answer,
      ),
      ["SITE_HOURS_UNKNOWN"],
    );
  });

  test("has work under way handed to a colleague all the same", async () => {
    const { id } = await ticketIn(api, "IN_PROGRESS", { siteId: site, priority: "EMERGENCY", techId: ana });
    await api.owner.query(`UPDATE tickets SET priority = 'ROUTINE' WHERE id = $1`, [id]);
    const before = api.clock.iso;
    api.clock.set("2026-03-03T03:00:00.000Z");
    const handed = await api.run("assignment.transfer", { ticket: id, body: { tech_id: ben, reason } });
    assert.equal(handed.assigned_tech_id, ben);
    api.clock.set(before);
  });

  for (const [what, hours] of [
    ["no list", { weekdays: [1] }],
    ["no day at all", []],
    ["a day that is none", [{ weekdays: [8], start_time: "09:00", end_time: "17:00" }]],
    ["a day in words", [{ weekdays: ["mon"], start_time: "09:00", end_time: "17:00" }]],
    ["no weekdays", [{ start_time: "09:00", end_time: "17:00" }]],
    ["a time that is none", [{ weekdays: [1], start_time: "09:60", end_time: "17:00" }]],
    ["no end", [{ weekdays: [1], start_time: "09:00" }]],
  ] as const) {
    test(`can have no hours that are ${what}`, async () => {
      const set = `UPDATE sites SET hours = $2 WHERE id = $1`;
      await assert.rejects(api.owner.query(set, [site, JSON.stringify(hours)]), /sites_hours_weekly/);
    });
  }
});

describe("a site that is closed, in strict", async () => {
  const api = await startTestApi({ profile: "strict" });
  const site = await shop(api);

  test("is promised to nobody, but for an emergency", async () => {
    const { id } = await ticketIn(api, "SCHEDULE_PROPOSED", { siteId: site, window: tooEarly });
    const { error } = await api.refuse("schedule.confirm", { ticket: id, body: tooEarly });
    assert.equal(error.code, "NO_FEASIBLE_SLOT");
    assert.deepEqual(new Set(objectsIn(error["rejected"]).map((one) => one["reason"])), new Set(["SITE_CLOSED"]));
    const { answer } = await confirmed(api, site, tooEarly, { priority: "EMERGENCY" });
    assert.deepEqual([answer.state, warningsOf(answer)], ["SCHEDULED", ["SITE_CLOSED"]]);
  });
});

test("the worker sends nobody to a closed site, says why in the queue, and goes on with the next", async () => {
  const api = await startTestApi();
  const site = await shop(api);
  const worker = await startTestWorker(api);
  const soon = { start: "2026-03-02T12:00:00.000Z", end: "2026-03-02T13:00:00.000Z" };
  const { id } = await confirmed(api, site, soon);
  const open = await confirmed(api, await addSite(api.owner), soon);
  await worker.wake();
  const stateOf = async (ticket: string) => (await api.read("ticket.get", { ticket })).state;
  assert.deepEqual([await stateOf(id), await stateOf(open.id)], ["SCHEDULED", "DISPATCHED"]);
  const { queue } = await api.read("dispatcher.cockpit", {});
  const { attention } = queue.find(({ ticket_id }) => ticket_id === id) ?? assert.fail();
  assert.equal(attention?.code, "NOBODY_FREE");
  assert.match(attention?.detail ?? "", /site is closed/);
});
