-- What nobody on the roster can do at any hour is told apart from what nobody has time for. Legal on PostgreSQL 15 and newer.
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has tickets yet

ALTER TABLE tickets
  ADD COLUMN assign_unable boolean NOT NULL DEFAULT false,
  -- When the ticket was last put aside, by the database's clock: a change before that is known to whoever judged.
  ADD COLUMN assign_tried_at timestamptz;

-- A booking that is given back makes time, and no ability: looking for tickets it could help passes over all others.
DROP INDEX tickets_awaiting_time;
CREATE INDEX tickets_awaiting_time ON tickets USING gist (tstzrange(scheduled_start, scheduled_end))
  WHERE awaiting_technician AND NOT assign_unable;
