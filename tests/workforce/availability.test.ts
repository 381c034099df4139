import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Job } from "../../dispatch/workforce/ability.ts";
import {
  assessWindow,
  type AvailabilityRules,
  type CalendarTechnician,
} from "../../dispatch/workforce/availability.ts";
import {
  anyRequest,
  anyTechnician,
  at,
  busy,
  fitsAtMinute,
  lineTravel,
  ms,
  request,
  shift,
  technician,
} from "./calendar-fixtures.ts";

const rules: AvailabilityRules = { technicianWithoutShift: "excluded", zoneMustMatch: false, travel: lineTravel };
const job: Job = { place: at(10), serviceType: null, requiredSkills: [], requiredTools: [], region: "CA" };
const tenToEleven = { start: ms(600), end: ms(660) };

function reasonFor(over: Partial<CalendarTechnician>, window = tenToEleven): string {
  const answer = assessWindow(technician("a", over), job, window, rules);
  return answer.free ? "free" : answer.reason;
}

describe("assessWindow", () => {
  it("tells the driving before and after", () => {
    const tech = technician("a", { home: at(0), busy: [busy(500, 560, at(30))] });
    assert.deepEqual(assessWindow(tech, job, tenToEleven, rules), {
      free: true,
      travelBeforeMinutes: 21,
      travelAfterMinutes: 11,
      travelSource: "estimate",
      withoutShift: false,
    });
  });

  const cases: [string, Partial<CalendarTechnician>, string][] = [
    ["a booking that ends as it starts", { busy: [busy(540, 600)] }, "free"],
    ["a booking that starts as it ends", { busy: [busy(660, 700)] }, "free"],
    ["a booking that reaches in by a minute", { busy: [busy(540, 601)] }, "BOOKED"],
    ["a booking that reaches in from the next shift", { shifts: [shift(480, 660)], busy: [busy(659, 700)] }, "BOOKED"],
    ["a booking around it", { busy: [busy(500, 800)] }, "BOOKED"],
    ["a booking inside it", { busy: [busy(620, 630)] }, "BOOKED"],
    ["a booking of no length inside it", { busy: [busy(620, 620)] }, "free"],
    ["a shift that ends inside it", { shifts: [shift(480, 659)] }, "OFF_SHIFT"],
    ["a shift of exactly its length", { shifts: [shift(600, 660)] }, "free"],
    ["a break in it", { shifts: [shift(480, 960, [[630, 640]])] }, "OFF_SHIFT"],
    ["time off in it", { shifts: [shift(480, 960, [[630, 640, "time_off"]])] }, "TIME_OFF"],
    ["time off up to it", { shifts: [shift(480, 960, [[500, 600, "time_off"]])] }, "free"],
    ["a stop before it that is too far", { busy: [busy(500, 580, at(31))] }, "TOO_FAR"],
    ["a stop before it that is just near enough", { busy: [busy(500, 580, at(29))] }, "free"],
    ["a stop after it that is too far", { busy: [busy(680, 700, at(31))] }, "TOO_FAR"],
    ["a stop after it that is just near enough", { busy: [busy(680, 700, at(30))] }, "free"],
    ["no shift on record", { shifts: null }, "NO_SHIFT"],
    [
      "being drained, before everything else",
      { ineligible: "DRAINED", shifts: null, busy: [busy(500, 800)] },
      "DRAINED",
    ],
  ];
  for (const [what, over, expected] of cases) {
    it(`${what}: ${expected}`, () => assert.equal(reasonFor(over), expected));
  }

  it("finds nobody of unknown hours off shift, but still booked, where they are eligible", () => {
    const pilot: AvailabilityRules = { ...rules, technicianWithoutShift: "eligible" };
    const free = assessWindow(technician("a", { shifts: null, home: at(500) }), job, tenToEleven, pilot);
    assert.deepEqual([free.free, free.free && free.withoutShift], [true, true]);
    const booked = assessWindow(technician("a", { shifts: null, busy: [busy(620, 630)] }), job, tenToEleven, pilot);
    assert.equal(booked.free ? "free" : booked.reason, "BOOKED");
  });

  it("agrees with a look at every minute, wherever the window lies", () => {
    fc.assert(
      fc.property(anyTechnician("a"), anyRequest, fc.nat(1_800), (tech, asked, start) => {
        const wanted = request({ ...asked });
        const window = { start: ms(start), end: ms(start + wanted.durationMinutes) };
        const answer = assessWindow(tech, wanted, window, rules);
        const expected = fitsAtMinute(tech, wanted, start, lineTravel);
        assert.equal(answer.free, expected !== null);
        if (answer.free) {
          const { travelBeforeMinutes: travelBefore, travelAfterMinutes: travelAfter } = answer;
          assert.deepEqual({ travelBefore, travelAfter }, expected);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
