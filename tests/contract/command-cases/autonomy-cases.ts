// The commands that pause the desk's automation and lift a pause; see case.ts.

import type { CasesFor, Rules, WorldOfB } from "./case.ts";

const pauseOfIncident = { scope_type: "INCIDENT", incident_type: "AUTO_OPERATOR_FAULT", reason: "recall" };
const pauseOfTicket = ({ tickets: [one] }: WorldOfB) => ({
  body: { scope_type: "TICKET", ticket_id: one, reason: "asked by a stranger" },
});
const autonomy: Rules = {
  good: [
    {},
    { scope_type: "GLOBAL", reason: "night" },
    { scope_type: "INCIDENT", incident_type: "FRAME_OR_GLASS_DAMAGE" },
  ],
  bad: [
    [{ scope_type: "SITE" }, "scope_type"],
    [{ scope_type: "global" }, "scope_type"],
    [{ reason: 7 }, "reason"],
    [{ scope_type: "INCIDENT" }, "incident_type"],
    [{ scope_type: "TICKET", ticket_id: "17" }, "ticket_id"],
  ],
};

export const autonomyCases = {
  "ops.autonomy.pause": {
    path: "/ops/autonomy/pause",
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => pauseOfIncident,
    fields: autonomy,
    scope: { by: "named", send: pauseOfTicket },
  },
  "ops.autonomy.rollback": {
    path: "/ops/autonomy/rollback",
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => pauseOfIncident,
    fields: autonomy,
    scope: { by: "named", send: pauseOfTicket },
  },
} satisfies CasesFor<"ops.autonomy.pause" | "ops.autonomy.rollback">;
