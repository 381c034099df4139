// Bookings as rows. A calendared technician's live bookings exclude one another in the database itself.

import { statement } from "../db/statement.ts";
import type { BookingBody } from "../contract/responses.ts";

export const insertBooking = statement(
  "booking_insert",
  `INSERT INTO bookings (id, technician_id, ticket_id, span, state, exclusive, travel_before_minutes, created_at, updated_at)
   VALUES ($1, $2, $3, tstzrange($4, $5), $6, $7, $8, $9, $9)`,
);

/**
 * For a booking that excludes no other one: fails as a lost race does when $5 jobs, beside ticket $4's, already meet in a moment of
 * the time from $2 to $3. To be sent before the booking, by whoever did not lock the technician $1 before reading the calendar.
 */
export const requireRoom = statement("booking_room", `SELECT FROM require_room($1, tstzrange($2, $3), $4, $5)`);

/** Ends a ticket's live booking: `released` when nobody comes, `done` when somebody came. */
export const settleBookings = statement(
  "bookings_settle",
  `UPDATE bookings SET state = $2, updated_at = $3 WHERE ticket_id = $1 AND state IN ('tentative', 'firm')`,
);

export function bookingValues(booking: BookingBody, now: string): unknown[] {
  const { id, technician_id, ticket_id, start, end, state, exclusive, travel_before_minutes } = booking;
  return [id, technician_id, ticket_id, start, end, state, exclusive, travel_before_minutes, now];
}
