// How the deadlines move when a clock stands and runs again, through the changes of a ticket.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { clocksAfter, type ClockFacts, type Clocks, type Parted } from "../../dispatch/ticket/sla-clock.ts";

const target = 60;
const day = Date.parse("2026-03-02T00:00:00.000Z");
/** A time of the day, in minutes. */
const at = (minutes: number): string => new Date(day + minutes * 60_000).toISOString();

type Facts = ClockFacts & Parted;
type Row = Facts & Clocks;
const made: Row = {
  state: "TRIAGED",
  hold_reason: null,
  created_at: at(0),
  scheduled_start: null,
  scheduled_end: null,
  parted_minutes: null,
  arrived_at: null,
  sla_target_minutes: target,
  sla_deadline_at: at(target),
  response_deadline_at: at(target),
  sla_stopped_at: null,
};
const changed = (row: Row, change: Partial<Facts>, minutes: number): Row => ({
  ...row,
  ...change,
  ...clocksAfter(row, { ...row, ...change }, at(minutes)),
});
const deadlines = (row: Row) => [row.sla_deadline_at, row.response_deadline_at];

for (const [state, hold_reason] of [
  ["NEEDS_INFO", null],
  ["APPROVAL_REQUIRED", null],
  ["PENDING_CUSTOMER_CONFIRMATION", null],
  ["ON_HOLD", "customer"],
  ["ON_HOLD", "access"],
] as const)
  test(`${state}${hold_reason ? ` for ${hold_reason}` : ""} moves both deadlines on by the time waited`, () => {
    const waiting = changed(made, { state, hold_reason }, 20);
    assert.deepEqual([waiting.sla_stopped_at, ...deadlines(waiting)], [at(20), at(target), at(target)]);
    const again = changed(waiting, { state: "TRIAGED", hold_reason: null }, 50);
    assert.deepEqual([again.sla_stopped_at, ...deadlines(again)], [null, at(target + 30), at(target + 30)]);
  });

for (const hold_reason of ["parts", "safety", "weather", "other", null])
  test(`ON_HOLD for ${hold_reason} is the desk's own time`, () => {
    const held = changed(made, { state: "ON_HOLD", hold_reason }, 20);
    const again = changed(held, { state: "IN_PROGRESS", hold_reason: null }, 50);
    assert.deepEqual([held.sla_stopped_at, ...deadlines(again)], [null, at(target), at(target)]);
  });

test("from one wait to the next the clock stands through", () => {
  const asked = changed(made, { state: "NEEDS_INFO" }, 10);
  const approval = changed(asked, { state: "APPROVAL_REQUIRED" }, 30);
  assert.equal(approval.sla_stopped_at, at(10));
  assert.deepEqual(deadlines(changed(approval, { state: "TRIAGED" }, 40)), [at(target + 30), at(target + 30)]);
});

test("a second visit without a time goes on with the deadline of the first, with all that was waited on it", () => {
  const visit = changed(
    { ...made, scheduled_start: at(10), sla_deadline_at: at(10 + target) },
    { arrived_at: at(10) },
    10,
  );
  const waiting = changed(visit, { state: "APPROVAL_REQUIRED" }, 20);
  const approved = changed(waiting, { state: "IN_PROGRESS" }, 200);
  assert.equal(approved.sla_deadline_at, at(10 + target + 180));
  const back = changed(approved, { state: "READY_TO_SCHEDULE", scheduled_start: null }, 210);
  assert.equal(back.sla_deadline_at, at(10 + target + 180));
});

test("after the arrival waiting moves the repair alone", () => {
  const there = changed(made, { state: "IN_PROGRESS", arrived_at: at(10) }, 10);
  const waiting = changed(there, { state: "APPROVAL_REQUIRED" }, 20);
  assert.deepEqual(deadlines(changed(waiting, { state: "IN_PROGRESS" }, 35)), [at(target + 15), at(target)]);
});

test("work that QA sends back has the time it had when it was reported done", () => {
  const working = changed(made, { state: "IN_PROGRESS", arrived_at: at(10) }, 10);
  const done = changed(working, { state: "COMPLETED_PENDING_VERIFICATION" }, 50);
  assert.equal(done.sla_stopped_at, at(50));
  const back = changed(done, { state: "IN_PROGRESS" }, 500);
  assert.deepEqual([back.sla_stopped_at, back.sla_deadline_at], [null, at(target + 450)]);
});

test("a visit put off has all of its time from its start, whatever was waited before; without a time it counts from the call", () => {
  const waiting = changed(made, { state: "NEEDS_INFO" }, 0);
  const ready = changed(waiting, { state: "READY_TO_SCHEDULE" }, 30);
  const scheduled = changed(ready, { state: "SCHEDULED", scheduled_start: at(600) }, 40);
  assert.deepEqual(deadlines(scheduled), [at(600 + target), at(target + 30)]);
  const held = changed(scheduled, { state: "PENDING_CUSTOMER_CONFIRMATION" }, 100);
  const confirmed = changed(held, { state: "SCHEDULED" }, 400);
  assert.deepEqual(deadlines(confirmed), [at(600 + target), at(target + 330)], "nothing ran down before the visit");
  const reopened = changed(confirmed, { state: "READY_TO_SCHEDULE", scheduled_start: null }, 450);
  assert.deepEqual(deadlines(reopened), [at(target + 330), at(target + 330)]);
});

test("another priority keeps what was waited", () => {
  const waiting = changed(made, { state: "NEEDS_INFO" }, 10);
  const again = changed(waiting, { state: "TRIAGED" }, 30);
  assert.deepEqual(deadlines(changed(again, { sla_target_minutes: 240 }, 40)), [at(260), at(260)]);
});

test("time left is the target less the time the clock ran, however it was stopped", () => {
  const states = ["TRIAGED", "NEEDS_INFO", "APPROVAL_REQUIRED", "IN_PROGRESS", "COMPLETED_PENDING_VERIFICATION"];
  const waits = new Set(["NEEDS_INFO", "APPROVAL_REQUIRED", "COMPLETED_PENDING_VERIFICATION"]);
  const step = fc.record({ state: fc.constantFrom(...states), minutes: fc.integer({ min: 0, max: 500 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let [row, now, ran] = [made, 0, 0];
      for (const { state, minutes } of [...steps, { state: "TRIAGED", minutes: 0 }]) {
        if (!waits.has(row.state)) ran += minutes;
        now += minutes;
        row = changed(row, { state }, now);
      }
      assert.equal(row.sla_deadline_at, at(now + target - ran));
    }),
  );
});

test("a visit in parts gives the repair the time between them beside its own, until it is planned anew", () => {
  const [start, day] = [60, 1_440];
  const parted = { scheduled_start: at(start), scheduled_end: at(start + day + 240), parted_minutes: 720 };
  const booked = changed(made, { state: "SCHEDULED", ...parted }, 10);
  assert.equal(booked.sla_deadline_at, at(start + target + day + 240 - 720));
  const held = changed(
    changed(booked, { state: "ON_HOLD", hold_reason: "customer" }, start + 60),
    { state: "IN_PROGRESS", hold_reason: null },
    start + 90,
  );
  assert.equal(held.sla_deadline_at, at(start + target + day + 240 - 720 + 30), "what the customer held comes on top");
  const single = changed(held, { parted_minutes: null, scheduled_end: at(start + 60) }, start + 100);
  assert.equal(single.sla_deadline_at, at(start + target + 30));
});
