// Work longer than a shift, laid in parts: on any calendar they keep to the rule for bookings, never overlap, sum to the work, and
// no fewer would do, which a look at every choice of stretches decides here without the code under test.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Job } from "../../dispatch/workforce/ability.ts";
import {
  assessWindow,
  type AvailabilityRules,
  type CalendarTechnician,
} from "../../dispatch/workforce/availability.ts";
import { findSlots } from "../../dispatch/workforce/find-slots.ts";
import { chainAt, chainsIn, fitsIntoShift, mostParts, type Chain } from "../../dispatch/workforce/parts.ts";
import { expandShifts, type ShiftPattern, type TimeRange } from "../../dispatch/workforce/shift-ranges.ts";
import { at, busy, lineTravel, ms, request, shift, technician } from "./calendar-fixtures.ts";

const rules: AvailabilityRules = { technicianWithoutShift: "excluded", zoneMustMatch: false, travel: lineTravel };
const job: Job = { place: at(0), serviceType: null, requiredSkills: [], requiredTools: [], region: "CA" };
const minute = 60_000;
const dayMinutes = 1_440;
const lengthOf = ({ start, end }: TimeRange): number => (end - start) / minute;
const none = Number.POSITIVE_INFINITY;

const hours = (range: TimeRange): [number, number] => [
  (range.start - ms(0)) / 3_600_000,
  (range.end - ms(0)) / 3_600_000,
];
const shown = (chain: Chain | null | undefined) => chain?.parts.map(hours);

/** From eight to four on five days. */
const week = (pauses: [number, number][] = []) =>
  [0, 1, 2, 3, 4].map((day) =>
    shift(
      day * dayMinutes + 480,
      day * dayMinutes + 960,
      pauses.map(([from, to]) => [day * dayMinutes + from, day * dayMinutes + to]),
    ),
  );
const span = { start: ms(0), end: ms(5 * dayMinutes) };
const first = (tech: CalendarTechnician, minutes: number, longestMinutes = none, where: TimeRange = span) =>
  chainsIn(tech, job, where, { minutes, longestMinutes }, rules)[0];

describe("work of twelve hours", () => {
  it("takes a day and a half of eight hours", () => {
    assert.deepEqual(shown(first(technician("a", { shifts: week() }), 720)), [
      [8, 16],
      [32, 36],
    ]);
  });

  it("leaves the drives from home and back in each shift, and tells them", () => {
    const tech = technician("a", { shifts: week(), home: at(30) });
    const chain = first(tech, 720);
    // 31 minutes against the numbers to the site, 30 back.
    assert.deepEqual(
      chain?.parts.map(({ start, end }) => [(start - ms(0)) / minute, (end - ms(0)) / minute]),
      [
        [525, 930],
        [dayMinutes + 511, dayMinutes + 826],
      ],
    );
    assert.deepEqual(
      chain?.parts.map(({ travelBefore, travelAfter }) => [travelBefore, travelAfter]),
      [
        [31, 30],
        [31, 30],
      ],
    );
    assert.equal(chain?.addedTravel, 122);
  });

  it("goes around a break without driving, and counts the way there once", () => {
    const chain = first(technician("a", { shifts: week([[720, 750]]), home: at(30) }), 720);
    assert.deepEqual(
      chain?.parts.map(({ travelBefore, travelAfter }) => [travelBefore, travelAfter]),
      [
        [31, 0],
        [0, 30],
        [31, 0],
        [0, 30],
      ],
    );
    assert.equal(chain?.addedTravel, 122);
  });

  it("passes over a day off, and not over a working day without room", () => {
    const off = week().map((one, i) =>
      i === 1 ? { ...one, pauses: [{ start: one.start, end: one.end, kind: "time_off" as const }] } : one,
    );
    assert.deepEqual(shown(first(technician("a", { shifts: off }), 720)), [
      [8, 16],
      [56, 60],
    ]);
    const booked = technician("a", { shifts: week(), busy: [busy(dayMinutes + 480, dayMinutes + 930)] });
    assert.deepEqual(shown(first(booked, 720)), [
      [56, 64],
      [80, 84],
    ]);
  });

  it("leaves its last part an hour, and no part is shorter", () => {
    assert.deepEqual(shown(first(technician("a", { shifts: week() }), 490)), [
      [8, 15.166666666666666],
      [32, 33],
    ]);
  });

  it("has parts no longer than a piece may be", () => {
    assert.deepEqual(shown(first(technician("a", { shifts: week() }), 720, 300)), [
      [8, 13],
      [32, 37],
      [56, 58],
    ]);
  });

  it("is not to be had in more than ten parts, or beyond the span", () => {
    const short = Array.from({ length: 30 }, (_, day) => shift(day * dayMinutes + 480, day * dayMinutes + 540));
    const long = { start: ms(0), end: ms(30 * dayMinutes) };
    const tech = technician("a", { shifts: short });
    assert.equal(first(tech, mostParts * 60, none, long)?.parts.length, mostParts);
    assert.equal(first(tech, mostParts * 60 + 1, none, long), undefined);
    assert.equal(
      first(technician("a", { shifts: week() }), 720, none, { start: ms(0), end: ms(dayMinutes + 700) }),
      undefined,
    );
  });

  it("begins with its time to the minute where that is settled, or not at all", () => {
    const tech = technician("a", { shifts: week() });
    const from = (minutes: number, until: number) =>
      shown(chainAt(tech, job, { start: ms(minutes), end: ms(until) }, { minutes: 720, longestMinutes: none }, rules));
    assert.deepEqual(from(607, dayMinutes + 960), [
      [607 / 60, 16],
      [32, (dayMinutes + 480 + 720 - (960 - 607)) / 60],
    ]);
    assert.equal(from(470, dayMinutes + 960), undefined);
    assert.equal(from(607, dayMinutes + 846), undefined, "its end holds as well");
  });
});

describe("what fits into a shift", () => {
  const fits = (minutes: number, over: Partial<CalendarTechnician>, longestMinutes = none) =>
    fitsIntoShift(technician("a", { shifts: week(), ...over }), job, { minutes, longestMinutes }, rules);

  it("is told from an empty day of theirs: breaks and the drive from home count, bookings and time off do not", () => {
    assert.deepEqual([fits(480, {}), fits(481, {})], [true, false]);
    assert.deepEqual(
      [fits(240, { shifts: week([[720, 750]]) }), fits(241, { shifts: week([[720, 750]]) })],
      [true, false],
    );
    assert.deepEqual([fits(405, { home: at(30) }), fits(420, { home: at(30) })], [true, false]);
    assert.equal(fits(480, { busy: [busy(0, 5 * dayMinutes)] }), true);
    assert.equal(fits(480, { shifts: null }), true);
    assert.equal(fits(301, {}, 300), false);
  });

  it("is offered in one piece or not at all", () => {
    const booked = technician("a", {
      shifts: week(),
      busy: [0, 1, 2, 3, 4].map((day) => busy(day * dayMinutes + 700, day * dayMinutes + 730)),
    });
    const asked = { latest: ms(5 * dayMinutes), longestMinutes: dayMinutes };
    const { slots, rejected } = findSlots([booked], request({ ...asked, durationMinutes: 480 }), rules);
    assert.deepEqual([slots, rejected.map(({ reason }) => reason)], [[], ["BOOKED"]]);
    const longer = findSlots([booked], request({ ...asked, durationMinutes: 481, limit: 1 }), rules);
    assert.equal(longer.slots[0]?.parts?.[0]?.of, 3);
  });
});

const anyCalendar = fc
  .record({
    days: fc.array(
      fc.record({
        from: fc.integer({ min: 300, max: 700 }),
        length: fc.integer({ min: 150, max: 600 }),
        break: fc.option(fc.record({ after: fc.nat(500), minutes: fc.integer({ min: 5, max: 90 }) })),
        off: fc.integer({ min: 0, max: 14 }).map((n) => n === 0),
        work: fc.option(fc.record({ after: fc.nat(500), minutes: fc.integer({ min: 20, max: 300 }), lon: fc.nat(40) })),
      }),
      { minLength: 2, maxLength: 6 },
    ),
    home: fc.constantFrom(at(0), at(12), at(45), null),
  })
  .map(({ days, home }) => {
    const shifts = days.map((one, day) => {
      const start = day * dayMinutes + one.from;
      const end = start + one.length;
      const pause = one.break && {
        start: start + one.break.after,
        end: Math.min(end, start + one.break.after + one.break.minutes),
      };
      return shift(start, end, [
        ...(one.off ? [[start, end, "time_off"] as [number, number, "time_off"]] : []),
        ...(pause && pause.start < pause.end ? [[pause.start, pause.end] as [number, number]] : []),
      ]);
    });
    const jobs = days.flatMap((one, day) =>
      one.work
        ? [
            busy(
              day * dayMinutes + one.from + one.work.after,
              day * dayMinutes + one.from + one.work.after + one.work.minutes,
              at(one.work.lon),
            ),
          ]
        : [],
    );
    return technician("a", {
      shifts,
      busy: jobs.filter((one, i) => i === 0 || one.start >= (jobs[i - 1]?.end ?? 0)),
      home,
    });
  });
const anyMinutes = fc.integer({ min: 61, max: 1_400 });

describe("on any calendar", () => {
  const anyFirstDrive = fc.constantFrom("in_shift" as const, "before_shift" as const);

  it("each part may be booked beside all the others, is an hour at least, and they sum to the work", () => {
    let chains = 0;
    fc.assert(
      fc.property(anyCalendar, anyMinutes, anyFirstDrive, (tech, minutes, firstDrive) => {
        const by = { ...rules, firstDrive };
        for (const { parts } of chainsIn(
          tech,
          job,
          { start: ms(0), end: ms(6 * dayMinutes) },
          { minutes, longestMinutes: 480 },
          by,
        )) {
          chains += parts.length > 1 ? 1 : 0;
          assert.equal(
            parts.reduce((all, one) => all + lengthOf(one), 0),
            minutes,
          );
          assert.ok(parts.length <= mostParts && parts.every((one) => lengthOf(one) >= 60 && lengthOf(one) <= 480));
          for (const [i, part] of parts.entries()) {
            assert.ok(
              i === 0 || part.start > (parts[i - 1]?.end ?? 0),
              "one after the other, with something between them",
            );
            const others = parts.filter((one) => one !== part).map((one) => ({ ...one, place: job.place }));
            const verdict = assessWindow({ ...tech, busy: [...tech.busy, ...others] }, job, part, by);
            assert.ok(verdict.free, `part ${i + 1}: ${verdict.free ? "" : verdict.reason}`);
            assert.deepEqual(
              [verdict.travelBeforeMinutes, verdict.travelAfterMinutes],
              [part.travelBefore, part.travelAfter],
            );
          }
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(chains > 300, `${chains} chains prove little`);
  });

  it("no fewer parts would do, and of as few none end sooner", () => {
    let compared = 0;
    fc.assert(
      fc.property(anyCalendar, anyMinutes, (tech, minutes) => {
        for (const chain of chainsIn(
          tech,
          job,
          { start: ms(0), end: ms(6 * dayMinutes) },
          { minutes, longestMinutes: none },
          rules,
        )) {
          const best = fewestByTrying(tech, minutes, chain.parts[0]?.start ?? 0);
          compared += chain.parts.length > 1 ? 1 : 0;
          assert.deepEqual([chain.parts.length, chain.parts.at(-1)?.end], best);
        }
      }),
      { numRuns: 150 },
    );
    assert.ok(compared > 60, `${compared} chains prove little`);
  });
});

/** Where work may be, minute by minute, in stretches; then every choice of them that begins with the first and skips no day. */
function fewestByTrying(tech: CalendarTechnician, minutes: number, start: number): [number, number] {
  const days = (tech.shifts ?? []).map((whole) => {
    const stretches: { from: number; to: number }[] = [];
    for (let t = (whole.start - ms(0)) / minute; ms(t) < whole.end; t += 1) {
      if (ms(t) < start || !assessWindow(tech, job, { start: ms(t), end: ms(t + 1) }, rules).free) continue;
      const last = stretches.at(-1);
      if (last?.to === t) last.to = t + 1;
      else stretches.push({ from: t, to: t + 1 });
    }
    const working = freeOfPauses(whole) >= 60;
    return { working, stretches: stretches.filter(({ from, to }) => to - from >= 60) };
  });
  const begins = days.findIndex(({ stretches }) => stretches.some(({ from }) => ms(from) === start));
  let best: [number, number] = [Infinity, Infinity];
  const tryFrom = (day: number, chosen: { from: number; to: number }[]): void => {
    const room = chosen.reduce((all, { from, to }) => all + to - from, 0);
    if (chosen.length > 0 && room >= minutes && chosen.length * 60 <= minutes) {
      const last = chosen.at(-1) ?? assert.fail();
      const before = room - (last.to - last.from);
      const end = ms(last.from + Math.max(60, minutes - before));
      if (chosen.length < best[0] || (chosen.length === best[0] && end < best[1])) best = [chosen.length, end];
    }
    const here = days[day];
    if (!here || chosen.length >= mostParts) return;
    if (here.stretches.length === 0) return here.working ? undefined : tryFrom(day + 1, chosen);
    const [must, ...may] = day === begins ? here.stretches : [null, ...here.stretches];
    for (let choice = 0; choice < 2 ** may.length; choice += 1) {
      const taken = may.filter((_, i) => choice & (2 ** i)).flatMap((one) => one ?? []);
      if (must || taken.length > 0) tryFrom(day + 1, [...chosen, ...(must ? [must] : []), ...taken]);
    }
  };
  tryFrom(begins, []);
  return best;
}

function freeOfPauses({ start, end, pauses }: { start: number; end: number; pauses: readonly TimeRange[] }): number {
  let longest = 0;
  let running = 0;
  for (let t = start; t < end; t += minute) {
    running = pauses.some((pause) => pause.start <= t && t < pause.end) ? 0 : running + 1;
    longest = Math.max(longest, running);
  }
  return longest;
}

describe("over the night on which clocks change", () => {
  const night: ShiftPattern = {
    weekdays: [1, 2, 3, 4, 5, 6, 7],
    startTime: "22:00",
    endTime: "06:00",
    breaks: [],
    timeZone: "America/Los_Angeles",
    validFrom: null,
    validTo: null,
  };
  const rows = [
    ["spring, when a night has seven hours", "2026-03-07T00:00Z", [7, 5]],
    ["autumn, when a night has nine hours", "2026-10-31T00:00Z", [9, 3]],
  ] as const;
  for (const [when, from, expected] of rows)
    it(`${when}: what a part holds is real time`, () => {
      const around = { start: Date.parse(from), end: Date.parse(from) + 4 * dayMinutes * minute };
      const changing = expandShifts([night], [], around).filter(({ start, end }) => end - start !== 8 * 60 * minute);
      const [whole] = changing;
      assert.equal(changing.length, 1);
      const tech = technician("a", { shifts: expandShifts([night], [], around), home: at(0) });
      const chain = chainAt(
        tech,
        job,
        { start: whole?.start ?? 0, end: around.end },
        { minutes: 720, longestMinutes: none },
        rules,
      );
      assert.deepEqual(
        chain?.parts.map((one) => lengthOf(one) / 60),
        expected,
      );
    });
});
