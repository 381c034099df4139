-- Work that is longer than a shift is booked as parts: a booking each, of one technician, one after the other. Legal on
-- PostgreSQL 15 and newer.
-- The release before works on this too: all it books are first parts, and what it ends it ends for all of them. A visit in parts
-- that it moves or sends becomes one of one piece.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has bookings yet
-- dispatch: exempt checks-every-row: before the first release; no database of any size has bookings yet

ALTER TABLE bookings ADD COLUMN part smallint NOT NULL DEFAULT 1 CHECK (part >= 1);

-- How much work lies in parts between scheduled_start and scheduled_end; null where a visit is of one piece.
ALTER TABLE tickets ADD COLUMN parted_minutes integer;

-- One leads each part of a visit, and nobody comes to it twice.
CREATE UNIQUE INDEX bookings_live_lead ON bookings (ticket_id, part) WHERE state IN ('tentative', 'firm') AND role = 'lead';
CREATE UNIQUE INDEX bookings_live_part_member ON bookings (ticket_id, technician_id, part) WHERE state IN ('tentative', 'firm');
DROP INDEX bookings_live_ticket;
DROP INDEX bookings_live_member;
ALTER INDEX bookings_live_lead RENAME TO bookings_live_ticket;
ALTER INDEX bookings_live_part_member RENAME TO bookings_live_member;
