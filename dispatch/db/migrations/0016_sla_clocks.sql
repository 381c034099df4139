-- The SLA's clocks: when one stands, who is waited for, when somebody arrived; the order of the queue that follows from it, and
-- what somebody has to look at. Legal on PostgreSQL 15 and newer.
-- The release before works on this too, but neither stops nor starts a clock, and sorts its queue without an index until its
-- processes are replaced. What waits for a customer at that moment begins to stand still with its next change.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has tickets yet
-- dispatch: exempt long-change: before the first release; no database of any size has tickets yet

ALTER TABLE tickets
  -- Why work that is ON_HOLD is held; null in every other state.
  ADD COLUMN hold_reason text,
  -- Since when the clocks stand still, because the customer or an approval holds the work or it is done; null while they run.
  ADD COLUMN sla_stopped_at timestamptz,
  -- Somebody's first arrival on site, at which the response ends.
  ADD COLUMN arrived_at timestamptz,
  -- Until when somebody has to arrive; it moves with the time that was waited. Null on tickets of before: their creation and target.
  ADD COLUMN response_deadline_at timestamptz,
  -- What somebody was told to look at, and since when; cleared when state, time or technician change.
  ADD COLUMN attention_code text,
  ADD COLUMN attention_since timestamptz,
  -- A technician is promised for a time and has not arrived.
  ADD COLUMN arrival_due boolean NOT NULL DEFAULT false,
  -- The place in the queue: the deadline of a clock that runs; of one that stands the time left, counted from the year 500 on, so
  -- that no other falls among them; of what is done a time far ahead.
  ADD COLUMN queue_at timestamptz;

CREATE OR REPLACE FUNCTION derive_ticket_columns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.is_open := NEW.state NOT IN ('CLOSED', 'CANCELLED');
  -- What still needs a dispatcher; the others wait for money alone, or are over.
  NEW.in_queue := NEW.state NOT IN ('VERIFIED', 'INVOICED', 'CLOSED', 'CANCELLED');
  -- Work that is still to be done, and waits for nobody else: past this the SLA has nothing to say.
  NEW.sla_watched := NEW.sla_stopped_at IS NULL
    AND NEW.state NOT IN ('COMPLETED_PENDING_VERIFICATION', 'VERIFIED', 'INVOICED', 'CLOSED', 'CANCELLED');
  NEW.in_scheduling := NEW.state IN ('READY_TO_SCHEDULE', 'SCHEDULE_PROPOSED', 'SCHEDULED', 'PENDING_CUSTOMER_CONFIRMATION');
  -- With a technician and not yet completed: what counts as the technician's load.
  NEW.in_work := NEW.state IN ('DISPATCHED', 'ON_SITE', 'IN_PROGRESS', 'ON_HOLD');
  -- Scheduled, and nobody assigned: the worker's own queue.
  NEW.awaiting_technician := NEW.state = 'SCHEDULED' AND NEW.assigned_tech_id IS NULL;
  NEW.arrival_due := NEW.state IN ('SCHEDULED', 'DISPATCHED') AND NEW.scheduled_start IS NOT NULL;
  -- When the last of the offered windows is over, while an offer is open.
  NEW.proposal_ends := CASE WHEN NEW.state = 'SCHEDULE_PROPOSED' THEN latest_window_end(NEW.proposed_windows) END;
  NEW.queue_at := CASE
    WHEN NEW.sla_watched THEN NEW.sla_deadline_at
    -- Done: behind all that is live, and what waits for money alone behind what waits for a look at the work.
    WHEN NEW.state = 'COMPLETED_PENDING_VERIFICATION' THEN NEW.sla_deadline_at + interval '10000 years'
    WHEN NOT NEW.in_queue THEN NEW.sla_deadline_at + interval '20000 years'
    -- Nothing runs down before the time the work was put off to.
    ELSE timestamptz '0500-01-01 00:00:00+00'
         + (NEW.sla_deadline_at - greatest(NEW.sla_stopped_at, coalesce(NEW.scheduled_start, NEW.created_at)))
  END;
  RETURN NEW;
END $$;
DROP TRIGGER derived_columns ON tickets;
CREATE TRIGGER derived_columns BEFORE INSERT OR UPDATE OF
    state, assigned_tech_id, proposed_windows, scheduled_start, sla_deadline_at, sla_stopped_at,
    is_open, in_queue, sla_watched, in_scheduling, in_work, awaiting_technician, proposal_ends, arrival_due, queue_at
  ON tickets FOR EACH ROW EXECUTE FUNCTION derive_ticket_columns();

UPDATE tickets SET queue_at = NULL;

CREATE INDEX tickets_queue ON tickets (queue_at) WHERE in_queue;
CREATE INDEX tickets_queue_account ON tickets (account_id, queue_at) WHERE in_queue;
CREATE INDEX tickets_left ON tickets (is_open, queue_at) WHERE NOT in_queue;
-- Who is to arrive, by when it was promised.
CREATE INDEX tickets_arrival_due ON tickets (scheduled_start) WHERE arrival_due;

DROP INDEX tickets_queue_deadline;
DROP INDEX tickets_queue_account_deadline;
DROP INDEX tickets_left_deadline;
