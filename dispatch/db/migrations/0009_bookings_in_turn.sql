-- One technician is booked by one transaction at a time. Where several insert at once, each may find the others' rows in the
-- exclusion constraint's index and wait for them: a deadlock, which is found only after a second. Legal on PostgreSQL 15 and
-- newer.
-- dispatch: old code works

CREATE OR REPLACE FUNCTION require_working_technician() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.exclusive THEN
    PERFORM FROM technicians WHERE id = NEW.technician_id AND active AND drained_at IS NULL FOR NO KEY UPDATE;
  ELSE
    PERFORM FROM technicians WHERE id = NEW.technician_id AND active AND drained_at IS NULL FOR SHARE;
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'technician % takes no work', NEW.technician_id USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN NEW;
END $$;
