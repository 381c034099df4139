import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { checkShiftPattern } from "../../dispatch/workforce/check-shift-pattern.ts";
import {
  expandShifts,
  workingRanges,
  type ShiftPattern,
  type TimeRange,
} from "../../dispatch/workforce/shift-ranges.ts";

const la = "America/Los_Angeles";
const everyDay = [1, 2, 3, 4, 5, 6, 7];
const HOUR = 3_600_000;

function pattern(over: Partial<ShiftPattern> = {}): ShiftPattern {
  return {
    weekdays: everyDay,
    startTime: "08:00",
    endTime: "16:00",
    breaks: [],
    timeZone: la,
    validFrom: null,
    validTo: null,
    ...over,
  };
}

const span = (start: string, end: string): TimeRange => ({ start: Date.parse(start), end: Date.parse(end) });
const shown = (ranges: readonly TimeRange[]): string[] =>
  ranges.map(
    ({ start, end }) => `${new Date(start).toISOString().slice(0, 16)}/${new Date(end).toISOString().slice(0, 16)}`,
  );

describe("expandShifts", () => {
  const week = span("2025-06-02T00:00-07:00", "2025-06-09T00:00-07:00");

  it("starts on the days named, 1 being Monday", () => {
    assert.deepEqual(shown(expandShifts([pattern({ weekdays: [1, 5] })], [], week)), [
      "2025-06-02T15:00/2025-06-02T23:00",
      "2025-06-06T15:00/2025-06-06T23:00",
    ]);
  });

  it("gives whole shifts that overlap the span, and none that only touch it", () => {
    const shifts = (from: string, to: string): number => expandShifts([pattern()], [], span(from, to)).length;
    assert.equal(shifts("2025-06-02T15:59-07:00", "2025-06-02T16:30-07:00"), 1);
    assert.equal(shifts("2025-06-02T16:00-07:00", "2025-06-03T08:00-07:00"), 0);
    assert.equal(shifts("2025-06-02T16:00-07:00", "2025-06-03T08:01-07:00"), 1);
    assert.equal(shifts("2025-06-02T09:00-07:00", "2025-06-02T09:00-07:00"), 0);
    const [whole] = expandShifts([pattern()], [], span("2025-06-02T10:00-07:00", "2025-06-02T11:00-07:00"));
    assert.equal((whole?.end ?? 0) - (whole?.start ?? 0), 8 * HOUR);
  });

  it("keeps to the dates in force, by the day a shift starts, both included", () => {
    const inForce = pattern({ startTime: "22:00", endTime: "06:00", validFrom: "2025-06-03", validTo: "2025-06-04" });
    assert.deepEqual(shown(expandShifts([inForce], [], week)), [
      "2025-06-04T05:00/2025-06-04T13:00",
      "2025-06-05T05:00/2025-06-05T13:00",
    ]);
  });

  const nights: [string, string, string, string, number][] = [
    ["an ordinary night", "2025-06-02", "22:00", "06:00", 8],
    ["the night clocks go forward", "2025-03-08", "22:00", "06:00", 7],
    ["the night clocks go back", "2025-11-01", "22:00", "06:00", 9],
    ["a day of 23 hours", "2025-03-09", "00:00", "00:00", 23],
    ["a day of 25 hours", "2025-11-02", "00:00", "24:00", 25],
    ["a start in the skipped hour", "2025-03-09", "02:30", "06:00", 2.5],
    ["an end in the skipped hour", "2025-03-09", "00:00", "02:30", 2.5],
    ["an end in the repeated hour, meaning its first", "2025-11-02", "00:00", "01:30", 1.5],
    ["a start in the repeated hour, meaning its first", "2025-11-02", "01:30", "03:00", 2.5],
  ];
  for (const [what, date, startTime, endTime, hours] of nights) {
    it(`${what}, ${startTime} to ${endTime}, has ${hours} hours`, () => {
      const one = pattern({ startTime, endTime, validFrom: date, validTo: date });
      const [shift, ...more] = expandShifts([one], [], span("2025-01-01T00:00Z", "2026-01-01T00:00Z"));
      assert.deepEqual(more, []);
      assert.equal(((shift?.end ?? 0) - (shift?.start ?? 0)) / HOUR, hours);
    });
  }

  it("has no shift where the whole of it was skipped", () => {
    const skipped = pattern({ startTime: "02:00", endTime: "03:00", validFrom: "2025-03-08", validTo: "2025-03-10" });
    assert.equal(expandShifts([skipped], [], span("2025-03-01T00:00Z", "2025-04-01T00:00Z")).length, 2);
  });

  it("puts breaks after midnight where they belong", () => {
    const night = pattern({
      weekdays: [1],
      startTime: "22:00",
      endTime: "06:00",
      breaks: [
        { start: "01:00", end: "01:30" },
        { start: "23:45", end: "00:15" },
      ],
    });
    const [shift] = expandShifts([night], [], week);
    assert.deepEqual(shown(shift?.pauses ?? []), [
      "2025-06-03T06:45/2025-06-03T07:15",
      "2025-06-03T08:00/2025-06-03T08:30",
    ]);
  });

  it("joins shifts that touch or overlap, keeping their breaks", () => {
    const day = span("2025-06-02T00:00-07:00", "2025-06-03T00:00-07:00");
    const morning = pattern({ startTime: "06:00", endTime: "12:00", breaks: [{ start: "09:00", end: "09:15" }] });
    const noon = pattern({ startTime: "12:00", endTime: "14:00" });
    const late = pattern({ startTime: "13:00", endTime: "18:00", breaks: [{ start: "16:00", end: "16:15" }] });
    const evening = pattern({ startTime: "18:15", endTime: "20:00" });
    const shifts = expandShifts([late, evening, noon, morning], [], day);
    assert.deepEqual(shown(shifts), ["2025-06-02T13:00/2025-06-03T01:00", "2025-06-03T01:15/2025-06-03T03:00"]);
    assert.deepEqual(shown(shifts[0]?.pauses ?? []), [
      "2025-06-02T16:00/2025-06-02T16:15",
      "2025-06-02T23:00/2025-06-02T23:15",
    ]);
  });

  it("joins a shift to the next although that lies beside the span", () => {
    const halves = [
      pattern({ startTime: "06:00", endTime: "12:00" }),
      pattern({ startTime: "12:00", endTime: "18:00" }),
    ];
    const morning = span("2025-06-02T08:00-07:00", "2025-06-02T09:00-07:00");
    assert.deepEqual(shown(expandShifts(halves, [], morning)), ["2025-06-02T13:00/2025-06-03T01:00"]);
  });

  it("says when the shift before ended, where that is not as long ago as any drive takes", () => {
    const split = [
      pattern({ startTime: "06:00", endTime: "10:00" }),
      pattern({ startTime: "11:00", endTime: "18:00" }),
    ];
    const afternoon = span("2025-06-02T12:00-07:00", "2025-06-02T13:00-07:00");
    const [shift] = expandShifts(split, [], afternoon);
    assert.equal(shift?.previousEnd, Date.parse("2025-06-02T10:00-07:00"));
    const morning = span("2025-06-02T06:00-07:00", "2025-06-02T07:00-07:00");
    assert.equal("previousEnd" in (expandShifts(split, [], morning)[0] ?? {}), false);
  });

  it("keeps a shift that is all time off, with the pause saying so", () => {
    const [shift] = expandShifts([pattern({ weekdays: [1] })], [span("2025-06-01T00:00Z", "2025-06-05T00:00Z")], week);
    assert.deepEqual(shift?.pauses, [{ kind: "time_off", start: shift?.start, end: shift?.end }]);
    assert.deepEqual(workingRanges(shift === undefined ? [] : [shift], week), []);
  });
});

describe("workingRanges", () => {
  it("cuts out breaks and time off, overlapping or not, and cuts to the span", () => {
    const breaks = [{ start: "12:00", end: "13:00" }];
    const timeOff = [
      span("2025-06-02T12:30-07:00", "2025-06-02T14:00-07:00"),
      span("2025-06-02T15:00-07:00", "2025-06-02T18:00-07:00"),
    ];
    const day = span("2025-06-02T09:00-07:00", "2025-06-02T20:00-07:00");
    assert.deepEqual(shown(workingRanges(expandShifts([pattern({ breaks })], timeOff, day), day)), [
      "2025-06-02T16:00/2025-06-02T19:00",
      "2025-06-02T21:00/2025-06-02T22:00",
    ]);
  });

  it("agrees with the wall clock, quarter by quarter", () => {
    const quarter = fc.integer({ min: 0, max: 95 });
    const clock = (n: number): string =>
      `${String(Math.floor(n / 4)).padStart(2, "0")}:${String((n % 4) * 15).padStart(2, "0")}`;
    // No clock changes between these dates in either zone, so the wall clock alone decides.
    const days = span("2025-06-02T00:00Z", "2025-06-06T00:00Z");
    const off = fc.record({ start: fc.integer({ min: 0, max: 383 }), length: fc.integer({ min: 0, max: 60 }) });
    const shift = fc.record({
      weekdays: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      from: quarter,
      quarters: fc.integer({ min: 1, max: 96 }),
      breakAt: quarter,
      breakQuarters: fc.integer({ min: 1, max: 8 }),
      timeZone: fc.constantFrom(la, "Asia/Kathmandu"),
    });
    fc.assert(
      fc.property(fc.array(shift, { maxLength: 3 }), fc.array(off, { maxLength: 2 }), (shifts, offs) => {
        const patterns = shifts.map((one) =>
          pattern({
            weekdays: one.weekdays,
            timeZone: one.timeZone,
            startTime: clock(one.from),
            endTime: clock((one.from + one.quarters) % 96),
            breaks: [{ start: clock(one.breakAt), end: clock((one.breakAt + one.breakQuarters) % 96) }],
          }),
        );
        const timeOff = offs.map(({ start, length }) => ({
          start: days.start + start * 900_000,
          end: days.start + (start + length) * 900_000,
        }));
        const ranges = workingRanges(expandShifts(patterns, timeOff, days), days);
        for (let at = days.start; at < days.end; at += 900_000) {
          const isOff = timeOff.some((one) => one.start <= at && at < one.end);
          const isBreak = shifts.some((one) => {
            const into = quartersInto(one, at);
            if (into === null) return false;
            const breakAt = (one.breakAt - one.from + 96) % 96;
            return breakAt <= into && into < breakAt + one.breakQuarters;
          });
          const works = shifts.some((one) => quartersInto(one, at) !== null) && !isOff && !isBreak;
          assert.equal(
            ranges.some((range) => range.start <= at && at < range.end),
            works,
            new Date(at).toISOString(),
          );
        }
        ranges.forEach((range, index) => {
          assert.ok(range.start < range.end && range.start >= days.start && range.end <= days.end);
          assert.ok(index === 0 || (ranges[index - 1]?.end ?? 0) < range.start);
        });
      }),
      { numRuns: 300 },
    );
  });
});

/** How many quarters of an hour into the shift an instant lies, by the zone's fixed summer offset; null outside. */
function quartersInto(
  one: { weekdays: number[]; from: number; quarters: number; timeZone: string },
  at: number,
): number | null {
  const offsetQuarters = one.timeZone === la ? -28 : 23;
  const local = Math.floor(at / 900_000) + offsetQuarters;
  for (const daysBack of [0, 1]) {
    const day = Math.floor(local / 96) - daysBack;
    const into = local - (day * 96 + one.from);
    const weekday = ((day + 3) % 7) + 1;
    if (one.weekdays.includes(weekday) && into >= 0 && into < one.quarters) return into;
  }
  return null;
}

describe("checkShiftPattern", () => {
  const bad: [string, Partial<ShiftPattern>][] = [
    ["/weekdays", { weekdays: [] }],
    ["/weekdays/1", { weekdays: [1, 0] }],
    ["/weekdays/0", { weekdays: [1.5] }],
    ["/time_zone", { timeZone: "PST8" }],
    ["/valid_from", { validFrom: "2025-02-30" }],
    ["/valid_to", { validTo: "soon" }],
    ["/valid_to", { validFrom: "2025-02-02", validTo: "2025-02-01" }],
    ["/start_time", { startTime: "24:00" }],
    ["/start_time", { startTime: "8" }],
    ["/end_time", { endTime: "25:00" }],
    ["/breaks/0/start", { breaks: [{ start: "x", end: "12:00" }] }],
    ["/breaks/0/end", { breaks: [{ start: "12:00", end: "x" }] }],
    ["/breaks/0", { breaks: [{ start: "07:30", end: "08:30" }] }],
    ["/breaks/0", { breaks: [{ start: "12:00", end: "12:00" }] }],
    ["/breaks/0", { breaks: [{ start: "15:45", end: "16:15" }] }],
    [
      "/breaks/1",
      {
        breaks: [
          { start: "12:00", end: "12:30" },
          { start: "17:00", end: "17:30" },
        ],
      },
    ],
  ];
  for (const [path, over] of bad) {
    it(`finds ${JSON.stringify(over)}`, () =>
      assert.deepEqual(
        checkShiftPattern(pattern(over)).map((problem) => problem.path),
        [path],
      ));
  }
  const good: Partial<ShiftPattern>[] = [
    {},
    {
      startTime: "22:00",
      endTime: "06:00",
      breaks: [
        { start: "23:45", end: "00:15" },
        { start: "05:30", end: "06:00" },
      ],
    },
    { startTime: "00:00", endTime: "24:00", breaks: [{ start: "23:30", end: "24:00" }] },
    { startTime: "08:00", endTime: "08:00", breaks: [{ start: "03:00", end: "04:00" }] },
    { validFrom: "2025-02-01", validTo: "2025-02-01" },
  ];
  for (const over of good) {
    it(`takes ${JSON.stringify(over)}`, () => assert.deepEqual(checkShiftPattern(pattern(over)), []));
  }
});
