// Bookings as rows. A calendared technician's live bookings exclude one another in the database itself.

import { statement } from "../db/statement.ts";
import type { BookingBody } from "../contract/responses.ts";

export const insertBooking = statement(
  "booking_insert",
  `INSERT INTO bookings (id, technician_id, ticket_id, span, state, exclusive, travel_before_minutes, created_at, updated_at)
   VALUES ($1, $2, $3, tstzrange($4, $5), $6, $7, $8, $9, $9)`,
);

/** Ends a ticket's live booking: `released` when nobody comes, `done` when somebody came. */
export const settleBookings = statement(
  "bookings_settle",
  `UPDATE bookings SET state = $2, updated_at = $3 WHERE ticket_id = $1 AND state IN ('tentative', 'firm')`,
);

export function bookingValues(booking: BookingBody, now: string): unknown[] {
  const { id, technician_id, ticket_id, start, end, state, exclusive, travel_before_minutes } = booking;
  return [id, technician_id, ticket_id, start, end, state, exclusive, travel_before_minutes, now];
}
