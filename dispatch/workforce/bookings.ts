// Bookings as rows. A calendared technician's live bookings exclude one another in the database itself; of one visit one booking
// is the lead's, and the others are their helpers'.

import { statement } from "../db/statement.ts";
import type { TechnicianId, TicketId } from "../contract/ids.ts";
import type { BookingBody } from "../contract/responses.ts";
import { addedPart, amendedPart, type PartChange, type PartTable } from "../kernel/parts.ts";

const insertBooking = statement(
  "booking_insert",
  `INSERT INTO bookings (id, technician_id, ticket_id, span, state, exclusive, travel_before_minutes, role, created_at, updated_at,
                         part)
   VALUES ($1, $2, $3, tstzrange($4, $5), $6, $7, $8, $9, $10, $10, $11)`,
);

/**
 * For a booking that excludes no other one: fails as a lost race does when $5 jobs, beside ticket $4's, already meet in a moment of
 * the time from $2 to $3. To be sent before the booking, by whoever did not lock the technician $1 before reading the calendar.
 */
const requireRoom = statement("booking_room", `SELECT FROM require_room($1, tstzrange($2, $3), $4, $5)`);

const selectBookings = statement<BookingPart>(
  "bookings_of_tickets",
  `SELECT id, ticket_id AS part_of, technician_id, lower(span) AS start, upper(span) AS "end", state, travel_before_minutes, role,
          part, created_at
   FROM bookings WHERE ticket_id = ANY ($1)`,
);

type BookingPart = {
  readonly id: string;
  readonly part_of: string;
  readonly technician_id: string;
  readonly start: string;
  readonly end: string;
  readonly state: string;
  readonly travel_before_minutes: number;
  readonly role: string;
  readonly part: number;
  readonly created_at: string;
};

/** Whether they exclude one another follows the technician's hours (shift-rows.ts), and is no ticket's to tell. */
export const bookingParts: PartTable = {
  name: "bookings",
  select: selectBookings,
  fixed: {
    1: ["id", "part_of", "technician_id", "start", "end", "travel_before_minutes", "role", "part", "created_at"],
  },
  changing: ["state"],
  amended(row, { who, as, at }) {
    const isLive = row["state"] === "tentative" || row["state"] === "firm";
    const isMeant = who === "crew" || (who === "lead" ? row["role"] === "lead" : row["technician_id"] === who);
    if (!isLive || !isMeant) return null;
    const isAhead = Number(row["part"]) > 1 && String(row["start"]) > String(at);
    return { state: isAhead && (who === "crew" || who === "lead") ? "released" : as };
  },
};

/** How a booking ends: `released` when nobody comes, `done` when somebody came. */
type Ended = "released" | "done";

const settledPart = (who: string, as: Ended, at: string, write: PartChange["write"]): PartChange =>
  amendedPart(bookingParts, { who, as, at }, write);

/** Of a visit in parts those that lie ahead are released whatever else has become of it: nobody comes to them any more. */
const settled = "CASE WHEN part > 1 AND lower(span) > $3 THEN 'released' ELSE $2 END";

const settleAll = statement(
  "bookings_settle",
  `UPDATE bookings SET state = ${settled}, updated_at = $3 WHERE ticket_id = $1 AND state IN ('tentative', 'firm')`,
);

const settleOfLead = statement(
  "bookings_settle_lead",
  `UPDATE bookings SET state = ${settled}, updated_at = $3
   WHERE ticket_id = $1 AND state IN ('tentative', 'firm') AND role = 'lead'`,
);

type Part = { readonly id: string; readonly part: number; readonly start: string; readonly end: string };

/** The lead's live bookings for a ticket, in their order. */
export const selectParts = statement<Part>(
  "bookings_parts",
  `SELECT id, part, lower(span) AS start, upper(span) AS "end" FROM bookings
   WHERE ticket_id = $1 AND role = 'lead' AND state IN ('tentative', 'firm') ORDER BY part`,
);

const settleOfMember = statement(
  "bookings_settle_member",
  `UPDATE bookings SET state = $2, updated_at = $3
   WHERE ticket_id = $1 AND state IN ('tentative', 'firm') AND technician_id = $4`,
);

/** Ends a ticket's live bookings, of the whole crew. */
export const settleBookings = (ticketId: TicketId, as: Ended, now: string): PartChange =>
  settledPart("crew", as, now, (tx) => [tx.row(settleAll, [ticketId, as, now])]);

/** As settleBookings, of the lead alone: the helpers stay. */
export const settleLead = (ticketId: TicketId, as: Ended, now: string): PartChange =>
  settledPart("lead", as, now, (tx) => [tx.row(settleOfLead, [ticketId, as, now])]);

/** As settleBookings, of one of the crew alone. */
export const settleMember = (ticketId: TicketId, as: Ended, now: string, techId: TechnicianId): PartChange =>
  settledPart(techId, as, now, (tx) => [tx.row(settleOfMember, [ticketId, as, now, techId])]);

/** How much work under way or on its way a technician helps with, but for one ticket, as a part of other statements. */
export const helpingOf = (technician: string, ticket = "NULL"): string =>
  `(SELECT count(*) FROM bookings h JOIN tickets ht ON ht.id = h.ticket_id
    WHERE h.technician_id = ${technician} AND h.state IN ('tentative', 'firm') AND h.role = 'helper'
      AND ht.in_work AND ht.id IS DISTINCT FROM ${ticket}::uuid)`;

/**
 * Bookings to be written, in the order of technicians, each of whom is booked by one at a time: so two who book crews do not wait for
 * each other.
 * @param unlocked those who were not locked before their calendars were read, with how many jobs they may have at once
 */
export const insertBookings = (
  bookings: readonly BookingBody[],
  now: string,
  unlocked: readonly { readonly id: TechnicianId; readonly maxConcurrent: number }[] = [],
): PartChange[] =>
  bookings.map((booking) => {
    const { technician_id: techId, ticket_id, start, end, exclusive, part = 1 } = booking;
    const most = unlocked.find(({ id }) => id === techId)?.maxConcurrent;
    const added = addedPart(bookingParts, { ...booking, part_of: ticket_id, part, created_at: now }, (tx) => [
      ...(exclusive || most === undefined ? [] : [tx.row(requireRoom, [techId, start, end, ticket_id, most])]),
      tx.row(insertBooking, bookingValues(booking, now)),
    ]);
    return { ...added, order: techId };
  });

function bookingValues(booking: BookingBody, now: string): unknown[] {
  const { id, technician_id, ticket_id, start, end, state, exclusive, travel_before_minutes, role, part = 1 } = booking;
  return [id, technician_id, ticket_id, start, end, state, exclusive, travel_before_minutes, role, now, part];
}
