-- What an audit event says of the rows it leaves: a hash of the aggregate's row as it was found and as it is left, and what became
-- of the rows that belong to it. Older events have none.
-- Legal on PostgreSQL 15 and newer.
-- The release before works on this too: its events say nothing of rows, and what it changes is not covered until the next event.
-- dispatch: old code works

ALTER TABLE audit_events
  ADD COLUMN row_before text,
  ADD COLUMN row_hash text,
  ADD COLUMN parts jsonb;
