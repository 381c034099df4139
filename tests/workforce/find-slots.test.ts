// Which starts are found for a job, in which order, and why a technician has none; held to a look at every minute, and to what
// the search may cost.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { TechnicianId } from "../../dispatch/contract/ids.ts";
import type { AvailabilityRules, BusyRange, CalendarTechnician } from "../../dispatch/workforce/availability.ts";
import { findSlots, type Slot, type SlotRequest } from "../../dispatch/workforce/find-slots.ts";
import { estimateTravelMinutes, type TravelEstimate } from "../../dispatch/travel/estimate.ts";
import {
  anyRequest,
  anyTechnician,
  at,
  busy,
  fitsAtMinute,
  lineTravel,
  minutesOf,
  ms,
  reasonByMinute,
  request,
  shift,
  startsByMinute,
  technician,
} from "./calendar-fixtures.ts";
import { idNamed } from "../support/ids.ts";

const rules: AvailabilityRules = { technicianWithoutShift: "excluded", zoneMustMatch: false, travel: lineTravel };

function startsOf(technicians: readonly CalendarTechnician[], over: Partial<SlotRequest> = {}): number[] {
  return findSlots(technicians, request(over), rules).slots.map((slot) => minutesOf(slot.start));
}

const whoAndWhen = (slots: readonly Slot[]): [string, number][] =>
  slots.map((slot) => [slot.tech_id, minutesOf(slot.start)]);

describe("findSlots", () => {
  it("offers the quarter hours of the shift, to its very end", () => {
    const expected = [480, 495, 510, 525, 540];
    assert.deepEqual(startsOf([technician("a", { shifts: [shift(480, 600)] })]), expected);
    assert.deepEqual(startsOf([technician("a", { shifts: [shift(471, 607)] })]), expected);
  });

  it("keeps within the request's window, start and end", () => {
    assert.deepEqual(startsOf([technician("a")], { earliest: ms(607), latest: ms(690) }), [615, 630]);
  });

  it("offers the moment a booking or break ends, beside the quarter hours", () => {
    const tech = technician("a", { shifts: [shift(480, 720, [[485, 490]])], busy: [busy(560, 622)] });
    assert.deepEqual(startsOf([tech]), [490, 495, 622, 630, 645, 660]);
  });

  it("rounds a booking's last seconds up to the minute", () => {
    const tech = technician("a", {
      shifts: [shift(480, 660)],
      busy: [{ start: ms(540), end: ms(581) + 1_000, place: null }],
    });
    assert.deepEqual(startsOf([tech]), [480, 582, 585, 600]);
  });

  it("counts whole minutes of waiting, and no saving where a detour is faster than the straight way", () => {
    const shortcut: AvailabilityRules = {
      ...rules,
      travel: (from, to) => (from?.lon === 10 || to?.lon === 10 ? 5 : 100),
    };
    const tech = technician("a", { home: at(0) });
    const [slot] = findSlots([tech], request({ earliest: ms(500) + 20_000, place: at(10) }), shortcut).slots;
    assert.deepEqual(
      slot?.factors.map((factor) => factor.value),
      [0, 9, 1],
    );
  });

  it("touches bookings and never overlaps them", () => {
    const tech = technician("a", { shifts: [shift(480, 660)], busy: [busy(480, 540), busy(600, 660)] });
    assert.deepEqual(startsOf([tech]), [540]);
    assert.deepEqual(startsOf([tech], { durationMinutes: 61 }), []);
  });

  it("keeps the drive from the stop before and to the stop after, home at the edges", () => {
    const tech = technician("a", { home: at(0), shifts: [shift(480, 720)], busy: [busy(600, 640, at(50))] });
    const { slots } = findSlots([tech], request({ place: at(20), durationMinutes: 30 }), rules);
    assert.deepEqual(
      slots.map((slot) => [minutesOf(slot.start), slot.travel_before_minutes, slot.travel_after_minutes]),
      [
        // From home 20 minutes; on to the booking 30 minutes before 600.
        [510, 20, 30],
        [525, 20, 30],
        [540, 20, 30],
      ],
    );
    // After the booking it takes 31 minutes back and 21 home, so a job there ends by 699: too early for 30 minutes.
    assert.deepEqual(startsOf([tech], { place: at(20), durationMinutes: 20 }), [510, 525, 540, 671, 675]);
  });

  it("drives around a break, not through it", () => {
    const tech = technician("a", { home: at(0), shifts: [shift(480, 600, [[490, 520]])] });
    // Ten minutes before the break and ten after it; home again takes 21.
    assert.deepEqual(startsOf([tech], { place: at(20), durationMinutes: 30 }), [530, 540]);
  });

  it("reserves no driving where a place is unknown, and says so", () => {
    const tech = technician("a", { home: null, shifts: [shift(480, 540)] });
    const [slot] = findSlots([tech], request({ place: at(20) }), rules).slots;
    assert.equal(slot?.travel_before_minutes, null);
    assert.ok(slot.factors.some((factor) => factor.factor === "TRAVEL_UNKNOWN" && factor.contribution === 0));
  });

  it("counts bookings that overlap one another once, leaving from the one that ends last", () => {
    const tech = technician("a", {
      shifts: [shift(480, 720)],
      busy: [busy(500, 650, at(10)), busy(490, 560, at(99)), busy(520, 530, at(99))],
    });
    assert.deepEqual(startsOf([tech], { place: at(10), durationMinutes: 30 }), [650, 660, 675, 690]);
  });

  it("asks one technician alone when told to", () => {
    const result = findSlots(
      [technician("a"), technician("b", { ineligible: "DRAINED" })],
      request({ techId: idNamed<TechnicianId>("b") }),
      rules,
    );
    assert.deepEqual([result.slots.length, result.rejected.map((one) => one.tech_id)], [0, ["b"]]);
  });
});

describe("who is left out of the slots, and why", () => {
  const noon = { earliest: ms(480), latest: ms(600) };
  const cases: [string, Partial<CalendarTechnician>, Partial<SlotRequest>, string][] = [
    ["INACTIVE", { ineligible: "INACTIVE" }, {}, "INACTIVE"],
    ["SKILL_MISSING, of another trade", { serviceTypes: ["DOOR"] }, { serviceType: "GLASS" }, "SKILL_MISSING"],
    ["SKILL_MISSING", { skills: ["glazing"] }, { requiredSkills: ["auto_operator", "glazing"] }, "SKILL_MISSING"],
    ["TOOL_MISSING", {}, { requiredTools: ["multimeter"] }, "TOOL_MISSING"],
    ["NO_SHIFT", { shifts: null }, {}, "NO_SHIFT"],
    ["OFF_SHIFT with none then", { shifts: [] }, {}, "OFF_SHIFT"],
    ["OFF_SHIFT with too short a one", { shifts: [shift(480, 539)] }, {}, "OFF_SHIFT"],
    ["OFF_SHIFT for breaks", { shifts: [shift(480, 600, [[530, 560]])] }, {}, "OFF_SHIFT"],
    ["TIME_OFF", { shifts: [shift(480, 600, [[530, 560, "time_off"]])] }, {}, "TIME_OFF"],
    ["BOOKED", { busy: [busy(530, 560)] }, noon, "BOOKED"],
    ["TOO_FAR", { home: at(0), shifts: [shift(480, 600)] }, { place: at(40) }, "TOO_FAR"],
  ];
  for (const [what, over, asked, reason] of cases) {
    it(what, () => {
      const { slots, rejected } = findSlots([technician("a", over)], request(asked), rules);
      assert.deepEqual(slots, []);
      assert.deepEqual(
        rejected.map((one) => [one.tech_id, one.reason]),
        [["a", reason]],
      );
      assert.ok((rejected[0]?.detail.length ?? 0) > 0);
    });
  }

  it("names what is missing", () => {
    const { rejected } = findSlots([technician("a")], request({ requiredSkills: ["glazing", "auto_operator"] }), rules);
    assert.equal(rejected[0]?.detail, "lacks auto_operator, glazing");
  });

  it("leaves another zone out only where the rules say so", () => {
    const visitor = technician("a", { zones: ["NV"] });
    assert.ok(findSlots([visitor], request(), rules).slots.length > 0);
    assert.equal(
      findSlots([visitor], request(), { ...rules, zoneMustMatch: true }).rejected[0]?.reason,
      "ZONE_MISMATCH",
    );
  });

  it("lists technicians without known hours last, where they are eligible, at any time not booked", () => {
    const pilot: AvailabilityRules = { ...rules, technicianWithoutShift: "eligible" };
    const roster = [
      technician("a", { shifts: null, busy: [busy(60, 120)] }),
      technician("b", { shifts: [shift(480, 540)] }),
    ];
    const { slots, rejected } = findSlots(roster, request({ latest: ms(540) }), pilot);
    assert.deepEqual(rejected, []);
    assert.deepEqual(whoAndWhen(slots).slice(0, 4), [
      ["b", 480],
      ["a", 0],
      ["a", 120],
      ["a", 135],
    ]);
    assert.ok(slots[1]?.factors.some((factor) => factor.factor === "NO_SHIFT"));
    assert.ok(!slots[0]?.factors.some((factor) => factor.factor === "NO_SHIFT"));
  });
});

describe("the order of slots", () => {
  const near = technician("near", { home: at(10), shifts: [shift(510, 960)] });
  const far = technician("far", { home: at(60), shifts: [shift(480, 960)], zones: ["NV"] });
  const asked = { place: at(10), limit: 3 };

  it("earliest: by time", () => {
    const { slots } = findSlots([near, far], request({ ...asked, strategy: "earliest" }), rules);
    assert.deepEqual(whoAndWhen(slots), [
      ["near", 510],
      ["near", 525],
      ["near", 540],
    ]);
    const later = findSlots(
      [near, far],
      request({ ...asked, earliest: ms(540), strategy: "earliest", limit: 4 }),
      rules,
    );
    assert.deepEqual(whoAndWhen(later.slots), [
      ["near", 540],
      ["far", 540],
      ["near", 555],
      ["far", 555],
    ]);
  });

  it("earliest: among equal times by driving, not by zone", () => {
    const close = technician("z", { home: at(12), zones: ["NV"] });
    const zoned = technician("a", { home: at(20) });
    const { slots } = findSlots(
      [zoned, close],
      request({ ...asked, earliest: ms(540), limit: 1, strategy: "earliest" }),
      rules,
    );
    assert.deepEqual(whoAndWhen(slots), [["z", 540]]);
  });

  it("least_travel: by the driving a job adds, which next door to another job is little", () => {
    const busyFar = { ...far, busy: [busy(700, 760, at(10))] };
    const alone = technician("alone", { home: at(13) });
    const { slots } = findSlots([alone, busyFar], request({ ...asked, strategy: "least_travel" }), rules);
    assert.deepEqual(whoAndWhen(slots), [
      ["far", 540],
      ["far", 555],
      ["far", 570],
    ]);
    assert.deepEqual(slots[0]?.factors[0], { factor: "added_travel_minutes", value: 0, weight: -12, contribution: 0 });
  });

  it("best: by score, which weighs driving, waiting and zone as the factors show", () => {
    const { slots } = findSlots([near, far], request({ ...asked, limit: 100, strategy: "best" }), rules);
    assert.deepEqual(whoAndWhen(slots)[0], ["near", 510]);
    for (const slot of slots)
      assert.equal(
        slot.score,
        slot.factors.reduce((sum, factor) => sum + factor.contribution, 0),
      );
    for (let i = 1; i < slots.length; i += 1) assert.ok((slots[i - 1]?.score ?? 0) >= (slots[i]?.score ?? 0));
    const foreign = slots.find((slot) => slot.tech_id === "far");
    // 51 minutes there, 50 back; 555 minutes after the earliest; no zone.
    assert.deepEqual([minutesOf(foreign?.start ?? ""), foreign?.score], [540, -12 * 101 - 540]);
  });
});

const anyFirstDrive = fc.constantFrom("in_shift" as const, "before_shift" as const);

describe("findSlots against a look at every minute", () => {
  it("finds the same starts and driving, and the same reason when there are none", () => {
    fc.assert(
      fc.property(anyTechnician("a"), anyRequest, anyFirstDrive, (tech, job, firstDrive) => {
        const { slots, rejected } = findSlots([tech], job, { ...rules, firstDrive });
        const expected = startsByMinute(tech, job, lineTravel, firstDrive);
        const found = slots.map((slot) => ({
          start: minutesOf(slot.start),
          travelBefore: slot.travel_before_minutes,
          travelAfter: slot.travel_after_minutes,
        }));
        assert.deepEqual(found, expected);
        for (const slot of slots) assert.equal(minutesOf(slot.end) - minutesOf(slot.start), job.durationMinutes);
        assert.deepEqual(
          rejected.map((one) => one.reason),
          expected.length > 0 ? [] : [reasonByMinute(tech, job)],
        );
      }),
      { numRuns: 800 },
    );
  });

  it("says of work for two that no shift holds how to go on: parts are one technician's alone", () => {
    const shifts = [0, 1, 2].map((day) => shift(day * 1_440 + 480, day * 1_440 + 960));
    const both = ["a", "b"].map((id) => technician(id, { shifts }));
    const alone = request({ earliest: ms(0), latest: ms(4_320), durationMinutes: 1_200, longestMinutes: 2_000 });
    const { slots, rejected } = findSlots(both, { ...alone, people: 2 }, rules);
    assert.deepEqual(slots, []);
    for (const { reason, detail } of rejected) {
      assert.equal(reason, "OFF_SHIFT");
      assert.match(
        detail,
        /^a crew does its work in one piece, and no shift has room for 1200 min; .*duration_minutes/,
      );
    }
    assert.equal(rejected.length, 2);
    assert.ok(findSlots(both, alone, rules).slots.length > 0, "one alone does it in parts");
  });

  it("finds for two what one can lead while another is free, and names the other", () => {
    fc.assert(
      fc.property(anyTechnician("a"), anyTechnician("b"), anyRequest, anyFirstDrive, (lead, other, job, firstDrive) => {
        const hands = { ...other, skills: [], tools: [] };
        const asked = { ...job, techId: lead.techId, people: 2 };
        const { slots, rejected, free } = findSlots([lead, hands], asked, { ...rules, firstDrive });
        const alone = startsByMinute(lead, job, lineTravel, firstDrive);
        const both = alone.filter(({ start }) => fitsAtMinute(hands, job, start, lineTravel, firstDrive));
        assert.deepEqual(
          slots.map(({ start }) => minutesOf(start)),
          both.map(({ start }) => start),
        );
        for (const { helpers } of slots)
          assert.deepEqual(
            helpers?.map(({ tech_id }) => tech_id),
            ["b"],
          );
        assert.equal(free, both.length > 0 ? 2 : alone.length > 0 ? 1 : 0);
        const expected = both.length > 0 ? [] : [alone.length > 0 ? "CREW_INCOMPLETE" : reasonByMinute(lead, job)];
        assert.deepEqual(
          rejected.map(({ reason }) => reason),
          expected,
        );
      }),
      { numRuns: 400 },
    );
  });

  const roster = fc.tuple(anyTechnician("a"), anyTechnician("b"), anyTechnician("c"));
  const strategy = fc.constantFrom("earliest" as const, "least_travel" as const, "best" as const);

  it("answers the same in any order of technicians and bookings, and a limit only cuts the end off", () => {
    fc.assert(
      fc.property(roster, anyRequest, strategy, fc.integer({ min: 1, max: 30 }), (technicians, job, by, limit) => {
        const full = findSlots(technicians, { ...job, strategy: by }, rules);
        const reversed = technicians.toReversed().map((tech) => ({ ...tech, busy: tech.busy.toReversed() }));
        assert.deepEqual(findSlots(reversed, { ...job, strategy: by }, rules), full);
        const cut = findSlots(technicians, { ...job, strategy: by, limit }, rules);
        assert.deepEqual(cut.slots, full.slots.slice(0, limit));
        assert.deepEqual(cut.rejected, full.rejected);
        const heard = new Set([...full.slots, ...full.rejected].map((one) => one.tech_id));
        assert.deepEqual([...heard].sort(), ["a", "b", "c"]);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps the best of more starts than it holds at once", () => {
    const week = Array.from({ length: 30 }, (_, day) => shift(day * 1_440, day * 1_440 + 1_440));
    const technicians = ["a", "b", "c"].map((id) => technician(id, { shifts: week }));
    const all = request({ latest: ms(30 * 1_440), durationMinutes: 15, strategy: "earliest" });
    const full = findSlots(technicians, { ...all, limit: 100_000 }, rules).slots;
    assert.equal(full.length, 3 * 30 * 96);
    assert.deepEqual(findSlots(technicians.toReversed(), { ...all, limit: 7 }, rules).slots, full.slice(0, 7));
  });

  it("works through the gaps of a calendar once, however many starts lie in them, and through one technician like another", () => {
    const week = workOf({ technicians: 40, durationMinutes: 60 });
    assert.ok(week.starts > 1_000);
    // Three drives a gap: there, on, and the straight way. Each booking and each shift ends one at most.
    assert.ok(week.drives <= 3 * 40 * (6 + 5), `${week.drives} drives`);
    // Of each booking: whether it is near, its place in the order, and each shift's look at it.
    assert.ok(week.reads <= 40 * 6 * 12, `${week.reads} looks at bookings`);
    const short = workOf({ technicians: 40, durationMinutes: 15 });
    assert.ok(short.starts > 1.2 * week.starts);
    assert.deepEqual([short.drives, short.reads], [week.drives, week.reads]);
    const twice = workOf({ technicians: 80, durationMinutes: 60 });
    assert.deepEqual(twice, { starts: 2 * week.starts, drives: 2 * week.drives, reads: 2 * week.reads });
  });
});

/** What a search over a working week costs for technicians with six bookings each, counted and not timed. */
function workOf({ technicians, durationMinutes }: { technicians: number; durationMinutes: number }): {
  starts: number;
  drives: number;
  reads: number;
} {
  const work = { starts: 0, drives: 0, reads: 0 };
  const counted = ({ start, ...rest }: BusyRange): BusyRange => ({
    ...rest,
    get start() {
      work.reads++;
      return start;
    },
  });
  const roster = Array.from({ length: technicians }, (_, one) => {
    const n = one % 40;
    return technician(`t${one}`, {
      home: { lat: 37 + n / 100, lon: -122 },
      shifts: [0, 1, 2, 3, 4].map((day) =>
        shift(day * 1_440 + 480, day * 1_440 + 960, [[day * 1_440 + 720, day * 1_440 + 750]]),
      ),
      busy: [0, 1, 2, 3, 4, 5].map((k) =>
        counted(busy(k * 1_000 + 500 + n, k * 1_000 + 590 + n, { lat: 37.5, lon: -122 - n / 100 })),
      ),
    });
  });
  const travel: TravelEstimate = (from, to) => {
    work.drives++;
    return estimateTravelMinutes(from, to);
  };
  const asked = request({
    latest: ms(5 * 1_440),
    place: { lat: 37.6, lon: -122.1 },
    strategy: "best",
    limit: 100_000,
    durationMinutes,
  });
  work.starts = findSlots(roster, asked, {
    technicianWithoutShift: "excluded",
    zoneMustMatch: false,
    travel,
  }).slots.length;
  return work;
}
