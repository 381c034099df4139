-- A visit may have helpers beside its lead: each with a booking, and how many of them are still to be found. Legal on
-- PostgreSQL 15 and newer.
-- The release before works on this too: all it books are leads, and what it ends it ends for the whole crew.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has bookings yet
-- dispatch: exempt checks-every-row: before the first release; no database of any size has bookings yet

ALTER TABLE bookings ADD COLUMN role text NOT NULL DEFAULT 'lead' CHECK (role IN ('lead', 'helper'));

-- How many of the crew are still to be found, beside those who are booked.
ALTER TABLE tickets ADD COLUMN helpers_missing smallint NOT NULL DEFAULT 0;

-- One leads a visit, and nobody comes to it twice.
CREATE UNIQUE INDEX bookings_live_lead ON bookings (ticket_id) WHERE state IN ('tentative', 'firm') AND role = 'lead';
CREATE UNIQUE INDEX bookings_live_member ON bookings (ticket_id, technician_id) WHERE state IN ('tentative', 'firm');
DROP INDEX bookings_live_ticket;
ALTER INDEX bookings_live_lead RENAME TO bookings_live_ticket;
