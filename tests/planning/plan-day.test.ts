// The day that is planned, on the wall clock of its zone; and lanes, cut around what a person has booked against the rules.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TechnicianId, TicketId } from "../../dispatch/contract/ids.ts";
import { lanesOf } from "../../dispatch/planning/lanes.ts";
import type { FirstDrive } from "../../dispatch/workforce/first-drive.ts";
import { earliestStart, planDay } from "../../dispatch/planning/plan-day.ts";
import { Refusal } from "../../dispatch/kernel/refusal.ts";
import type { Shift } from "../../dispatch/workforce/shift-ranges.ts";
import { idNamed } from "../support/ids.ts";

const hour = 3_600_000;
const now = Date.parse("2026-03-02T08:00:00Z");

describe("a day", () => {
  const rows = [
    ["2026-03-04", "UTC", "2026-03-04T00:00:00.000Z", 24],
    ["2026-03-08", "America/Los_Angeles", "2026-03-08T08:00:00.000Z", 23],
    ["2026-11-01", "America/Los_Angeles", "2026-11-01T07:00:00.000Z", 25],
    ["2026-03-02", "Asia/Kathmandu", "2026-03-01T18:15:00.000Z", 24],
  ] as const;
  for (const [date, zone, start, hours] of rows) {
    test(`${date} in ${zone} begins at ${start} and has ${hours} hours`, () => {
      const day = planDay(date, zone, now);
      assert.deepEqual([new Date(day.start).toISOString(), (day.end - day.start) / hour], [start, hours]);
    });
  }

  test("is refused when it is over, or all but over, too far ahead, or none", () => {
    const late = Date.parse("2026-03-02T23:31:00Z");
    for (const [date, zone, at] of [
      ["2026-03-01", "UTC", now],
      ["2026-03-02", "UTC", late],
      ["2027-03-04", "UTC", now],
      ["2026-02-30", "UTC", now],
      ["2026-03-04", "Mars", now],
    ] as const) {
      assert.throws(
        () => planDay(date, zone, at),
        (error) => error instanceof Refusal && error.code === "INVALID_REQUEST",
        `${date} ${zone}`,
      );
    }
  });

  test("that has begun is planned from half an hour ahead, on the whole minute", () => {
    const today = planDay("2026-03-02", "UTC", now);
    assert.equal(new Date(earliestStart(today, now + 1)).toISOString(), "2026-03-02T08:31:00.000Z");
    const tomorrow = planDay("2026-03-03", "UTC", now);
    assert.equal(earliestStart(tomorrow, now), tomorrow.start);
  });
});

describe("the lanes of a shift", () => {
  const at = (h: number): number => now + (h - 8) * hour;
  const place = { lat: 0, lon: 0 };
  /** From eight to four, with a break at noon; every drive takes half an hour. */
  const shift: Shift = { start: at(8), end: at(16), pauses: [{ start: at(12), end: at(13), kind: "break" }] };
  const technician = {
    techId: idNamed<TechnicianId>("t"),
    techName: "T",
    home: { lat: 1, lon: 1 },
    zones: [],
    serviceTypes: ["DEFAULT"],
    skills: [],
    tools: [],
    shifts: [shift],
    busy: [],
    ineligible: null,
  };
  const work = (from: number, to: number) => ({
    ticketId: idNamed<TicketId>(`${from}`),
    part: null,
    place,
    start: at(from),
    end: at(to),
  });
  const halfHour = (a: object | null, b: object | null): number => (a === b ? 0 : 30);
  const lanesFor = (fixed: readonly ReturnType<typeof work>[], firstDrive: FirstDrive) =>
    lanesOf(technician, fixed, { start: at(8), end: at(20) }, { travel: halfHour, firstDrive });
  const cut = (fixed: readonly ReturnType<typeof work>[], firstDrive: FirstDrive = "in_shift") =>
    lanesFor(fixed, firstDrive).map(({ start, end, pins }) =>
      [start, end].map((one) => (one - now) / hour + 8).concat(pins.map(({ ticketId }) => Number(ticketId))),
    );

  const rows: readonly (readonly [
    name: string,
    fixed: readonly ReturnType<typeof work>[],
    lanes: readonly (readonly number[])[],
  ])[] = [
    ["without work is one", [], [[8, 16]]],
    ["keep as pins what the drives allow", [work(9, 10), work(14, 15)], [[8, 16, 9, 14]]],
    ["end before work for which the drive from home is too short, and begin behind it", [work(8.25, 9)], [[9, 16]]],
    [
      "end before work in a break",
      [work(12.5, 13.5)],
      [
        [8, 12.5],
        [13.5, 16],
      ],
    ],
    ["end before work that outlasts the shift", [work(15, 17)], [[8, 15]]],
    ["end at work from which home is too far", [work(15, 15.75)], [[8, 15]]],
    ["begin behind work from before the shift", [work(7, 9)], [[9, 16]]],
    [
      "begin behind the longest of work that lies over each other",
      [work(9, 11), work(10, 10.5)],
      [
        [8, 9],
        [11, 16],
      ],
    ],
    ["begin behind the longest of such work from before the shift", [work(7, 11), work(7.5, 9)], [[11, 16]]],
    ["know nothing of work of other hours", [work(5, 7), work(17, 18)], [[8, 16]]],
  ];
  for (const [name, fixed, lanes] of rows) test(name, () => assert.deepEqual(cut(fixed), lanes));

  test("keep work at the shift's beginning as a pin where the first drive lies before it", () => {
    assert.deepEqual(cut([work(8, 9)], "before_shift"), [[8, 16, 8]]);
    assert.deepEqual(
      cut([work(7.75, 7.9), work(8, 9)], "before_shift"),
      [[9, 16]],
      "nobody can be home and back in six minutes",
    );
    const headStarts = lanesFor([work(12.5, 13.5)], "before_shift").map(({ headStartMs }) => headStartMs);
    assert.deepEqual(headStarts, [Infinity, 0], "behind work nobody sets out from home");
  });
});
