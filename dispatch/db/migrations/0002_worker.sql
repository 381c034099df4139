-- What the worker needs: what is due, found by index; what it has done, remembered; who works, visible.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: exempt table-rewrite: before the first release; no database of any size has tickets yet
-- dispatch: exempt checks-every-row: before the first release; no database of any size has tickets yet
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has tickets yet

-- The latest end of the windows a customer was offered. Windows are stored as ISO 8601 in UTC with milliseconds, so their
-- order as text is their order in time; a cast to timestamptz would not be immutable.
CREATE FUNCTION latest_window_end(windows jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT max(one ->> 'end') FROM jsonb_array_elements(windows) AS one
$$;

ALTER TABLE tickets
  -- Scheduled, and nobody assigned: the worker's own queue.
  ADD COLUMN awaiting_technician boolean NOT NULL GENERATED ALWAYS AS (state = 'SCHEDULED' AND assigned_tech_id IS NULL) STORED,
  -- Null: not tried yet. Else when the worker may look again: the end of a claim, or of a delay that grows.
  ADD COLUMN assign_after timestamptz,
  ADD COLUMN assign_attempts integer NOT NULL DEFAULT 0,
  ADD COLUMN assign_reason text,
  -- When the last of the offered windows is over, while an offer is open.
  ADD COLUMN proposal_ends text GENERATED ALWAYS AS
    (CASE WHEN state = 'SCHEDULE_PROPOSED' THEN latest_window_end(proposed_windows) END) STORED,
  -- Work that is still to be done: past this the SLA has nothing to say.
  ADD COLUMN sla_watched boolean NOT NULL GENERATED ALWAYS AS
    (state NOT IN ('COMPLETED_PENDING_VERIFICATION', 'VERIFIED', 'INVOICED', 'CLOSED', 'CANCELLED')) STORED,
  -- Told so far about this deadline: 0 nothing, 1 the warning, 2 the breach. A new deadline starts anew.
  ADD COLUMN sla_level smallint NOT NULL DEFAULT 0 CHECK (sla_level BETWEEN 0 AND 2);

CREATE INDEX tickets_awaiting_fresh ON tickets (sla_deadline_at) WHERE awaiting_technician AND assign_after IS NULL;
CREATE INDEX tickets_awaiting_later ON tickets (assign_after, sla_deadline_at) WHERE awaiting_technician AND assign_after IS NOT NULL;
CREATE INDEX tickets_awaiting_time ON tickets USING gist (tstzrange(scheduled_start, scheduled_end)) WHERE awaiting_technician;
CREATE INDEX tickets_proposal_ends ON tickets (proposal_ends) WHERE proposal_ends IS NOT NULL;
CREATE INDEX tickets_sla_untold ON tickets (sla_deadline_at) WHERE sla_watched AND sla_level < 2;

-- Times at which somebody may have become free: tickets that were put aside and overlap them are looked at again at once.
CREATE TABLE availability_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  span tstzrange NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Whoever changes the roster, by whatever way, is noticed: the demo, a restore, an operator at the console.
CREATE FUNCTION note_availability_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO availability_changes (span) VALUES (tstzrange(NULL, NULL));
  RETURN NULL;
END $$;
CREATE FUNCTION note_booking_released() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO availability_changes (span) VALUES (OLD.span);
  RETURN NULL;
END $$;
CREATE TRIGGER note_availability AFTER INSERT OR UPDATE ON technicians
  FOR EACH STATEMENT EXECUTE FUNCTION note_availability_change();
CREATE TRIGGER note_availability AFTER INSERT OR UPDATE OR DELETE ON technician_shifts
  FOR EACH STATEMENT EXECUTE FUNCTION note_availability_change();
CREATE TRIGGER note_availability AFTER UPDATE OR DELETE ON technician_time_off
  FOR EACH STATEMENT EXECUTE FUNCTION note_availability_change();
CREATE TRIGGER note_availability AFTER INSERT OR UPDATE ON autonomy_control_state
  FOR EACH STATEMENT EXECUTE FUNCTION note_availability_change();
CREATE TRIGGER note_availability AFTER UPDATE ON bookings
  FOR EACH ROW WHEN (OLD.state IN ('tentative', 'firm') AND NEW.state NOT IN ('tentative', 'firm'))
  EXECUTE FUNCTION note_booking_released();

-- Worker processes, each with one row it renews.
CREATE TABLE workers (
  id uuid PRIMARY KEY,
  identity text NOT NULL,
  host text NOT NULL,
  pid integer NOT NULL,
  started_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  heartbeat_ms integer NOT NULL,
  cycle integer NOT NULL DEFAULT 0,
  dispatches integer NOT NULL DEFAULT 0,
  errors integer NOT NULL DEFAULT 0
);
CREATE INDEX workers_seen ON workers (seen_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO dispatch_app;
-- UPDATE is what FOR UPDATE asks for.
GRANT SELECT, INSERT, UPDATE, DELETE ON availability_changes TO dispatch_app;
