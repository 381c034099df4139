// The roster's commands; see case.ts.

import { commands } from "../../../dispatch/contract/index.ts";
import type { rosterCommands } from "../../../dispatch/contract/roster-commands.ts";
import { ana } from "../../support/directory.ts";
import type { CasesFor } from "./case.ts";

const technicians = "/roster/technicians";
const roster = "the roster is the desk's own; a technician's row holds counts and no ticket";
const calendar = { weekdays: [1], start_time: "00:00", end_time: "01:00", time_zone: "UTC" };
const inWorkshop = { reason: "the van is in the workshop" };
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
  { breaks: [{ start: "12:00", end: "13:00", minutes: 61 }] },
  { breaks: [{ start: "12:00", end: "13:00", minutes: 0 }] },
  { valid_from: "2026-02-30" },
  { valid_from: "2026-05-02", valid_to: "2026-05-01" },
  { on_call: "yes" },
].map((change) => [{ shifts: [{ ...shift, ...change }] }, "shifts"] as const);

export const rosterCases = {
  "roster.upsert": {
    path: technicians,
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => ({ name: "Newcomer", zone: "ZZ" }),
    inChat: commands["roster.upsert"].example,
    fields: {
      good: [
        { name: "Newcomer" },
        { name: "Called", slug: "Called-One" },
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
        [{ slug: "the one" }, "slug"],
        [{ slug: "ana-alvarez" }, "slug"],
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
    scope: { by: "desk", reason: roster, ask: () => ({ body: { tech_id: ana, quality: 91 } }) },
  },
  "roster.set_shifts": {
    path: `${technicians}/{technicianId}/shifts`,
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => ({ shifts: [{ weekdays: [1], start_time: "08:00", end_time: "16:00", time_zone: "UTC" }] }),
    fields: {
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
              breaks: [
                { start: "01:00", end: "01:30" },
                { start: "02:00", end: "05:00", minutes: 20 },
              ],
              valid_from: "2026-01-01",
              valid_to: null,
              on_call: true,
            },
          ],
        },
      ],
      bad: [[{ shifts: undefined }, "shifts"], [{ shifts: {} }, "shifts"], ...badShifts],
    },
    scope: { by: "rows", ask: () => ({ technician: ana, body: { shifts: [calendar] } }) },
  },
  "roster.time_off": {
    path: `${technicians}/{technicianId}/time-off`,
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => ({ add: [{ start: "2026-04-01T00:00:00Z", end: "2026-04-02T00:00:00Z" }] }),
    fields: {
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
    scope: {
      by: "rows",
      ask: ({ clock }) => ({ technician: ana, body: { add: [{ start: clock.in(1_440), end: clock.in(60 * 1_440) }] } }),
    },
  },
  "roster.drain": {
    path: `${technicians}/{technicianId}/drain`,
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => inWorkshop,
    fields: { good: [{ reason: "van" }], bad: neededReasons },
    scope: { by: "desk", reason: roster, ask: () => ({ technician: ana, body: { reason: "the van" } }) },
  },
  "roster.undrain": {
    path: `${technicians}/{technicianId}/undrain`,
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => inWorkshop,
    fields: { good: [{}, { reason: "van is back" }], bad: reasons },
    scope: { by: "desk", reason: roster, ask: () => ({ technician: ana }) },
  },
  "roster.sign_off": {
    path: `${technicians}/{technicianId}/sign-off`,
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => inWorkshop,
    fields: { good: [{ reason: "ill" }], bad: neededReasons },
    // All or nothing: whoever may not see a ticket may not take its technician away either.
    scope: { by: "named", send: () => ({ technician: ana, body: { reason: "ill" } }) },
  },
} satisfies CasesFor<keyof typeof rosterCommands>;
