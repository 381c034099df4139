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
const anyFirstDrive = fc.constantFrom("in_shift" as const, "before_shift" as const);
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

  it("agrees with a look at every minute, wherever the window lies, with the first drive in the shift or before it", () => {
    let drivesBefore = 0;
    fc.assert(
      fc.property(anyTechnician("a"), anyRequest, fc.nat(1_800), anyFirstDrive, (tech, asked, start, firstDrive) => {
        const wanted = request({ ...asked });
        const window = { start: ms(start), end: ms(start + wanted.durationMinutes) };
        const answer = assessWindow(tech, wanted, window, { ...rules, firstDrive });
        const expected = fitsAtMinute(tech, wanted, start, lineTravel, firstDrive);
        if (answer.free && fitsAtMinute(tech, wanted, start, lineTravel) === null) drivesBefore += 1;
        assert.equal(answer.free, expected !== null);
        if (answer.free) {
          const { travelBeforeMinutes: travelBefore, travelAfterMinutes: travelAfter } = answer;
          assert.deepEqual({ travelBefore, travelAfter }, expected);
        }
      }),
      { numRuns: 4_000 },
    );
    assert.ok(drivesBefore > 0, "no window had room because of a drive before the shift");
  });

  describe("where the first drive of a day lies before the shift", () => {
    const before: AvailabilityRules = { ...rules, firstDrive: "before_shift" };
    /** 41 minutes from home to the job, 40 back. */
    const far = { home: at(51) };
    const judged = (over: Partial<CalendarTechnician>, [from, to]: readonly [number, number], by = before) => {
      const answer = assessWindow(technician("a", { ...far, ...over }), job, { start: ms(from), end: ms(to) }, by);
      return answer.free ? answer.travelBeforeMinutes : answer.reason;
    };

    it("has the first job begin with the shift, and tells the driving all the same", () => {
      assert.deepEqual([judged({}, [480, 540]), judged({}, [480, 540], rules)], [42, "TOO_FAR"]);
    });

    it("needs room for the last drive home as ever", () => {
      assert.deepEqual([judged({}, [859, 919]), judged({}, [860, 920])], [42, "TOO_FAR"]);
    });

    it("is no first drive behind work that reaches into the shift", () => {
      assert.equal(judged({ busy: [busy(400, 490, at(51))] }, [500, 560]), "TOO_FAR");
    });

    it("begins no sooner than work out of hours, or the shift before, has ended", () => {
      const split = { shifts: [{ ...shift(480, 960), previousEnd: ms(460) }] };
      assert.deepEqual([judged(split, [501, 540]), judged(split, [502, 540])], ["TOO_FAR", 42]);
      assert.deepEqual(
        [judged({ busy: [busy(400, 450)] }, [491, 540]), judged({ busy: [busy(400, 450)] }, [492, 540])],
        ["TOO_FAR", 42],
      );
    });

    it("leaves a break that floats the time that the drive no longer takes", () => {
      const floating = [{ start: ms(480), end: ms(540), ms: 30 * 60_000 }];
      const early = { shifts: [{ ...shift(480, 960), floating }] };
      assert.deepEqual([judged(early, [510, 600]), judged(early, [509, 600])], [42, "OFF_SHIFT"]);
    });
  });
});
