// Which rates hold when: by the local time of where the work is, on both sides of every edge.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ratedTimesAt, ratesOf } from "../../dispatch/field/rated-time.ts";
import type { BusinessHours, PriceBookEntry } from "../../dispatch/policy/policy.ts";

const hours: BusinessHours = {
  weekly: [
    { weekdays: [1, 2, 3, 4, 5], start_time: "08:00", end_time: "18:00" },
    { weekdays: [6], start_time: "09:00", end_time: "12:00" },
  ],
  holidays: [{ name: "Christmas Day", on: { kind: "yearly", month: 12, day: 25, observed: "nearest_weekday" } }],
};
const at = (instant: string, timezone: string | undefined, of: BusinessHours | null = hours) =>
  ratedTimesAt(Date.parse(instant), of, timezone);

describe("the time of a visit", () => {
  for (const [local, times] of [
    ["2026-12-02T07:59:59-08:00", ["after_hours"]],
    ["2026-12-02T08:00:00-08:00", []],
    ["2026-12-02T17:59:59-08:00", []],
    ["2026-12-02T18:00:00-08:00", ["after_hours"]],
    ["2026-12-05T11:59:59-08:00", []],
    ["2026-12-05T12:00:00-08:00", ["weekend", "after_hours"]],
    ["2026-12-06T10:00:00-08:00", ["weekend", "after_hours"]],
    ["2026-12-25T10:00:00-08:00", ["holiday", "after_hours"]],
    ["2026-12-24T23:59:59-08:00", ["after_hours"]],
    // A Saturday, kept on the Friday before as well.
    ["2027-12-25T10:00:00-08:00", ["holiday", "weekend", "after_hours"]],
    ["2027-12-24T10:00:00-08:00", ["holiday", "after_hours"]],
    // The clocks have gone forward in the night before: half past seven is half past seven.
    ["2026-03-09T07:30:00-07:00", ["after_hours"]],
    ["2026-03-09T08:00:00-07:00", []],
  ] as const)
    it(`${local} is ${times.join(", ") || "an ordinary one"}`, () =>
      assert.deepEqual(at(local, "America/Los_Angeles"), times));

  it("goes by the place's clock, and is an ordinary one where that or the hours are not known", () => {
    const instant = "2026-12-02T17:30:00Z";
    assert.deepEqual(at(instant, "Europe/Berlin"), ["after_hours"]);
    assert.deepEqual(at(instant, "Europe/London"), []);
    for (const zone of [undefined, "Nowhere/At_All"]) assert.deepEqual(at("2026-12-02T03:00:00Z", zone), []);
    assert.deepEqual(at("2026-12-02T03:00:00Z", "UTC", null), []);
  });
});

describe("the rates of a time", () => {
  const usual = { laborCentsPerHour: 10_000, travelCentsPerHour: 8_000, tripChargeCents: 5_000 };
  const [night, weekend] = [
    { ...usual, laborCentsPerHour: 15_000 },
    { ...usual, tripChargeCents: 9_000 },
  ];
  const entry: PriceBookEntry = {
    ...usual,
    minimumLaborMinutes: 60,
    materialsMarkupBasisPoints: 0,
    at: { after_hours: night, weekend },
  };
  it("are those of the first that has some, else the usual ones", () => {
    assert.deepEqual(ratesOf(entry, ["weekend", "after_hours"]), { rates: weekend, time: "weekend" });
    assert.deepEqual(ratesOf(entry, ["holiday", "after_hours"]), { rates: night, time: "after_hours" });
    assert.deepEqual(ratesOf(entry, []), { rates: entry, time: null });
    assert.deepEqual(ratesOf({ ...entry, at: {} }, ["after_hours"]).time, null);
  });
});
