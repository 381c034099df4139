-- The cockpit's queue is what still needs a dispatcher. Verified and invoiced tickets wait for money alone; their deadlines are
-- the oldest of all that is open, so each page was read past all of them. They have a small index of their own, for whoever
-- asks for them by state. Legal on PostgreSQL 15 and newer.
-- The release before works on this too, but sorts its queue without an index until its processes are replaced.
-- dispatch: old code works
-- dispatch: exempt table-rewrite: before the first release; no database of any size has tickets yet
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has tickets yet

-- A column and not a condition on `state`, which no index may name. It changes when work is verified and never back, where
-- `is_open` changes at the end: of all moves of a ticket these two cost an entry in every index, the others stay HOT.
ALTER TABLE tickets
  ADD COLUMN in_queue boolean NOT NULL GENERATED ALWAYS AS
    (state NOT IN ('VERIFIED', 'INVOICED', 'CLOSED', 'CANCELLED')) STORED;

CREATE INDEX tickets_queue_deadline ON tickets (sla_deadline_at) WHERE in_queue;
CREATE INDEX tickets_queue_account_deadline ON tickets (account_id, sla_deadline_at) WHERE in_queue;
CREATE INDEX tickets_billing_deadline ON tickets (sla_deadline_at) WHERE is_open AND NOT in_queue;
DROP INDEX tickets_open_deadline;
DROP INDEX tickets_open_account_deadline;
