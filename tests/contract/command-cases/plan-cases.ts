// The planner's commands; see case.ts.

import type { planCommands } from "../../../dispatch/contract/plan-commands.ts";
import { ana } from "../../support/directory.ts";
import { day } from "../../support/plan-day.ts";
import type { CasesFor, Rules } from "./case.ts";

const notes: Rules = {
  good: [{}, { note: "agreed" }],
  bad: [
    [{ note: 7 }, "note"],
    [{ note: "x".repeat(2_001) }, "note"],
  ],
};

export const planCases = {
  "plan.optimize": {
    path: "/plans/optimize",
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 201,
    body: () => ({ day, iterations: 1 }),
    inChat: { day, iterations: 1, tech_ids: ["Ben Okafor"] },
    fields: {
      good: [
        { day: "2026-03-04", iterations: 1 },
        {
          day: "2026-03-04",
          iterations: 1,
          time_zone: "America/Los_Angeles",
          zone: "CA",
          tech_ids: [ana],
          seconds: 0.1,
          seed: 0,
          move_within_minutes: 1_440,
        },
        { day: "2027-03-01", iterations: 1, zone: null },
      ],
      bad: [
        [{ day: undefined }, "day"],
        [{ day: "4 March" }, "day"],
        [{ day: "2026-02-30" }, "day"],
        [{ day: "2026-03-01" }, "day"],
        [{ day: "2027-03-08" }, "day"],
        [{ time_zone: "Oakland" }, "time_zone"],
        [{ zone: "" }, "zone"],
        [{ tech_ids: [] }, "tech_ids"],
        [{ tech_ids: [ana, ana] }, "tech_ids"],
        [{ tech_ids: ["ana"] }, "tech_ids"],
        [{ seconds: 0 }, "seconds"],
        [{ seconds: 31 }, "seconds"],
        [{ iterations: 0 }, "iterations"],
        [{ iterations: 1_000_001 }, "iterations"],
        [{ seed: -1 }, "seed"],
        [{ seed: 1.5 }, "seed"],
        [{ move_within_minutes: -1 }, "move_within_minutes"],
        [{ move_within_minutes: 1_441 }, "move_within_minutes"],
      ],
    },
    scope: { by: "rows", ask: () => ({ body: { day, iterations: 1 } }) },
  },
  "plan.apply": {
    path: "/plans/{planId}/apply",
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => ({}),
    fields: notes,
    scope: { by: "plan" },
  },
  "plan.cancel": {
    path: "/plans/{planId}/cancel",
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => ({}),
    fields: notes,
    scope: { by: "plan" },
  },
} satisfies CasesFor<keyof typeof planCommands>;
