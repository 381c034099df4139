// Tells once for each deadline that it is near and once that it is over. The ticket's row remembers what was told; a new
// time for the visit, and so a new deadline, forgets it.

import type { TicketId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import { plusMinutes } from "../kernel/clock.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { runOnEach } from "./run-on-each.ts";

const batch = 100;

export const selectUntold = statement<{ id: TicketId; breach: boolean }>(
  "sla_untold",
  `SELECT id, sla_deadline_at < $1 AS breach
   FROM tickets
   WHERE sla_watched AND sla_level < 2 AND sla_deadline_at < $2 AND (sla_level = 0 OR sla_deadline_at < $1)
   ORDER BY sla_deadline_at LIMIT $3`,
);

export const escalateSla = (parts: DutyParts): Duty => ({
  name: "escalate deadlines",
  round: async (stopping) => {
    const { desk } = parts;
    const now = desk.clock.now().toISOString();
    // Time left is told in whole minutes, rounded down: at 45 minutes and 59 seconds it is 45.
    const warnBefore = plusMinutes(now, desk.policy.sla.warningMinutes + 1);
    const due = await desk.db.rows(selectUntold, [now, warnBefore, batch]);
    const ids = (breach: boolean) => due.filter((one) => one.breach === breach).map(({ id }) => id);
    const over = await runOnEach(parts, { command: "sla.breach", ticketIds: ids(true), stopping });
    const near = await runOnEach(parts, { command: "sla.warning", ticketIds: ids(false), stopping });
    return { more: over + near > 0 && due.length === batch };
  },
});
