// Ends holds whose customer did not answer in time and offers whose last window is over, so that no ticket waits for an
// answer that cannot come any more.

import type { TicketId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { runOnEach, type OnEach } from "./run-on-each.ts";

const batch = 100;

// Each ticket at most once: it has one live hold at a time.
export const selectOverdueHolds = statement<{ ticket_id: TicketId }>(
  "holds_overdue",
  `SELECT ticket_id FROM schedule_holds WHERE hold_state = 'ACTIVE' AND confirm_until < $1 ORDER BY confirm_until LIMIT $2`,
);

// An open offer is always in scheduling, whose index this names.
export const selectOverdueProposals = statement<{ ticket_id: TicketId }>(
  "proposals_overdue",
  `SELECT id AS ticket_id FROM tickets WHERE in_scheduling AND proposal_ends < $1 ORDER BY proposal_ends LIMIT $2`,
);

type Expiry = { readonly name: string; readonly due: typeof selectOverdueHolds; readonly command: OnEach["command"] };

const expiry = (parts: DutyParts, { name, due, command }: Expiry): Duty => ({
  name,
  round: async (stopping) => {
    const { db, clock } = parts.desk;
    const overdue = await db.rows(due, [clock.now().toISOString(), batch]);
    const moved = await runOnEach(parts, { command, ticketIds: overdue.map(({ ticket_id }) => ticket_id), stopping });
    return { more: moved > 0 && overdue.length === batch };
  },
});

export const expireHolds = (parts: DutyParts): Duty =>
  expiry(parts, { name: "expire holds", due: selectOverdueHolds, command: "schedule.expire_hold" });

export const expireProposals = (parts: DutyParts): Duty =>
  expiry(parts, { name: "expire proposals", due: selectOverdueProposals, command: "schedule.expire_proposal" });
