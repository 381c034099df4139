// Whether a ticket's work goes on at a door, as SQL: not that which was done there once and came back from the quality check.

/** @param ticket the alias of a row of tickets */
export const isAtDoor = (ticket: string): string => `(
  ${ticket}.state IN ('ON_SITE', 'IN_PROGRESS')
  AND (EXISTS (SELECT FROM bookings l WHERE l.ticket_id = ${ticket}.id AND l.state IN ('tentative', 'firm'))
       OR NOT EXISTS (SELECT FROM bookings d WHERE d.ticket_id = ${ticket}.id AND d.state = 'done'
                      AND d.technician_id = ${ticket}.assigned_tech_id)))`;
