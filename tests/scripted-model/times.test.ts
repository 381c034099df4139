// Times as people say them, at the desk's place.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { spoken, spokenWindow, stretchIn, windowsIn, type Place } from "../../lab/scripted-model/times.ts";

/** Saturday, 10:30 in Los Angeles. */
const place: Place = { now: new Date("2026-11-21T18:30:00Z"), timeZone: "America/Los_Angeles" };
const window = (start: string, end: string) => ({ start: `2026-${start}:00.000Z`, end: `2026-${end}:00.000Z` });

const stretches = [
  ["tomorrow morning", window("11-22T15:00", "11-22T20:00")],
  ["tomorrow", window("11-22T08:00", "11-23T08:00")],
  ["this afternoon", window("11-21T20:00", "11-22T02:00")],
  ["tonight", window("11-22T02:00", "11-22T08:00")],
  ["Tuesday", window("11-24T08:00", "11-25T08:00")],
  ["2026-12-01 from 9:30 to 11", window("12-01T17:30", "12-01T19:00")],
  ["today 2pm to 4pm", window("11-21T22:00", "11-22T00:00")],
  ["today 2 to 4 pm", window("11-21T22:00", "11-22T00:00")],
  ["today 11 to 1 pm", window("11-21T19:00", "11-21T21:00")],
] as const;

describe("a stretch of time", () => {
  for (const [words, expected] of stretches)
    test(words, () => assert.deepEqual(stretchIn(`book it for ${words}`, place), expected));

  test("a sentence without one has none", () => assert.equal(stretchIn("book it", place), null));

  test("a weekday that is today is today while its hours last, and then next week's", () => {
    assert.deepEqual(stretchIn("Saturday 13 to 15", place), window("11-21T21:00", "11-21T23:00"));
    assert.deepEqual(stretchIn("Saturday 8 to 10", place), window("11-28T16:00", "11-28T18:00"));
    assert.deepEqual(stretchIn("next Saturday 13 to 15", place), window("11-28T21:00", "11-28T23:00"));
  });

  test("both sides of a change of clocks are right", () => {
    const beforeChange: Place = { now: new Date("2026-10-31T19:00:00Z"), timeZone: "America/Los_Angeles" };
    assert.deepEqual(stretchIn("today 9 to 11", beforeChange), window("10-31T16:00", "10-31T18:00"));
    assert.deepEqual(stretchIn("Sunday 9 to 11", beforeChange), window("11-01T17:00", "11-01T19:00"));
  });

  test("hours that end before they begin are none", () => assert.deepEqual(windowsIn("Tuesday 15 to 13", place), []));
});

test("several windows keep the day that was named before them", () => {
  assert.deepEqual(windowsIn("Tuesday 9 to 11 or 13 to 15, or Wednesday 8-10", place), [
    window("11-24T17:00", "11-24T19:00"),
    window("11-24T21:00", "11-24T23:00"),
    window("11-25T16:00", "11-25T18:00"),
  ]);
});

test("moments are told at the desk's place", () => {
  assert.equal(spoken("2026-11-24T17:00:00.000Z", place), "Tue 24 Nov, 09:00");
  assert.equal(
    spokenWindow({ start: "2026-11-24T17:00:00.000Z", end: "2026-11-24T19:00:00.000Z" }, place),
    "Tue 24 Nov, 09:00 to 11:00",
  );
  assert.equal(
    spokenWindow({ start: "2026-11-25T06:00:00.000Z", end: "2026-11-25T09:00:00.000Z" }, place),
    "Tue 24 Nov, 22:00 to Wed 25 Nov, 01:00",
  );
});
