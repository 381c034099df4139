-- Who was booked before they were drained may still be sent; who waits at a door for an approver is there; a call is known again
-- after what was written down of it was put right; an extension is no part of a phone number. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has tickets yet
-- dispatch: exempt long-change: before the first release; no database of any size has tickets yet

-- Waits for an approver, with a technician: who may be at the door. The state itself stands in no index.
ALTER TABLE tickets ADD COLUMN asking boolean NOT NULL DEFAULT false;

CREATE FUNCTION derive_asking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.asking := NEW.state = 'APPROVAL_REQUIRED' AND NEW.assigned_tech_id IS NOT NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER derived_asking BEFORE INSERT OR UPDATE ON tickets
  FOR EACH ROW WHEN (NEW.state = 'APPROVAL_REQUIRED' OR NEW.asking) EXECUTE FUNCTION derive_asking();
UPDATE tickets SET asking = true WHERE state = 'APPROVAL_REQUIRED' AND assigned_tech_id IS NOT NULL;
CREATE INDEX tickets_asking ON tickets (assigned_tech_id) WHERE asking;

-- As before, but for a booking that takes the place of one that the same technician had until this moment.
CREATE OR REPLACE FUNCTION require_working_technician() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  drained timestamptz;
BEGIN
  IF NEW.exclusive THEN
    SELECT drained_at INTO drained FROM technicians WHERE id = NEW.technician_id AND active FOR NO KEY UPDATE;
  ELSE
    SELECT drained_at INTO drained FROM technicians WHERE id = NEW.technician_id AND active FOR SHARE;
  END IF;
  IF NOT FOUND OR drained IS NOT NULL AND NOT EXISTS (
    SELECT FROM bookings
    WHERE ticket_id = NEW.ticket_id AND technician_id = NEW.technician_id AND state = 'released' AND updated_at = NEW.created_at
  ) THEN
    RAISE EXCEPTION 'technician % takes no work', NEW.technician_id USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN NEW;
END $$;

-- What a call is recognised by once it was put right.
ALTER TABLE intake_calls ADD COLUMN corrected text;
GRANT UPDATE ON intake_calls TO dispatch_app;

-- Each of several numbers by its endings of seven digits and more, without an extension.
CREATE OR REPLACE FUNCTION phone_to_find(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg('tel' || right(digits, n), ' ')
  FROM regexp_split_to_table($1, '[,;]') AS one,
       regexp_replace(regexp_replace(one, '(x|ext|#).*$', '', 'i'), '[^0-9]', '', 'g') AS digits,
       generate_series(7, length(digits)) AS n
$$;
