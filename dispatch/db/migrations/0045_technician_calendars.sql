-- A technician's visits as a calendar at a secret address, of which the hash alone is kept; and what they had or no longer have, by
-- time, for their days and that calendar. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has bookings that ended yet

CREATE TABLE technician_calendars (
  technician_id uuid PRIMARY KEY REFERENCES technicians (id) ON DELETE CASCADE,
  -- SHA-256 of the secret, 64 hex digits.
  secret_hash text NOT NULL UNIQUE,
  made_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON technician_calendars TO dispatch_app;
GRANT UPDATE (secret_hash, made_at) ON technician_calendars TO dispatch_app;

CREATE INDEX bookings_ended_times ON bookings (technician_id, upper(span)) WHERE state IN ('done', 'released');
