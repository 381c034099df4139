// sla.warning and sla.breach: says once for each deadline that it is near, or over, in the ticket's own history and to
// all who listen. The ticket stays as it is; its place in the cockpit follows from the deadline by itself.

import type { TicketId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { ticketCommand, type TicketCall } from "../ticket/ticket-command.ts";
import { wrongState } from "../kernel/machine.ts";
import { delayAttribution, minutesUntil, slaStatus } from "./sla.ts";

export const slaLevels = { warning: 1, breach: 2 } as const;
type Level = keyof typeof slaLevels;

const selectLevel = statement<{ sla_level: number }>("sla_level_select", `SELECT sla_level FROM tickets WHERE id = $1`);
const setLevel = statement("sla_level_set", `UPDATE tickets SET sla_level = $2 WHERE id = $1`);

const load = (tx: Session, { ticketId }: { ticketId: TicketId }) => tx.row(selectLevel, [ticketId]);

function told(
  level: Level,
  { desk, ticket, clockTime }: TicketCall<"sla.warning" | "sla.breach">,
  known: { sla_level: number } | null,
) {
  const { sla } = desk.policy;
  const remaining = minutesUntil(ticket.sla_deadline_at, clockTime);
  // A clock that stopped since the worker looked comes no nearer to its deadline.
  const reached = ticket.sla_stopped_at === null ? slaStatus(remaining, sla) : null;
  if (reached !== level || (known?.sla_level ?? 0) >= slaLevels[level]) {
    throw wrongState(ticket.state, ticket.state, []);
  }
  return {
    payload: {
      level,
      priority: ticket.priority,
      sla_deadline_at: ticket.sla_deadline_at,
      sla_timer_remaining_minutes: remaining,
      sla_delay_attribution: delayAttribution(ticket.state, ticket.hold_reason),
      assigned_tech_id: ticket.assigned_tech_id,
    },
    write: (tx: Session) => [tx.row(setLevel, [ticket.id, slaLevels[level]])],
  };
}

export const slaWarning = ticketCommand({
  name: "sla.warning",
  load,
  decide: (call, known: { sla_level: number } | null) => ({
    ...told("warning", call, known),
    body: (ticket) => ({ ticket, level: "warning" as const }),
  }),
});

export const slaBreach = ticketCommand({
  name: "sla.breach",
  load,
  decide: (call, known: { sla_level: number } | null) => ({
    ...told("breach", call, known),
    body: (ticket) => ({ ticket, level: "breach" as const }),
  }),
});
