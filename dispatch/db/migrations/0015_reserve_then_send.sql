-- A visit is reserved first and sent later: what waits to be sent, and whom a dispatcher took off a ticket. Legal on
-- PostgreSQL 15 and newer.
-- The release before works on this too: it sends at once, and gives work back to whoever was taken off.
-- dispatch: old code works
-- dispatch: exempt long-change: before the first release; no database of any size has tickets yet
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has tickets yet

ALTER TABLE tickets
  -- Whom a dispatcher took off, newest last: {tech_id, reason_code, note, at}.
  ADD COLUMN not_technicians jsonb NOT NULL DEFAULT '[]',
  -- Scheduled, with a technician who was not sent yet: the worker's queue of sendings, by the same assign_after.
  ADD COLUMN reserved boolean NOT NULL DEFAULT false;

-- A trigger of its own beside derived_columns, and after it by its name: it runs for the few that are scheduled alone.
CREATE FUNCTION derive_reserved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.reserved := NEW.state = 'SCHEDULED' AND NEW.assigned_tech_id IS NOT NULL;
  -- A visit that is booked is its technician's load as one that is sent.
  NEW.in_work := NEW.reserved OR (NEW.in_work AND NEW.state <> 'SCHEDULED');
  RETURN NEW;
END $$;
CREATE TRIGGER derived_reserved BEFORE INSERT OR UPDATE ON tickets
  FOR EACH ROW WHEN (NEW.state = 'SCHEDULED' OR NEW.reserved) EXECUTE FUNCTION derive_reserved();

UPDATE tickets SET reserved = true WHERE state = 'SCHEDULED' AND assigned_tech_id IS NOT NULL;

-- What was never looked at comes before all that waits for its time.
CREATE INDEX tickets_reserved ON tickets (coalesce(assign_after, '-infinity')) WHERE reserved;
