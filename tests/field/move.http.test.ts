// schedule.move: a visit gets another time in one command, whoever asks and whether or not somebody is sent; and every command
// that sets a time keeps to what the policy allows.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startTestApi, type TestApi } from "../support/api.ts";
import { addTechnician, ana, ben } from "../support/directory.ts";
import { freeWindow, ticketIn } from "../support/ticket-builder.ts";

const reason = "the customer asks for another day";

const live = async (api: TestApi, ticket: string) =>
  (
    await api.owner.query<{ technician_id: string; start: string }>(
      `SELECT technician_id, to_char(lower(span), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS start
       FROM bookings WHERE ticket_id = $1 AND state = 'firm'`,
      [ticket],
    )
  ).rows;

describe("a settled visit", async () => {
  const api = await startTestApi();

  test("that somebody was sent to moves with them, is SCHEDULED again, and its history tells both times", async () => {
    const { id, window: before } = await ticketIn(api, "DISPATCHED", { techId: ben });
    const window = freeWindow(api);
    const { booking, receipt, ...moved } = await api.run("schedule.move", { ticket: id, body: { ...window, reason } });
    assert.deepEqual(
      [moved.state, moved.scheduled_start, moved.scheduled_end, moved.assigned_tech_id],
      ["SCHEDULED", window.start, window.end, ben],
    );
    assert.deepEqual([receipt.before_state, receipt.after_state], ["DISPATCHED", "SCHEDULED"]);
    assert.deepEqual(await live(api, id), [{ technician_id: ben, start: window.start }]);
    assert.deepEqual([booking?.technician_id, booking?.start], [ben, window.start]);
    const { events } = await api.read("ticket.timeline", { ticket: id });
    assert.partialDeepStrictEqual(events.at(-1)?.payload, {
      reason,
      previous_start: before.start,
      start: window.start,
      previous_tech_id: ben,
      tech_id: ben,
    });
  });

  test("goes to the best who is free where its own technician is not", async () => {
    const window = freeWindow(api);
    await ticketIn(api, "DISPATCHED", { techId: ben, window });
    const { id } = await ticketIn(api, "DISPATCHED", { techId: ben });
    const moved = await api.run("schedule.move", { ticket: id, body: { ...window, reason } });
    assert.equal(moved.assigned_tech_id, ana);
  });

  test("keeps time and technician where nobody is free at the new one", async () => {
    const window = freeWindow(api);
    for (const techId of [ana, ben]) await ticketIn(api, "DISPATCHED", { techId, window });
    const { id, window: before } = await ticketIn(api, "DISPATCHED");
    const { error } = await api.refuse("schedule.move", { ticket: id, body: { ...window, reason } });
    assert.equal(error.code, "NO_FEASIBLE_SLOT");
    assert.deepEqual(await live(api, id), [{ technician_id: ana, start: before.start }]);
    const named = await api.refuse("schedule.move", { ticket: id, body: { ...window, reason, tech_id: ben } });
    assert.deepEqual([named.error.code, named.error["reason"]], ["TECH_UNAVAILABLE", "BOOKED"]);
    assert.equal((await api.read("ticket.get", { ticket: id })).state, "DISPATCHED");
  });

  test("may overlap its own old time", async () => {
    const { id, window } = await ticketIn(api, "DISPATCHED");
    const end = new Date(Date.parse(window.end) + 1_800_000).toISOString();
    const start = new Date(Date.parse(window.start) + 1_800_000).toISOString();
    const moved = await api.run("schedule.move", { ticket: id, body: { start, end, reason } });
    assert.deepEqual([moved.assigned_tech_id, moved.scheduled_start], [ana, start]);
    freeWindow(api);
  });

  test("does not go to whom a dispatcher took off it, named or not", async () => {
    const { id } = await ticketIn(api, "DISPATCHED");
    const because = { reason_code: "customer_request", note: "the customer does not want them" };
    await api.run("assignment.unassign", { ticket: id, body: because });
    const named = await api.refuse("schedule.move", { ticket: id, body: { ...freeWindow(api), reason, tech_id: ana } });
    assert.deepEqual([named.error.code, named.error["reason"]], ["TECH_UNAVAILABLE", "EXCLUDED"]);
    const moved = await api.run("schedule.move", { ticket: id, body: { ...freeWindow(api), reason } });
    assert.equal(moved.assigned_tech_id, ben);
  });

  test("is the customer's to move before somebody is sent, and not to choose who comes", async () => {
    const { id } = await ticketIn(api, "SCHEDULED");
    const window = freeWindow(api);
    const asked = { as: "customer", ticket: id } as const;
    const choosing = await api.refuse("schedule.move", { ...asked, body: { ...window, reason, tech_id: ben } });
    assert.deepEqual(choosing.error["validation_errors"], [
      { path: "tech_id", rule: "role", message: "is the desk's to choose; leave it out" },
    ]);
    assert.equal((await api.run("schedule.move", { ...asked, body: { ...window, reason } })).state, "SCHEDULED");
    await api.run("assignment.dispatch", { ticket: id, body: { tech_id: ana } });
    const late = await api.refuse("schedule.move", { ...asked, body: { ...freeWindow(api), reason } });
    assert.deepEqual([late.error.code, late.error["allowed_from_states"]], ["INVALID_STATE_TRANSITION", ["SCHEDULED"]]);
  });

  test("is no shorter for a customer than the work takes", async () => {
    const { id } = await ticketIn(api, "SCHEDULED");
    const { start } = freeWindow(api);
    const body = { start, end: new Date(Date.parse(start) + 60_000).toISOString(), reason };
    const { error } = await api.refuse("schedule.move", { as: "customer", ticket: id, body });
    assert.partialDeepStrictEqual(error, { validation_errors: [{ path: "end", rule: "min_window" }] });
    assert.equal(
      (await api.run("schedule.move", { ticket: id, body })).scheduled_start,
      start,
      "the desk may know better",
    );
  });

  test("tells a customer why nobody can come without names", async () => {
    const window = freeWindow(api);
    for (const techId of [ana, ben]) await ticketIn(api, "DISPATCHED", { techId, window });
    const { id } = await ticketIn(api, "SCHEDULED");
    const { error } = await api.refuse("schedule.move", { as: "customer", ticket: id, body: { ...window, reason } });
    assert.equal(error.code, "NO_FEASIBLE_SLOT");
    assert.doesNotMatch(JSON.stringify(error), /Ana|Ben/);
  });

  test("does not move to a time that is over", async () => {
    const { id } = await ticketIn(api, "SCHEDULED");
    const body = { start: api.clock.in(-120), end: api.clock.in(-60), reason };
    assert.equal((await api.refuse("schedule.move", { ticket: id, body })).error.code, "WINDOW_IN_PAST");
  });

  test("taken by two movers at once goes to one of them, and the other to somebody else or nobody", async () => {
    const solo = await addTechnician(api.owner, { zone: "CA" });
    const window = freeWindow(api);
    const two = await Promise.all([ana, ben].map((techId) => ticketIn(api, "DISPATCHED", { techId })));
    const body = { ...window, reason, tech_id: solo };
    const answers = await Promise.all(two.map(({ id }) => api.call("schedule.move", { ticket: id, body })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    const held = await Promise.all(two.map(({ id }) => live(api, id)));
    assert.ok(
      held.every(({ length }) => length === 1),
      "neither was ever without a booking",
    );
  });
});

for (const profile of ["pilot", "strict"] as const)
  describe(`a time that is not to be believed, in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    const aYearOn = (time: string) => new Date(Date.parse(time) + 365 * 86_400_000).toISOString();
    const rules = (error: { readonly [field: string]: unknown }) => {
      const all = error["validation_errors"];
      assert.ok(Array.isArray(all));
      return all.map((one: { path: string; rule: string }) => [one.path, one.rule]);
    };

    test("is refused by propose, confirm, move, book and hold, each naming field and rule", async () => {
      const ready = (await ticketIn(api, "READY_TO_SCHEDULE")).id;
      const good = freeWindow(api);
      const long = { start: good.start, end: aYearOn(good.end) };
      const far = { start: aYearOn(good.start), end: aYearOn(good.end) };
      const propose = (options: object[]) => api.refuse("schedule.propose", { ticket: ready, body: { options } });
      assert.deepEqual(rules((await propose([good, long])).error), [["options/1/end", "max_window"]]);
      assert.deepEqual(rules((await propose([far])).error), [["options/0/start", "max_ahead"]]);
      const book = await api.refuse("schedule.book", {
        ticket: ready,
        body: { duration_minutes: 721, earliest: far.start, latest: far.end },
      });
      assert.deepEqual(rules(book.error), [
        ["earliest", "max_ahead"],
        ["duration_minutes", "max_window"],
      ]);
      const proposed = (await ticketIn(api, "SCHEDULE_PROPOSED")).id;
      const confirmed = await api.refuse("schedule.confirm", { ticket: proposed, body: long });
      assert.deepEqual(rules(confirmed.error), [["end", "max_window"]]);
      const settled = (await ticketIn(api, "SCHEDULED")).id;
      const moved = await api.refuse("schedule.move", { ticket: settled, body: { ...far, reason } });
      assert.deepEqual(rules(moved.error), [["start", "max_ahead"]]);
      const held = await api.refuse("schedule.hold", {
        ticket: settled,
        body: { hold_reason: "CUSTOMER_PENDING", confirmation_window: { start: api.clock.iso, end: far.end } },
      });
      assert.deepEqual(rules(held.error), [["confirmation_window/end", "max_hold"]]);
    });
  });
