// A ticket that changes because of a command on something else (a technician signs off, another ticket takes the
// place): its own audit event, moves and outbox row, in that command's transaction. The ticket must be locked by it.

import type { TicketState } from "../contract/states.ts";
import type { Session } from "../db/pool.ts";
import { auditValues, chained, insertAudit, type AuditEvent } from "../kernel/audit.ts";
import { newId, timeAfter } from "../kernel/clock.ts";
import type { JsonObject } from "../kernel/json.ts";
import { insertTransitions, movesAlong, requirePath } from "../kernel/machine.ts";
import { insertOutbox, outboxValues } from "../kernel/outbox.ts";
import {
  changedTicket,
  updateTicket,
  updateValues,
  type SlaTargets,
  type TicketChange,
  type TicketRow,
} from "./ticket-row.ts";

export type BesideChange = {
  readonly ticket: TicketRow;
  /** The id its event, and so its receipt, will have. */
  readonly eventId: string;
  /** The states passed through, the last one included; empty when the state stays. */
  readonly path: readonly TicketState[];
  readonly change: TicketChange;
  readonly payload: JsonObject;
};

/** A new change, with the id of its receipt. */
export const besideChange = (change: Omit<BesideChange, "eventId">, now: string): BesideChange => {
  requirePath(change.ticket.state, change.path, []);
  return { ...change, eventId: newId(Date.parse(now)) };
};

/** Where the ticket will stand. */
export const besideAfter = ({ ticket, path, change }: BesideChange) => {
  const { scheduled_start, scheduled_end } = { ...ticket, ...change };
  return { state: path.at(-1) ?? ticket.state, scheduled_start, scheduled_end };
};

/**
 * The rows of the change, told in the ticket's own chain as done by whoever gave the command.
 * @param cause the command's own event; its id is kept as `caused_by`
 */
export function writeBeside(
  tx: Session,
  cause: AuditEvent,
  one: BesideChange,
  targets: SlaTargets,
): Promise<unknown>[] {
  const { ticket, path } = one;
  const at = timeAfter(ticket.audit_at, cause.created_at);
  const after = changedTicket(ticket, one.change, path, at, targets);
  const event = chained(
    {
      ...cause,
      id: one.eventId,
      ticket_id: ticket.id,
      before_state: ticket.state,
      after_state: after.state,
      payload: { ...one.payload, caused_by: cause.id },
      created_at: at,
    },
    { seq: ticket.audit_seq, hash: ticket.audit_hash },
  );
  const moves = movesAlong(ticket.state, path);
  return [
    tx.row(updateTicket, updateValues({ ...after, audit_seq: event.seq, audit_hash: event.hash, audit_at: at })),
    tx.row(insertAudit, auditValues(event)),
    ...(path.length === 0 ? [] : [tx.row(insertTransitions, [event.id, ticket.id, at, moves.from, moves.to])]),
    tx.row(insertOutbox, outboxValues(event, ticket)),
  ];
}
