-- How many visits a model moved for one actor in the last hour is found in the audit. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has events yet

CREATE INDEX audit_events_moves ON audit_events (actor_id, created_at) WHERE payload ? 'moved_visits';
