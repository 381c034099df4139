-- What a customer is promised, where that is more than the time of the visit: somebody arrives in it, and the visit lies inside it.
-- Legal on PostgreSQL 15 and newer.
-- The release before works on this too: it takes the visit's start for the promise, and reads who is late without an index.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has tickets yet
-- dispatch: exempt long-change: before the first release; no database of any size has tickets yet

ALTER TABLE tickets
  ADD COLUMN arrival_start timestamptz,
  ADD COLUMN arrival_end timestamptz,
  -- By when somebody has to arrive: the end of what was promised, else the start of the visit.
  ADD COLUMN arrive_by timestamptz,
  ADD CONSTRAINT tickets_arrival_window CHECK (
    arrival_start IS NULL AND arrival_end IS NULL OR coalesce(arrival_start < arrival_end, false)
  ) NOT VALID;

CREATE FUNCTION derive_arrive_by() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.arrive_by := coalesce(NEW.arrival_end, NEW.scheduled_start);
  RETURN NEW;
END $$;
-- For the few updates that change it alone. As an expression of the index it had no statistics: Postgres then read all that was late
-- for a page of one account.
CREATE TRIGGER derived_arrive_by BEFORE INSERT OR UPDATE OF scheduled_start, arrival_end, arrive_by ON tickets FOR EACH ROW
  WHEN (NEW.arrive_by IS DISTINCT FROM coalesce(NEW.arrival_end, NEW.scheduled_start)) EXECUTE FUNCTION derive_arrive_by();

UPDATE tickets SET arrive_by = scheduled_start WHERE scheduled_start IS NOT NULL;

CREATE INDEX tickets_arrive_by ON tickets (arrive_by) WHERE arrival_due;
DROP INDEX tickets_arrival_due;
