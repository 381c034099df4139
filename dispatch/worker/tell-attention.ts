// Tells once, in the ticket's history and to all who listen, that a ticket begins to need somebody's attention. What the queue
// shows is worked out when it is read; this is for whoever is not looking.

import type { TicketId } from "../contract/ids.ts";
import { plusMinutes } from "../kernel/clock.ts";
import { statement } from "../db/statement.ts";
import { isAtDoor, missedPart, unheardSince } from "../workforce/at-door.ts";
import { rosterReasons } from "../field/attention.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { runOnEach } from "./run-on-each.ts";

const batch = 100;
/** What was given up longer ago, and not told while no worker ran, the queue shows all the same. */
const unheardForMinutes = 24 * 60;

// What a promise said is told once the worker has looked too, where it looks ($4).
// Each part is read by the index its first word names. What was told of stays told until state, time or technician change.
export const selectUntoldAttention = statement<{ id: TicketId }>(
  "attention_untold",
  `(SELECT id FROM tickets
    WHERE arrival_due AND arrive_by < $5
      AND (arrive_by < $1 OR awaiting_technician AND (assign_attempts > 0 OR NOT $4::boolean))
      AND (attention_code IS NULL OR attention_code NOT IN ('NOT_SENT', 'LATE_ARRIVAL', 'NOBODY_ABLE', 'NOBODY_FREE')
           -- Of whose crew somebody is missing.
           OR attention_code = 'NOBODY_FREE' AND assigned_tech_id IS NOT NULL)
    ORDER BY arrive_by LIMIT $3)
   UNION
   (SELECT id FROM tickets t
    WHERE in_work AND scheduled_end < $1 AND attention_code IS DISTINCT FROM 'OVERRUN' AND ${isAtDoor("t")}
    LIMIT $3)
   UNION
   (SELECT id FROM tickets t
    WHERE in_work AND attention_code IS DISTINCT FROM 'LATE_ARRIVAL' AND ${missedPart("t", "$1")} IS NOT NULL
    LIMIT $3)
   UNION
   (SELECT id FROM tickets
    WHERE awaiting_technician AND assign_reason = ANY ($2::text[]) AND (assign_attempts > 0 OR NOT $4::boolean)
      AND attention_code IS DISTINCT FROM CASE WHEN assign_unable THEN 'NOBODY_ABLE' ELSE 'NOBODY_FREE' END
    LIMIT $3)
   UNION
   (SELECT id FROM tickets
    WHERE reserved AND assign_reason IS NOT NULL AND assign_reason <> 'AUTONOMY_DISABLED'
      AND attention_code IS DISTINCT FROM 'NOT_SENT'
    LIMIT $3)
   UNION
   (SELECT t.id FROM pushes JOIN tickets t ON t.id = pushes.ticket_id
    WHERE pushes.status = 'dead' AND pushes.updated_at > $6
      AND (t.attention_code IS NULL OR t.attention_code NOT IN ('NOT_HEARD', 'LATE_ARRIVAL')) AND ${unheardSince("t")} IS NOT NULL
    LIMIT $3)
   LIMIT $3`,
);

export const tellAttention = (parts: DutyParts): Duty => ({
  name: "tell attention",
  round: async (stopping) => {
    const { db, clock, policy } = parts.desk;
    const now = clock.now().toISOString();
    const soon = plusMinutes(now, policy.sla.warningMinutes);
    const due = await db.rows(selectUntoldAttention, [
      now,
      [...rosterReasons],
      batch,
      policy.workerMayDispatch,
      soon,
      plusMinutes(now, -unheardForMinutes),
    ]);
    const told = await runOnEach(parts, { command: "attention.begin", ticketIds: due.map(({ id }) => id), stopping });
    return { more: told > 0 && due.length === batch };
  },
});
