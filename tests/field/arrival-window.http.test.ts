// What a customer is promised may be wider than the visit: the visit lies inside it, may be moved there, and nobody is late before it
// ends.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { objectsIn, startTestApi, type TestApi } from "../support/api.ts";
import { ana, ben } from "../support/directory.ts";
import { at, day, emptyRoster, siteAt, vanAt, west, east } from "../support/plan-day.ts";
import { freeWindow, ticketIn } from "../support/ticket-builder.ts";
import { describeReading } from "../../plugin/src/describe-reading.ts";
import { isObject } from "../../dispatch/kernel/json.ts";

const reason = "the customer asks for another time";
const minutes = (time: string, by: number): string => new Date(Date.parse(time) + by * 60_000).toISOString();
/** An hour before the visit and an hour behind it. */
const around = ({ start, end }: { start: string; end: string }) => ({
  start: minutes(start, -60),
  end: minutes(end, 60),
});
const utc = (window: { start: string; end: string } | null) => window && { start: window.start, end: window.end };

async function promised(api: TestApi, window = freeWindow(api), techId?: string) {
  const { id } = await ticketIn(api, "SCHEDULE_PROPOSED", { window });
  const arrival = around(window);
  const confirmed = await api.run("schedule.confirm", { ticket: id, body: { ...window, arrival_window: arrival } });
  if (techId) await api.run("assignment.dispatch", { ticket: id, body: { tech_id: techId } });
  return { id, window, arrival, confirmed };
}

const faults = (error: { readonly [detail: string]: unknown }) =>
  objectsIn(error["validation_errors"]).map(({ path, rule }) => `${String(path)} ${String(rule)}`);

describe("an arrival window", async () => {
  const api = await startTestApi();

  test("is confirmed beside the visit's own time, and shown to whoever reads of the visit", async () => {
    const { id, window, arrival, confirmed } = await promised(api);
    assert.deepEqual([confirmed.scheduled_start, confirmed.scheduled_end], [window.start, window.end]);
    assert.deepEqual(utc(confirmed.arrival_window), arrival);
    assert.equal(Date.parse(confirmed.arrival_window?.start_local ?? ""), Date.parse(arrival.start));
    const cockpit = await api.read("dispatcher.cockpit", { query: `ticket_id=${id}` });
    const row = cockpit.queue.find(({ ticket_id }) => ticket_id === id);
    assert.deepEqual(row?.arrival_window, confirmed.arrival_window);
    assert.deepEqual(cockpit.selected_ticket?.ticket.arrival_window, confirmed.arrival_window);
    const { packet } = await api.read("tech.job_packet", { ticket: id });
    assert.deepEqual(packet.header["arrival_window"], confirmed.arrival_window);
    const { events } = await api.read("ticket.timeline", { ticket: id });
    assert.partialDeepStrictEqual(events.at(-1)?.payload, { arrival_window: arrival });
    const ticket: unknown = await api.read("ticket.get", { ticket: id });
    assert.ok(isObject(ticket));
    assert.match(
      describeReading("ticket.get", ticket, ["dispatcher"]),
      /promised \S+ to \S+ \(at the site \S+ to \S+\)/,
    );
  });

  test("is none where none is given", async () => {
    const { id } = await ticketIn(api, "SCHEDULED");
    assert.equal((await api.read("ticket.get", { ticket: id })).arrival_window, null);
  });

  test("holds the whole visit, is no wider than the policy allows, lies ahead, and is the desk's to give", async () => {
    const window = freeWindow(api);
    const { id } = await ticketIn(api, "SCHEDULE_PROPOSED", { window });
    const refused = async (arrival_window: object, as = "dispatcher") =>
      faults((await api.refuse("schedule.confirm", { ticket: id, as, body: { ...window, arrival_window } })).error);
    const arrival = around(window);
    assert.deepEqual(await refused({ ...arrival, start: minutes(window.start, 1) }), ["arrival_window holds_visit"]);
    assert.deepEqual(await refused({ ...arrival, end: minutes(window.end, -1) }), ["arrival_window holds_visit"]);
    assert.deepEqual(await refused({ start: arrival.end, end: arrival.start }), ["arrival_window x-window"]);
    const wide = await refused({ ...arrival, end: minutes(window.end, 40_000) });
    assert.deepEqual(wide, ["arrival_window/end max_window"]);
    const year = { start: minutes(window.start, 525_600), end: minutes(window.end, 525_600) };
    assert.deepEqual(await refused(year), ["arrival_window/start max_ahead", "arrival_window holds_visit"]);
    assert.deepEqual(await refused(arrival, "customer"), ["arrival_window role"]);
    assert.equal((await api.read("ticket.get", { ticket: id })).state, "SCHEDULE_PROPOSED");
  });

  test("is what a booking keeps inside", async () => {
    const { start } = freeWindow(api);
    freeWindow(api);
    freeWindow(api);
    const arrival = { start: minutes(start, 10), end: minutes(start, 130) };
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE");
    const body = { arrival_window: arrival, duration_minutes: 60, strategy: "earliest" };
    const { ticket, booking } = await api.run("schedule.book", { ticket: id, body });
    assert.ok(arrival.start <= booking.start && booking.end <= arrival.end, booking.start);
    assert.deepEqual(utc(ticket.arrival_window), arrival);
    const next = await ticketIn(api, "READY_TO_SCHEDULE");
    const tooLong = { ticket: next.id, body: { ...body, duration_minutes: 121 } };
    assert.equal((await api.refuse("schedule.book", tooLong)).error.code, "NO_FEASIBLE_SLOT");
    const past = { start: api.clock.in(-120), end: api.clock.in(-60) };
    const { error } = await api.refuse("schedule.book", { ticket: next.id, body: { arrival_window: past } });
    assert.deepEqual(faults(error), ["arrival_window/end range"]);
    const narrowed = { ...body, earliest: minutes(start, 60), latest: minutes(start, 125) };
    const { booking: second } = await api.run("schedule.book", { ticket: next.id, body: narrowed });
    assert.equal(second.start, minutes(start, 60), "what is wished for beside it counts too");
  });

  test("is kept by a visit that moves inside it, and has to be given anew by one that leaves it", async () => {
    const { id, window, arrival } = await promised(api, freeWindow(api), ana);
    freeWindow(api);
    const later = { start: minutes(window.start, 30), end: minutes(window.end, 30) };
    const moved = await api.run("schedule.move", { ticket: id, body: { ...later, reason } });
    assert.deepEqual([utc(moved.arrival_window), moved.scheduled_start], [arrival, later.start]);
    const away = freeWindow(api);
    const { error } = await api.refuse("schedule.move", { ticket: id, body: { ...away, reason } });
    assert.deepEqual(faults(error), ["arrival_window promise"]);
    assert.match(JSON.stringify(error), new RegExp(`${arrival.start} to ${arrival.end} was promised`));
    const asked = await api.refuse("schedule.move", { ticket: id, as: "customer", body: { ...away, reason } });
    assert.match(JSON.stringify(asked.error), /or call the desk/);
    const body = { ...away, reason, arrival_window: around(away) };
    assert.deepEqual(utc((await api.run("schedule.move", { ticket: id, body })).arrival_window), around(away));
  });

  test("is over when the visit's time is given up, stands through a hold, and ends with one that nobody answers", async () => {
    const reopened = await promised(api);
    const open = await api.run("schedule.reopen", { ticket: reopened.id, body: { reason } });
    assert.deepEqual([open.scheduled_start, open.arrival_window], [null, null]);
    const { id, arrival } = await promised(api);
    const hold = {
      hold_reason: "CUSTOMER_PENDING",
      confirmation_window: { start: api.clock.iso, end: api.clock.in(60) },
    };
    const { hold_id, ticket } = await api.run("schedule.hold", { ticket: id, body: hold });
    assert.deepEqual(utc(ticket.arrival_window), arrival);
    await api.run("schedule.release", { ticket: id, body: { customer_confirmation_log: hold_id } });
    assert.deepEqual(utc((await api.read("ticket.get", { ticket: id })).arrival_window), arrival);
  });
});

describe("nobody is late", async () => {
  const api = await startTestApi();

  test("before the promised window ends, on the queue and in the alerts alike", async () => {
    const { id, window, arrival } = await promised(api, undefined, ben);
    const rowAt = async (time: string) => {
      api.clock.set(time);
      const { queue } = await api.read("dispatcher.cockpit", { query: "limit=500&actions=none" });
      const { text } = await api.send("GET", "/ops/alerts");
      const row = queue.find(({ ticket_id }) => ticket_id === id) ?? assert.fail();
      const alerts: unknown = JSON.parse(text);
      const alert = isObject(alerts) && objectsIn(alerts["alerts"]).some(({ code }) => code === "VISIT_MISSED");
      return { code: row.attention?.code ?? null, status: row.sla_status, alert, row };
    };
    const begun = await rowAt(minutes(window.start, 5));
    assert.deepEqual([begun.code, begun.alert], [null, false]);
    assert.notEqual(begun.status, "breach");
    const late = await rowAt(minutes(arrival.end, 7));
    assert.deepEqual([late.code, late.status, late.alert], ["LATE_ARRIVAL", "breach", true]);
    assert.deepEqual(
      [late.row.attention?.since, late.row.sla_deadline_at, late.row.sla_timer_remaining_minutes],
      [arrival.end, arrival.end, -7],
    );
    const { queue } = await api.read("dispatcher.cockpit", { query: "sla_status=breach&actions=none" });
    assert.deepEqual(
      queue.map(({ ticket_id }) => ticket_id),
      [id],
    );
  });
});

test("a plan moves a confirmed visit inside what was promised, and what was promised stands", async () => {
  const api = await startTestApi();
  await emptyRoster(api);
  await vanAt(api, "Van", west, ["08:00", "12:00"]);
  const [here, there] = [await siteAt(api, west), await siteAt(api, east)];
  const visit = async (siteId: string, from: string, to: string, arrival?: object) => {
    const window = { start: at(from), end: at(to) };
    const { id } = await ticketIn(api, "SCHEDULE_PROPOSED", { siteId, window });
    const body = { ...window, ...(arrival && { arrival_window: arrival }) };
    await api.run("schedule.confirm", { ticket: id, body });
    return id;
  };
  // The van can be at the one in the east only at its own time, and at the other only before that.
  const fixed = await visit(there, "10:00", "11:00");
  const arrival = { start: at("08:00"), end: at("12:00") };
  const free = await visit(here, "10:00", "11:00", arrival);
  const { plan } = await api.run("plan.optimize", { body: { day, iterations: 500 } });
  const moves = new Map(plan.moves.map((move) => [move.ticket_id, move]));
  assert.deepEqual([moves.get(fixed)?.to.start, moves.size], [at("10:00"), 2]);
  const to = moves.get(free)?.to ?? assert.fail("the visit stays");
  assert.ok(to.start >= arrival.start && to.end <= at("10:00"), to.start);
  assert.equal(Date.parse(to.end) - Date.parse(to.start), 3_600_000);
  await api.run("plan.apply", { plan: plan.id });
  const after = await api.read("ticket.get", { ticket: free });
  assert.deepEqual([after.scheduled_start, utc(after.arrival_window)], [to.start, arrival]);
});
