// Breaks that may be taken at any time of a span: work is offered only where one of them still has room, which a look at
// every minute decides here without the code under test.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Job } from "../../dispatch/workforce/ability.ts";
import { assessWindow, type AvailabilityRules } from "../../dispatch/workforce/availability.ts";
import { checkShiftPattern } from "../../dispatch/workforce/check-shift-pattern.ts";
import { findSlots } from "../../dispatch/workforce/find-slots.ts";
import { withBreaksLaid } from "../../dispatch/workforce/floating-breaks.ts";
import { expandShifts, type Shift, type ShiftPattern } from "../../dispatch/workforce/shift-ranges.ts";
import { at, busy, lineTravel, minutesOf, ms, request, shift, technician } from "./calendar-fixtures.ts";

const rules: AvailabilityRules = { technicianWithoutShift: "excluded", zoneMustMatch: false, travel: lineTravel };
const job: Job = { place: at(0), serviceType: null, requiredSkills: [], requiredTools: [], region: "CA" };
const floats = (from: number, to: number, minutes: number) => ({ start: ms(from), end: ms(to), ms: minutes * 60_000 });
/** 08:00 to 16:00 with half an hour between 11 and 14. */
const day: Shift = { ...shift(480, 960), floating: [floats(660, 840, 30)] };

describe("a break that floats", () => {
  const cases: readonly (readonly [string, readonly [number, number], readonly [number, number][], string])[] = [
    ["work up to half an hour before its end", [660, 810], [], "free"],
    ["work to a minute later", [660, 811], [], "OFF_SHIFT"],
    ["work from half an hour after its start", [690, 900], [], "free"],
    ["work over the whole of it", [600, 900], [], "OFF_SHIFT"],
    ["work beside other work that leaves half an hour between", [660, 720], [[750, 840]], "free"],
    ["work beside other work that leaves a minute less", [660, 720], [[749, 840]], "BOOKED"],
    ["work outside its span", [480, 660], [[690, 840]], "free"],
    ["work on a day whose break has no room any more", [480, 540], [[650, 850]], "free"],
  ];
  for (const [what, [start, end], booked, expected] of cases) {
    it(`${what}: ${expected}`, () => {
      const tech = technician("a", { shifts: [day], busy: booked.map(([from, to]) => busy(from, to, at(0))) });
      const answer = assessWindow(tech, job, { start: ms(start), end: ms(end) }, rules);
      assert.equal(answer.free ? "free" : answer.reason, expected);
    });
  }

  it("needs its time beside the drive", () => {
    const tech = technician("a", { shifts: [day], busy: [busy(600, 680, at(40)), busy(800, 860, at(0))] });
    const answer = (start: number) => assessWindow(tech, job, { start: ms(start), end: ms(800) }, rules).free;
    assert.deepEqual([answer(680 + 41 + 30), answer(680 + 41 + 29)], [true, false]);
  });

  it("agrees with a look at every minute", () => {
    const span = fc.tuple(fc.integer({ min: 490, max: 900 }), fc.integer({ min: 5, max: 120 }));
    fc.assert(
      fc.property(
        span,
        fc.array(span, { maxLength: 3 }),
        span,
        fc.integer({ min: 5, max: 60 }),
        (asked, work, where, minutes) => {
          const [from, length] = where;
          const one = floats(from, Math.min(from + length, 960), Math.min(minutes, length, 960 - from));
          const booked = apart(work);
          const tech = technician("a", {
            shifts: [{ ...shift(480, 960), floating: [one] }],
            busy: booked.map(([start, end]) => busy(start, end)),
          });
          const window: [number, number] = [asked[0], asked[0] + asked[1]];
          const isFree = (all: readonly [number, number][]): boolean => hasRoom(one, all);
          const clear = window[1] <= 960 && booked.every(([start, end]) => end <= window[0] || start >= window[1]);
          const expected = clear && (!isFree(booked) || isFree([...booked, window]));
          const answer = assessWindow(
            tech,
            { ...job, place: null },
            { start: ms(window[0]), end: ms(window[1]) },
            rules,
          );
          assert.equal(answer.free, expected);
          const { slots } = findSlots([tech], request({ durationMinutes: asked[1] }), rules);
          for (const slot of slots) {
            const start = minutesOf(slot.start);
            assert.ok(!isFree(booked) || isFree([...booked, [start, start + asked[1]]]), `a slot at ${start}`);
          }
        },
      ),
    );
  });

  it("is laid beside fixed work as early as it can be, and falls away without room", () => {
    const laid = (...work: [number, number][]) =>
      withBreaksLaid(
        day,
        work.map(([from, to]) => busy(from, to)),
      ).pauses.map(({ start, end }) => [(start - ms(0)) / 60_000, (end - ms(0)) / 60_000]);
    assert.deepEqual(laid(), [[660, 690]]);
    assert.deepEqual(laid([600, 700]), [[700, 730]]);
    assert.deepEqual(laid([600, 650], [680, 700]), [[700, 730]]);
    assert.deepEqual(laid([600, 900]), []);
  });

  const pattern = (breaks: ShiftPattern["breaks"]): ShiftPattern => ({
    weekdays: [1],
    startTime: "22:00",
    endTime: "06:00",
    breaks,
    timeZone: "UTC",
    validFrom: null,
    validTo: null,
  });

  it("comes from the weekly pattern, beside those that stand still", () => {
    const breaks = [
      { start: "23:00", end: "23:10" },
      { start: "23:30", end: "02:00", minutes: 30 },
    ];
    const [night] = expandShifts([pattern(breaks)], [], { start: ms(0), end: ms(2 * 1440) });
    assert.deepEqual(night?.pauses, [{ start: ms(1380), end: ms(1390), kind: "break" }]);
    assert.deepEqual(night?.floating, [floats(1410, 1560, 30)]);
  });

  it("is no longer than its span", () => {
    const problems = (minutes: number) => checkShiftPattern(pattern([{ start: "23:30", end: "02:00", minutes }]));
    assert.deepEqual(problems(150), []);
    for (const minutes of [151, 0, 0.5])
      assert.deepEqual(
        problems(minutes).map(({ path }) => path),
        ["/breaks/0/minutes"],
      );
  });
});

/** Of these spans, given as start and length, those that touch none before them. */
function apart(spans: readonly [number, number][]): [number, number][] {
  const kept: [number, number][] = [];
  for (const [start, length] of spans) {
    const end = start + length;
    if (kept.every(([from, to]) => to <= start || from >= end)) kept.push([start, end]);
  }
  return kept;
}

function hasRoom(
  { start, end, ms: length }: { start: number; end: number; ms: number },
  work: readonly [number, number][],
) {
  for (let from = start; from + length <= end; from += 60_000)
    if (work.every(([a, b]) => ms(b) <= from || ms(a) >= from + length)) return true;
  return false;
}
