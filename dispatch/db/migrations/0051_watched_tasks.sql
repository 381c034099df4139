-- How tasks stand is counted without reading them all, and what became of them is added up as it is told, so that a count outlives the
-- processes that show it. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has tasks yet

-- Since when a task has been in its state; a trigger writes it. Null of a task that has not moved since it came.
ALTER TABLE tasks ADD COLUMN status_since timestamptz;
CREATE FUNCTION derive_status_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.status_since := NEW.updated_at;
  RETURN NEW;
END $$;
CREATE TRIGGER derived_status_since_new BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION derive_status_since();
CREATE TRIGGER derived_status_since BEFORE UPDATE OF status ON tasks
  FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION derive_status_since();
CREATE INDEX tasks_status ON tasks (status, priority, status_since);

CREATE TABLE task_tally (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  -- Every event up to and including this place of the outbox is in the sums.
  xact xid8 NOT NULL,
  id bigint NOT NULL,
  unmatched bigint NOT NULL DEFAULT 0,
  wakes_ready bigint NOT NULL DEFAULT 0,
  wakes_failed bigint NOT NULL DEFAULT 0,
  -- How long tasks waited for whoever they were assigned to: the sum, and how many waited up to each bound, and behind the last.
  wait_seconds double precision NOT NULL DEFAULT 0,
  waits integer[] NOT NULL
);
INSERT INTO task_tally (xact, id, waits) VALUES ('0', 0, '{}');
GRANT SELECT ON task_tally TO dispatch_app;
GRANT UPDATE (xact, id, unmatched, wakes_ready, wakes_failed, wait_seconds, waits) ON task_tally TO dispatch_app;
