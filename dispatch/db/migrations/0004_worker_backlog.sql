-- What nobody on the roster can do at any hour is told apart from what nobody has time for. Legal on PostgreSQL 15 and newer.

ALTER TABLE tickets ADD COLUMN assign_unable boolean NOT NULL DEFAULT false;

-- A booking that is given back makes time, and no ability: looking for tickets it could help passes over all others.
DROP INDEX tickets_awaiting_time;
CREATE INDEX tickets_awaiting_time ON tickets USING gist (tstzrange(scheduled_start, scheduled_end))
  WHERE awaiting_technician AND NOT assign_unable;
