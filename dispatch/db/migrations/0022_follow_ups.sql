-- Work that follows from work that was done: each ticket says of itself what it follows and what follows it. Legal on
-- PostgreSQL 15 and newer.
-- dispatch: old code works
ALTER TABLE tickets
  -- The ticket it follows: {ticket_id, number, kind, reason}.
  ADD COLUMN follows jsonb,
  -- What follows it, newest last: {ticket_id, number, kind}.
  ADD COLUMN follow_ups jsonb NOT NULL DEFAULT '[]';
