// Giving work back: which tickets a technician who leaves must let go, and where each then stands. Whose visit has
// begun keeps it.

import type { JsonObject } from "../kernel/json.ts";
import type { PartChange } from "../kernel/parts.ts";
import { statement } from "../db/statement.ts";
import type { TicketState } from "../contract/states.ts";
import { relatedTicket, type RelatedTicket } from "../ticket/related-ticket.ts";
import { settleBookings, settleLead } from "./bookings.ts";
import { ticketColumns, type ReadTicket, type TicketChange, type TicketRow } from "../ticket/ticket-row.ts";

// Work that waits for an approval counts as well, whose booking may have ended with a first completion.
// In the order of ids, so that two who lock several tickets do not wait for each other.
export const lockWorkOfTechnician = statement<ReadTicket>(
  "requeue_lock",
  `SELECT ${ticketColumns("t")}, s.timezone FROM tickets t JOIN sites s ON s.id = t.site_id
   WHERE t.id IN (SELECT b.ticket_id FROM bookings b WHERE b.technician_id = $1 AND b.state IN ('tentative', 'firm')
                  UNION SELECT w.id FROM tickets w WHERE w.assigned_tech_id = $1 AND w.in_work
                  UNION SELECT w.id FROM approvals a JOIN tickets w ON w.id = a.ticket_id
                  WHERE a.status = 'PENDING' AND w.assigned_tech_id = $1)
   ORDER BY t.id FOR NO KEY UPDATE OF t`,
);

/**
 * Ends the booking of whoever gave a ticket back; where it has no time any more, those of the whole crew.
 * @param change of `requeued`
 */
export const endGivenBack = ({ row, change }: RelatedTicket, now: string): PartChange =>
  (change.scheduled_start === null ? settleBookings : settleLead)(row.id, "released", now);

const unassigned: TicketChange = { assigned_tech_id: null, assigned_provider_id: null };
const withoutTime: TicketChange = { ...unassigned, scheduled_start: null, scheduled_end: null, proposed_windows: [] };

/**
 * A ticket without its technician: at the time that was promised while that still lies ahead, else to be scheduled anew.
 * Null when the work has begun.
 */
export function requeued(ticket: TicketRow, payload: JsonObject, now: string, clockTime: string): RelatedTicket | null {
  const ahead = ticket.scheduled_end !== null && ticket.scheduled_end > clockTime;
  const path = pathBack(ticket.state, ahead);
  if (!path) return null;
  // While the customer decides about a time it stays, and only who would come changes.
  const change = ahead || path.length === 0 ? unassigned : withoutTime;
  const previous = {
    previous_tech_id: ticket.assigned_tech_id,
    previous_start: ticket.scheduled_start,
    previous_end: ticket.scheduled_end,
  };
  return relatedTicket({ ticket, path, change, payload: { ...payload, ...previous } }, now);
}

/** A ticket without one of its helpers: it stands where it stood, and somebody is told how many are missing now. */
export const withoutHelper = (ticket: TicketRow, payload: JsonObject, now: string): RelatedTicket =>
  relatedTicket(
    {
      ticket,
      path: [],
      change: { helpers_missing: ticket.helpers_missing + 1, attention_code: "NOBODY_FREE" },
      payload: { ...payload, helpers_missing: ticket.helpers_missing + 1 },
    },
    now,
  );

/** States in which whoever is booked may have come already. */
const begun: ReadonlySet<TicketState> = new Set(["ON_SITE", "IN_PROGRESS", "ON_HOLD", "APPROVAL_REQUIRED"]);
export const settledAs = ({ state }: Pick<TicketRow, "state">): "done" | "released" =>
  begun.has(state) ? "done" : "released";

function pathBack(state: TicketState, ahead: boolean): readonly TicketState[] | null {
  switch (state) {
    case "DISPATCHED":
      return ahead ? ["SCHEDULED"] : ["SCHEDULED", "READY_TO_SCHEDULE"];
    case "SCHEDULED":
      return ahead ? [] : ["READY_TO_SCHEDULE"];
    case "PENDING_CUSTOMER_CONFIRMATION":
      return [];
    default:
      return null;
  }
}
