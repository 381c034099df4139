import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  isoWeekday,
  isTimeZone,
  localIso,
  localToInstant,
  parseDate,
  parseTime,
} from "../../dispatch/workforce/local-time.ts";

const la = "America/Los_Angeles";
const iso = (date: string, time: string, zone: string): string =>
  new Date(localToInstant(parseDate(date), parseTime(time), zone)).toISOString().slice(0, 16);

describe("localToInstant", () => {
  const cases: [what: string, date: string, time: string, zone: string, utc: string][] = [
    ["winter", "2025-01-15", "08:00", la, "2025-01-15T16:00"],
    ["summer", "2025-07-15", "08:00", la, "2025-07-15T15:00"],
    ["just before clocks go forward", "2025-03-09", "01:59", la, "2025-03-09T09:59"],
    ["in the skipped hour", "2025-03-09", "02:30", la, "2025-03-09T10:30"],
    ["at the start of the skipped hour", "2025-03-09", "02:00", la, "2025-03-09T10:00"],
    ["just after clocks went forward", "2025-03-09", "03:00", la, "2025-03-09T10:00"],
    ["just before the repeated hour", "2025-11-02", "00:59", la, "2025-11-02T07:59"],
    ["in the repeated hour, the first time", "2025-11-02", "01:30", la, "2025-11-02T08:30"],
    ["just after the repeated hour", "2025-11-02", "02:00", la, "2025-11-02T10:00"],
    ["midnight as 24:00", "2025-07-15", "24:00", la, "2025-07-16T07:00"],
    ["a zone of three quarters", "2025-07-15", "08:00", "Asia/Kathmandu", "2025-07-15T02:15"],
    ["half an hour of summer time, skipped", "2025-10-05", "02:15", "Australia/Lord_Howe", "2025-10-04T15:45"],
    ["half an hour of summer time, repeated", "2025-04-06", "01:45", "Australia/Lord_Howe", "2025-04-05T14:45"],
    ["clocks that change at midnight", "2025-09-07", "00:30", "America/Santiago", "2025-09-07T04:30"],
    ["UTC", "2025-07-15", "08:00", "UTC", "2025-07-15T08:00"],
    ["far east", "2025-07-15", "08:00", "Pacific/Kiritimati", "2025-07-14T18:00"],
  ];
  for (const [what, date, time, zone, utc] of cases) {
    it(`${what}: ${date} ${time} in ${zone} is ${utc}Z`, () => assert.equal(iso(date, time, zone), utc));
  }

  it("finds the first instant at which the wall shows the time, whenever there is one", () => {
    const zones = [
      "America/New_York",
      "Europe/London",
      "Australia/Lord_Howe",
      "Africa/Casablanca",
      "Asia/Tehran",
      "America/St_Johns",
    ];
    const walls = new Map(
      zones.map((zone) => [
        zone,
        new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" }),
      ]),
    );
    const day = fc.integer({ min: parseDate("2015-01-01"), max: parseDate("2030-12-31") });
    // Days on which clocks change are two in a year, so half the runs aim at their months' first and last weeks.
    const quarter = fc.integer({ min: 0, max: 4 * 24 - 1 }).map((n) => n * 15);
    const changing = fc
      .tuple(
        fc.integer({ min: 2015, max: 2030 }),
        fc.constantFrom("03", "04", "10", "11"),
        fc.integer({ min: 1, max: 30 }),
      )
      .map(([year, month, date]) => parseDate(`${year}-${month}-${String(date).padStart(2, "0")}`));
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.oneof(day, changing), quarter, (zone, date, minutes) => {
        const wall = walls.get(zone) ?? assert.fail();
        const asUtc = date * 86_400_000 + minutes * 60_000;
        const wanted = new Date(asUtc).toISOString().slice(0, 16).replace("T", " ");
        const found = localToInstant(date, minutes, zone);
        const instants = Array.from({ length: 14 * 4 + 1 + 12 * 4 }, (_, n) => asUtc + (n - 14 * 4) * 900_000);
        const first = instants.find((instant) => wall.format(instant) === wanted);
        if (first !== undefined) assert.equal(found, first);
        else assert.ok(wall.format(found) > wanted && wall.format(found - 3_600_000) < wanted);
      }),
      { numRuns: 400 },
    );
  });

  it("stays right when more days are asked for than are remembered", () => {
    const noon = (day: number): string => new Date(localToInstant(day, 720, la)).toISOString().slice(11, 16);
    const first = parseDate("2000-01-01");
    const wrong = Array.from({ length: 12_000 }, (_, n) => noon(first + n)).filter(
      (time) => time !== "19:00" && time !== "20:00",
    );
    assert.deepEqual(wrong, []);
  });

  it("refuses a zone nobody knows", () => {
    assert.throws(() => localToInstant(0, 0, "Mars/Olympus"), RangeError);
    assert.equal(isTimeZone("Mars/Olympus"), false);
    assert.equal(isTimeZone(la), true);
  });
});

describe("calendar texts", () => {
  for (const date of ["2025-02-30", "2025-13-01", "2025-1-1", "today", ""]) {
    it(`${JSON.stringify(date)} is no date`, () => assert.throws(() => parseDate(date), RangeError));
  }
  for (const time of ["24:01", "12:60", "8:00", "08:00:00", "", "-1:00"]) {
    it(`${JSON.stringify(time)} is no time`, () => assert.throws(() => parseTime(time), RangeError));
  }
  for (const [date, weekday] of [
    ["1970-01-01", 4],
    ["2025-03-09", 7],
    ["2025-03-10", 1],
    ["1969-12-28", 7],
  ] as const) {
    it(`${date} is weekday ${weekday}`, () => assert.equal(isoWeekday(parseDate(date)), weekday));
  }
});

describe("localIso", () => {
  const cases: [what: string, utc: string, zone: string, local: string][] = [
    ["winter", "2025-01-15T16:00:00Z", la, "2025-01-15T08:00:00-08:00"],
    ["the hour before a clock goes forward", "2026-03-08T09:59:00Z", la, "2026-03-08T01:59:00-08:00"],
    ["the hour after", "2026-03-08T10:00:00Z", la, "2026-03-08T03:00:00-07:00"],
    ["a repeated hour, the first time", "2026-11-01T08:30:00Z", la, "2026-11-01T01:30:00-07:00"],
    ["the second time", "2026-11-01T09:30:00Z", la, "2026-11-01T01:30:00-08:00"],
    ["three quarters of an hour", "2025-07-15T02:15:00Z", "Asia/Kathmandu", "2025-07-15T08:00:00+05:45"],
    ["half an hour of summer time", "2025-04-05T14:45:00Z", "Australia/Lord_Howe", "2025-04-06T01:45:00+11:00"],
    ["parts of a second", "2025-07-15T02:15:00.250Z", "UTC", "2025-07-15T02:15:00.250+00:00"],
    ["an offset with seconds", "1880-01-01T12:00:00Z", "America/New_York", "1880-01-01T07:04:00-04:56"],
  ];
  for (const [what, utc, zone, local] of cases) {
    it(`${what}: ${utc} in ${zone} is ${local}`, () => assert.equal(localIso(Date.parse(utc), zone), local));
  }

  it("is the same instant, and what the zone's clock shows, whatever the day", () => {
    const zones = ["America/New_York", la, "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tehran"];
    const instants = {
      min: Date.parse("2015-01-01T00:00:00Z") / 60_000,
      max: Date.parse("2031-01-01T00:00:00Z") / 60_000,
    };
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer(instants), (zone, minute) => {
        const local = localIso(minute * 60_000, zone) ?? assert.fail();
        assert.equal(Date.parse(local), minute * 60_000);
        const wall = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
        assert.equal(local.slice(0, 16).replace("T", " "), wall.format(minute * 60_000));
      }),
      { numRuns: 400 },
    );
  });

  it("is null in a zone that is none", () => assert.equal(localIso(0, "Mars/Olympus"), null));
});
