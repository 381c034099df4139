// For the test of request fields: bodies of the roster's commands that pass, and changes to them that name a field.

import { ana } from "../support/directory.ts";

const shift = { weekdays: [1, 2], start_time: "08:00", end_time: "16:00", time_zone: "America/Los_Angeles" };
const day = { start: "2026-06-01T00:00:00Z", end: "2026-06-02T00:00:00-07:00" };
const reasons = [
  [{ reason: 7 }, "reason"],
  [{ reason: "x".repeat(2_001) }, "reason"],
] as const;
const neededReasons = [[{ reason: undefined }, "reason"], [{ reason: " " }, "reason"], ...reasons] as const;

const badShifts = [
  { weekdays: [] },
  { weekdays: [0] },
  { weekdays: [8] },
  { weekdays: [1, 1] },
  { weekdays: undefined },
  { start_time: "8:00" },
  { start_time: "24:00" },
  { start_time: "08:60" },
  { end_time: "24:01" },
  { end_time: "" },
  { end_time: undefined },
  { time_zone: "Oakland" },
  { time_zone: undefined },
  { breaks: [{ start: "07:00", end: "09:00" }] },
  { breaks: [{ start: "12:00" }] },
  { valid_from: "2026-02-30" },
  { valid_from: "2026-05-02", valid_to: "2026-05-01" },
  { on_call: "yes" },
].map((change) => [{ shifts: [{ ...shift, ...change }] }, "shifts"] as const);

export const rosterRules = {
  "roster.upsert": {
    good: [
      { name: "Newcomer" },
      {
        name: "Whole",
        active: false,
        provider_id: ana,
        home: { lat: -90, lon: 180 },
        zone: "CA",
        service_types: ["DEFAULT"],
        skills: [],
        tools: ["multimeter"],
        quality: 0,
        base_load: 0,
        max_concurrent: 50,
      },
      { name: "Homeless", home: null, zone: null, provider_id: null },
    ],
    bad: [
      [{ name: undefined }, "name"],
      [{ name: " " }, "name"],
      [{ tech_id: "ana" }, "tech_id"],
      [{ home: { lat: 91, lon: 0 } }, "home"],
      [{ home: { lat: 0 } }, "home"],
      [{ service_types: [] }, "service_types"],
      [{ skills: ["a", "a"] }, "skills"],
      [{ tools: [7] }, "tools"],
      [{ quality: 101 }, "quality"],
      [{ base_load: -1 }, "base_load"],
      [{ max_concurrent: 0 }, "max_concurrent"],
    ],
  },
  "roster.set_shifts": {
    good: [
      { shifts: [] },
      {
        shifts: [
          shift,
          {
            ...shift,
            weekdays: [7],
            start_time: "22:00",
            end_time: "06:00",
            breaks: [{ start: "01:00", end: "01:30" }],
            valid_from: "2026-01-01",
            valid_to: null,
            on_call: true,
          },
        ],
      },
    ],
    bad: [[{ shifts: undefined }, "shifts"], [{ shifts: {} }, "shifts"], ...badShifts],
  },
  "roster.time_off": {
    good: [{ add: [day], reason: "training" }, { add: [day, day] }],
    bad: [
      [{ add: undefined }, "add"],
      [{ add: [] }, "add"],
      [{ add: [{ start: day.end, end: day.start }] }, "add"],
      [{ add: [{ start: day.start }] }, "add"],
      [{ remove: [ana] }, "remove"],
      [{ remove: ["all"] }, "remove"],
      ...reasons,
    ],
  },
  "roster.drain": { good: [{ reason: "van" }], bad: neededReasons },
  "roster.undrain": { good: [{}, { reason: "van is back" }], bad: reasons },
  "roster.sign_off": { good: [{ reason: "ill" }], bad: neededReasons },
} as const;
