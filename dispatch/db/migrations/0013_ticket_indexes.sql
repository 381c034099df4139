-- Eleven indexes of tickets where there were thirteen: every write opens them all, and one that changes the value of any makes
-- an entry in each that holds the ticket. The new ones are made before the old ones go, since DROP keeps readers out as well.
-- Legal on PostgreSQL 15 and newer.
-- The release before works on this too. Until its processes are replaced it sorts what was never tried before it claims a
-- ticket for assignment, and has no index for offers that ran out and for a cockpit of what is over.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has tickets yet

-- What left the queue, by deadline: what waits for money, and what is over.
CREATE INDEX tickets_left_deadline ON tickets (is_open, sla_deadline_at) WHERE NOT in_queue;

-- What is over, newest first, for a search by state; a ticket gets its entry once and keeps it. Without it a page of 20 was
-- read past all that is open and newer.
CREATE INDEX tickets_final ON tickets (id) WHERE NOT is_open;

-- The worker's queue. What was never tried has no time, and lies together.
CREATE INDEX tickets_awaiting ON tickets (assign_after, sla_deadline_at) WHERE awaiting_technician;

-- A ticket that was never put aside needs no recall, and of all indexes a GiST one costs a write the most.
CREATE INDEX tickets_awaiting_time_new ON tickets USING gist (tstzrange(scheduled_start, scheduled_end))
  WHERE awaiting_technician AND NOT assign_unable AND assign_after IS NOT NULL;

-- What is in scheduling, with the end of its offer where one is open.
CREATE INDEX tickets_in_scheduling_new ON tickets (proposal_ends) WHERE in_scheduling;

DROP INDEX tickets_billing_deadline;
DROP INDEX tickets_final_deadline;
DROP INDEX tickets_awaiting_fresh;
DROP INDEX tickets_awaiting_later;
DROP INDEX tickets_awaiting_time;
DROP INDEX tickets_in_scheduling;
DROP INDEX tickets_proposal_ends;
ALTER INDEX tickets_awaiting_time_new RENAME TO tickets_awaiting_time;
ALTER INDEX tickets_in_scheduling_new RENAME TO tickets_in_scheduling;
