// Whether somebody is at a ticket's door, as SQL: also while an approver is asked; not for work that was done there once and came
// back from the quality check, or waits for money.

/** @param ticket the alias of a row of tickets */
export const isAtDoor = (ticket: string): string => `(
  ${ticket}.state IN ('ON_SITE', 'IN_PROGRESS', 'APPROVAL_REQUIRED')
  AND (EXISTS (SELECT FROM bookings l WHERE l.ticket_id = ${ticket}.id AND l.state IN ('tentative', 'firm'))
       OR NOT EXISTS (SELECT FROM bookings d WHERE d.ticket_id = ${ticket}.id AND d.state = 'done'
                      AND d.technician_id = ${ticket}.assigned_tech_id)))`;
