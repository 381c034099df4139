-- How many jobs somebody without hours on record may have at once is kept by whoever books them, one after the other. Legal on
-- PostgreSQL 15 and newer.
-- dispatch: old code works

-- Fails as a lost race does, for the decision to be made anew, when `most` jobs already meet in one moment of the asked time.
-- Only then is the technician's lock held until the end of the transaction, and each booking sees the ones before it.
CREATE FUNCTION require_room(technician uuid, asked tstzrange, ticket uuid, most int) RETURNS void
  LANGUAGE plpgsql AS $$
DECLARE
  fullest int;
BEGIN
  PERFORM FROM technicians WHERE id = technician FOR NO KEY UPDATE;
  -- Jobs meet most where one of them begins, or where the asked time does.
  WITH jobs AS (
    SELECT span FROM bookings
    WHERE technician_id = technician AND state IN ('tentative', 'firm') AND ticket_id <> ticket
      AND upper(span) > lower(asked) AND lower(span) < upper(asked)
  )
  SELECT max((SELECT count(*) FROM jobs AS other WHERE other.span @> greatest(lower(one.span), lower(asked))))
  INTO fullest FROM jobs AS one;
  IF fullest >= most THEN
    RAISE EXCEPTION 'technician % has % jobs then', technician, fullest USING ERRCODE = 'serialization_failure';
  END IF;
END $$;
