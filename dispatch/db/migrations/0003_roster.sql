-- The roster's own rules. Legal on PostgreSQL 15 and newer.

ALTER TABLE technicians ADD COLUMN room text;

-- Nobody is booked who takes no work. A command asks before, but somebody may be drained or signed off between that look
-- and its commit: the share lock makes one wait for the other, and serialization_failure makes the loser look again.
CREATE FUNCTION require_working_technician() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM technicians WHERE id = NEW.technician_id AND active AND drained_at IS NULL FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'technician % takes no work', NEW.technician_id USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER working_technician BEFORE INSERT ON bookings
  FOR EACH ROW EXECUTE FUNCTION require_working_technician();
