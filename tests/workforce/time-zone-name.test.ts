import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { timeZoneProblem } from "../../dispatch/workforce/time-zone-name.ts";

describe("the name of a time zone", () => {
  const taken = [
    ...Intl.supportedValuesOf("timeZone").filter((zone) => zone.includes("/")),
    "UTC",
    "Europe/Kyiv",
    "Asia/Kolkata",
    "US/Pacific",
    "America/Argentina/Buenos_Aires",
  ].filter((zone) => !zone.startsWith("Etc/"));
  it(`is taken as area and city: ${taken.length} of them`, () => {
    assert.ok(taken.length > 400);
    assert.deepEqual(
      taken.filter((zone) => timeZoneProblem(zone) !== null),
      [],
    );
  });

  for (const [name, meant] of [
    ["EST", /^"EST" is no place's time zone; name the zone of the place: America\/New_York$/],
    ["MST", /perhaps America\/Denver or America\/Phoenix$/],
    ["HST", /: Pacific\/Honolulu$/],
    ["EST5EDT", /: America\/New_York$/],
    ["Pacific Time", /: America\/Los_Angeles$/],
    ["CET", /perhaps Europe\/Berlin or Europe\/Paris$/],
    ["GMT", /perhaps Europe\/London or UTC$/],
    ["+05:30", /^"\+05:30" is an offset, which no place keeps for good; .* Asia\/Kolkata/],
    ["-08:00", /is an offset.* America\/Los_Angeles/],
    ["+0530", /Asia\/Kolkata/],
    ["UTC+1", /Europe\/Berlin or Europe\/Paris/],
    ["GMT-7", /America\/Denver or America\/Phoenix/],
    ["+5:45", /Asia\/Kathmandu/],
    ["+10", /Australia\/Sydney|Australia\/Brisbane/],
    ["+13:37", /such as America\/New_York/],
    ["Etc/GMT+5", /is an offset.* America\/New_York/],
    ["Etc/GMT-1", /Europe\/Berlin/],
    ["Japan", /^"Japan" is no time zone's full name; name the zone of the place: Asia\/Tokyo$/],
    ["GB", /: Europe\/London$/],
    ["America/New York", /: America\/New_York$/],
    ["los angeles", /: America\/Los_Angeles$/],
    ["Mars/Olympus", /no time zone of the IANA list/],
    ["", /no time zone of the IANA list/],
  ] as const)
    it(`${JSON.stringify(name)} is refused with the zone that is meant`, () =>
      assert.match(timeZoneProblem(name) ?? "taken", meant));
});
