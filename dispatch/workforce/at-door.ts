// Where whoever was sent to a ticket stands, as SQL: whether they are at its door, have missed a later part of the visit, or do not know of
// it. At the door also while an approver is asked; not for work that was done there once and came back from the quality check, or waits
// for money.

/** @param ticket the alias of a row of tickets */
export const isAtDoor = (ticket: string): string => `(
  ${ticket}.state IN ('ON_SITE', 'IN_PROGRESS', 'APPROVAL_REQUIRED')
  AND (EXISTS (SELECT FROM bookings l WHERE l.ticket_id = ${ticket}.id AND l.state IN ('tentative', 'firm'))
       OR NOT EXISTS (SELECT FROM bookings d WHERE d.ticket_id = ${ticket}.id AND d.state = 'done'
                      AND d.technician_id = ${ticket}.assigned_tech_id)))`;

/**
 * When a later part of a visit was to begin that nobody has gone on with, as SQL: the visit was held before it and is still. Null where
 * there is none.
 * @param now the alias or parameter that says what time it is
 */
export const missedPart = (ticket: string, now: string): string => `(
  SELECT min(lower(p.span)) FROM bookings p
  WHERE ${ticket}.state = 'ON_HOLD' AND p.ticket_id = ${ticket}.id AND p.part > 1 AND p.role = 'lead'
    AND p.state IN ('tentative', 'firm') AND lower(p.span) < ${now} AND lower(p.span) > ${ticket}.last_transition_at)`;

/**
 * When the last that was told to a room about a visit that somebody was sent to was given up unheard, as SQL. Null where it was heard, or
 * is still on its way, or where there is no room.
 */
export const unheardSince = (ticket: string): string => `(
  SELECT CASE WHEN told.status = 'dead' THEN told.updated_at END
  FROM (SELECT u.status, u.updated_at FROM pushes u WHERE ${ticket}.state = 'DISPATCHED' AND u.ticket_id = ${ticket}.id
        ORDER BY u.created_at DESC, u.id DESC LIMIT 1) AS told)`;
