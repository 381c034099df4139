// When a site is open, in absolute time: over clock changes, midnight and holidays; and how that is said.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { loadPolicy } from "../../dispatch/policy/load.ts";
import { hoursProblem, openHours, type OpenPattern, type SiteHours } from "../../dispatch/workforce/open-hours.ts";

const policy = loadPolicy("pilot");
const la = "America/Los_Angeles";
const workdays: OpenPattern = { weekdays: [1, 2, 3, 4, 5], start_time: "09:00", end_time: "17:00" };
const site = (more: Partial<SiteHours> = {}): SiteHours => ({
  timezone: la,
  hours: [workdays],
  holiday_calendar: null,
  ...more,
});
const span = (start: string, end: string) => ({ start: Date.parse(start), end: Date.parse(end) });
const iso = (instant: number): string => new Date(instant).toISOString().replace(":00.000Z", "Z");
const closed = (of: SiteHours, start: string, end: string): string[][] =>
  (openHours(of, policy) ?? assert.fail()).closedWithin(span(start, end)).map((one) => [iso(one.start), iso(one.end)]);

describe("a site is closed", () => {
  const night: OpenPattern = { weekdays: [5], start_time: "22:00", end_time: "06:00" };
  const cases: [what: string, of: SiteHours, from: string, to: string, expected: string[][]][] = [
    ["never, within its hours", site(), "2026-03-04T17:00Z", "2026-03-05T01:00Z", []],
    [
      "before it opens and after it closes",
      site(),
      "2026-03-04T16:00Z",
      "2026-03-05T02:00Z",
      [
        ["2026-03-04T16:00Z", "2026-03-04T17:00Z"],
        ["2026-03-05T01:00Z", "2026-03-05T02:00Z"],
      ],
    ],
    [
      "from Friday's evening to Monday's morning, which summer time makes an hour earlier",
      site(),
      "2026-03-07T00:00Z",
      "2026-03-09T18:00Z",
      [["2026-03-07T01:00Z", "2026-03-09T16:00Z"]],
    ],
    [
      "until the evening of a night's opening, and again from its morning",
      site({ hours: [night] }),
      "2026-10-31T00:00Z",
      "2026-10-31T20:00Z",
      [
        ["2026-10-31T00:00Z", "2026-10-31T05:00Z"],
        ["2026-10-31T13:00Z", "2026-10-31T20:00Z"],
      ],
    ],
    [
      "from midnight to midnight on a holiday, though it has no hours else",
      site({ hours: null, holiday_calendar: "us-federal" }),
      "2026-11-25T00:00Z",
      "2026-11-28T00:00Z",
      [["2026-11-26T08:00Z", "2026-11-27T08:00Z"]],
    ],
    [
      "on a holiday also in the night that began the evening before",
      site({ hours: [{ weekdays: [3], start_time: "22:00", end_time: "06:00" }], holiday_calendar: "us-federal" }),
      "2026-11-26T05:00Z",
      "2026-11-26T20:00Z",
      [
        ["2026-11-26T05:00Z", "2026-11-26T06:00Z"],
        ["2026-11-26T08:00Z", "2026-11-26T20:00Z"],
      ],
    ],
  ];
  for (const [what, of, from, to, expected] of cases)
    test(what, () => assert.deepEqual(closed(of, from, to), expected));

  test("never, where it has neither hours nor a known calendar, or its time zone is none", () => {
    for (const one of [
      site({ hours: null }),
      site({ hours: null, holiday_calendar: "mars" }),
      site({ timezone: "Mars" }),
    ])
      assert.equal(openHours(one, policy), null);
  });
});

test("what cannot be read of a site's hours is said", () => {
  assert.equal(hoursProblem(site(), policy), null);
  assert.equal(hoursProblem(site({ timezone: "Mars", hours: null }), policy), null, "nothing to read");
  assert.match(hoursProblem(site({ timezone: "Mars" }), policy) ?? "", /"Mars" is no time zone/);
  assert.match(
    hoursProblem(site({ holiday_calendar: "mars" }), policy) ?? "",
    /no holiday calendar "mars"; it has us-federal/,
  );
});

test("hours are said by day, on the site's own clock", () => {
  const lunch = { hours: [workdays, { weekdays: [6], start_time: "10:00", end_time: "12:00" }] };
  const of = openHours(site({ ...lunch, holiday_calendar: "us-federal" }), policy) ?? assert.fail();
  const said = (start: string, end: string) => of.sentence(span(start, end));
  assert.equal(
    said("2026-03-05T02:00Z", "2026-03-05T03:00Z"),
    `the site is open 09:00-17:00 on Wednesday 2026-03-04 (local time, ${la})`,
  );
  assert.equal(
    said("2026-11-26T18:00Z", "2026-11-29T20:00Z"),
    "the site is closed on Thursday 2026-11-26 for Thanksgiving Day, open 09:00-17:00 on Friday 2026-11-27, " +
      `open 10:00-12:00 on Saturday 2026-11-28, … (local time, ${la})`,
  );
  const always = openHours(site({ hours: null, holiday_calendar: "us-federal" }), policy) ?? assert.fail();
  assert.match(always.sentence(span("2026-03-04T17:00Z", "2026-03-04T18:00Z")), /open 00:00-24:00 on Wednesday/);
});

test("each minute is open or closed as the clock on the site's wall says, also where it goes back or forward", () => {
  const zones = [la, "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "UTC"];
  const walls = new Map(
    zones.map((zone) => [
      zone,
      new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit" }),
    ]),
  );
  const names = ["", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const changes = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-09-06", "2026-10-04", "2026-10-25", "2026-11-01"];
  const quarter = fc.integer({ min: 0, max: 95 }).map((n) => n * 15);
  const clock = (minutes: number) =>
    `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  // Both ends away from the hours that a clock skips or repeats, of which the wall cannot tell which one is meant.
  const outside = quarter.filter((minutes) => minutes >= 240 && minutes < 1_380);
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...changes),
      fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      outside,
      outside,
      (timezone, day, weekdays, opens, closes) => {
        const pattern = { weekdays, start_time: clock(opens), end_time: clock(closes) };
        const of = openHours({ timezone, hours: [pattern], holiday_calendar: null }, policy) ?? assert.fail();
        const around = { start: Date.parse(day) - 36 * 3_600_000, end: Date.parse(day) + 60 * 3_600_000 };
        const shut = of.closedWithin(around);
        for (let at = around.start; at < around.end; at += 5 * 60_000) {
          const parts = Object.fromEntries(
            (walls.get(timezone) ?? assert.fail()).formatToParts(at).map((p) => [p.type, p.value]),
          );
          const weekday = names.indexOf(parts["weekday"] ?? "");
          const minutes = Number(parts["hour"]) * 60 + Number(parts["minute"]);
          const before = weekday === 1 ? 7 : weekday - 1;
          const overnight = closes <= opens;
          const open =
            (weekdays.includes(weekday) && minutes >= opens && (overnight || minutes < closes)) ||
            (overnight && weekdays.includes(before) && minutes < closes);
          const isShut = shut.some(({ start, end }) => start <= at && at < end);
          assert.equal(isShut, !open, `${new Date(at).toISOString()} in ${timezone}`);
        }
      },
    ),
    { numRuns: 60 },
  );
});
