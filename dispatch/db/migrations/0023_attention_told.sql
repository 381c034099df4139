-- Reserved visits that could not be sent are looked for to be told of, and work that was done at a door once is no longer at it.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has tickets or bookings yet

CREATE INDEX tickets_not_sent ON tickets (id) WHERE reserved AND assign_reason IS NOT NULL;
CREATE INDEX bookings_done ON bookings (ticket_id, technician_id) WHERE state = 'done';
