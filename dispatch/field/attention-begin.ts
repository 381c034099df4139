// attention.begin: says once that a ticket begins to need somebody's attention. The worker's own; the ticket stays as it is.

import type { TicketId } from "../contract/ids.ts";
import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { plusMinutes } from "../kernel/clock.ts";
import { wrongState } from "../kernel/machine.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { isAtDoor, missedPart, unheardSince } from "../workforce/at-door.ts";
import { attentionOf, type AttentionRow } from "./attention.ts";

type Sought = Pick<AttentionRow, "assign_reason" | "assign_unable" | "at_door" | "missed_part" | "unheard_since">;
const nothingSought: Sought = {
  assign_reason: null,
  assign_unable: false,
  at_door: false,
  missed_part: null,
  unheard_since: null,
};
const selectSought = statement<Sought>(
  "attention_sought",
  `SELECT assign_reason, assign_unable, ${isAtDoor("t")} AS at_door, ${missedPart("t", "$2::timestamptz")} AS missed_part,
          ${unheardSince("t")} AS unheard_since
   FROM tickets t WHERE id = $1`,
);
const setAttention = statement(
  "attention_set",
  `UPDATE tickets SET attention_code = $2, attention_since = $3 WHERE id = $1`,
);

export const attentionBegin = ticketCommand({
  name: "attention.begin",
  load: (tx: Session, { ticketId, clockTime }: { ticketId: TicketId; clockTime: string }) =>
    tx.row(selectSought, [ticketId, clockTime]),
  decide({ desk, ticket, clockTime }, sought) {
    const attention = attentionOf(
      { ...ticket, ...(sought ?? nothingSought) },
      clockTime,
      plusMinutes(clockTime, desk.policy.sla.warningMinutes),
    );
    // Somebody else told it, or it is over.
    if (attention === null || attention.code === ticket.attention_code) {
      throw wrongState(ticket.state, ticket.state, []);
    }
    return {
      payload: {
        ...attention,
        priority: ticket.priority,
        scheduled_start: ticket.scheduled_start,
        assigned_tech_id: ticket.assigned_tech_id,
      },
      write: (tx: Session) => [tx.row(setAttention, [ticket.id, attention.code, attention.since])],
      body: (after) => ({ ticket: after, attention }),
    };
  },
});
