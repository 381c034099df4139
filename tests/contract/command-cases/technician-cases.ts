// A technician's own commands that are about no ticket; see case.ts.

import type { technicianCommands } from "../../../dispatch/contract/technician-tools.ts";
import { ana } from "../../support/directory.ts";
import type { CasesFor } from "./case.ts";

export const technicianCases = {
  "tech.calendar_link": {
    path: "/roster/technicians/{technicianId}/calendar-link",
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => ({}),
    shownOnce: ["url"],
    fields: { good: [{}, { withdraw: true }, { withdraw: false }], bad: [[{ withdraw: "yes" }, "withdraw"]] },
    scope: {
      by: "desk",
      reason: "it names a technician and no ticket; what the address shows is that technician's own",
      ask: () => ({ technician: ana }),
    },
  },
} satisfies CasesFor<keyof typeof technicianCommands>;
