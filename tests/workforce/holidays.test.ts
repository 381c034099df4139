// Which days a calendar's holidays fall on, by each way of saying it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadPolicy } from "../../dispatch/policy/load.ts";
import type { HolidayRule } from "../../dispatch/policy/policy.ts";
import { holidaysBetween } from "../../dispatch/workforce/holidays.ts";
import { parseDate } from "../../dispatch/workforce/local-time.ts";

const date = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
const falls = (on: HolidayRule, from: string, to: string): string[] =>
  [...holidaysBetween([{ name: "Day", on }], parseDate(from), parseDate(to)).keys()].sort((a, b) => a - b).map(date);

describe("a holiday falls", () => {
  const christmas = { kind: "yearly", month: 12, day: 25 } as const;
  const cases: [what: string, on: HolidayRule, from: string, to: string, days: string[]][] = [
    ["on its one date", { kind: "date", date: "2026-06-12" }, "2025-01-01", "2028-12-31", ["2026-06-12"]],
    ["each year", { ...christmas, observed: null }, "2026-01-01", "2027-12-31", ["2026-12-25", "2027-12-25"]],
    [
      "only in leap years",
      { kind: "yearly", month: 2, day: 29, observed: null },
      "2026-01-01",
      "2029-12-31",
      ["2028-02-29"],
    ],
    [
      "of a Saturday on the Friday before too",
      { ...christmas, observed: "nearest_weekday" },
      "2027-12-01",
      "2027-12-31",
      ["2027-12-24", "2027-12-25"],
    ],
    [
      "of a Sunday on the Monday after too",
      { kind: "yearly", month: 7, day: 4, observed: "nearest_weekday" },
      "2027-07-01",
      "2027-07-31",
      ["2027-07-04", "2027-07-05"],
    ],
    [
      "of a Saturday on the Monday after, where that is the custom",
      { ...christmas, observed: "next_monday" },
      "2027-12-01",
      "2027-12-31",
      ["2027-12-25", "2027-12-27"],
    ],
    [
      "of New Year's Day on a Saturday in the old year",
      { kind: "yearly", month: 1, day: 1, observed: "nearest_weekday" },
      "2027-12-01",
      "2027-12-31",
      ["2027-12-31"],
    ],
    [
      "on the fourth Thursday",
      { kind: "nth_weekday", month: 11, weekday: 4, nth: 4 },
      "2026-01-01",
      "2028-12-31",
      ["2026-11-26", "2027-11-25", "2028-11-23"],
    ],
    [
      "on the last Monday",
      { kind: "nth_weekday", month: 5, weekday: 1, nth: -1 },
      "2026-05-01",
      "2026-05-31",
      ["2026-05-25"],
    ],
    [
      "on a fifth Friday where there is one",
      { kind: "nth_weekday", month: 5, weekday: 5, nth: 5 },
      "2026-01-01",
      "2027-12-31",
      ["2026-05-29"],
    ],
    [
      "on Good Friday",
      { kind: "easter", days: -2 },
      "2024-01-01",
      "2027-12-31",
      ["2024-03-29", "2025-04-18", "2026-04-03", "2027-03-26"],
    ],
  ];
  for (const [what, on, from, to, days] of cases) test(what, () => assert.deepEqual(falls(on, from, to), days));
});

test("the calendar that comes with Dispatch has the federal holidays of 2026", () => {
  const calendar = loadPolicy("pilot").holidayCalendars["us-federal"] ?? assert.fail();
  const found = holidaysBetween(calendar, parseDate("2026-01-01"), parseDate("2026-12-31"));
  assert.deepEqual(
    [...found].sort(([a], [b]) => a - b).map(([day, name]) => `${date(day)} ${name}`),
    [
      "2026-01-01 New Year's Day",
      "2026-01-19 Martin Luther King Jr. Day",
      "2026-02-16 Washington's Birthday",
      "2026-05-25 Memorial Day",
      "2026-06-19 Juneteenth",
      "2026-07-03 Independence Day",
      "2026-07-04 Independence Day",
      "2026-09-07 Labor Day",
      "2026-10-12 Columbus Day",
      "2026-11-11 Veterans Day",
      "2026-11-26 Thanksgiving Day",
      "2026-12-25 Christmas Day",
    ],
  );
});
