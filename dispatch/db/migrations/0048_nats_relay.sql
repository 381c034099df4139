-- Events are told to NATS JetStream too, where one is set: how far, for all workers together; and an id of each event that is the same
-- wherever and however often it is told. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

-- Null in rows of before: there the audit event's id is as good, since each has one row.
ALTER TABLE outbox ADD COLUMN event_id uuid;
ALTER TABLE outbox ALTER COLUMN event_id SET DEFAULT gen_random_uuid();

CREATE TABLE nats_relay (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  -- Everything up to and including this place of the outbox is in the stream, or not for it.
  xact xid8 NOT NULL,
  id bigint NOT NULL,
  acknowledged bigint NOT NULL DEFAULT 0,
  -- Of those that no server takes.
  skipped bigint NOT NULL DEFAULT 0,
  failing_since timestamptz,
  last_error text
);
INSERT INTO nats_relay (xact, id) VALUES ('0', 0);
GRANT SELECT ON nats_relay TO dispatch_app;
GRANT UPDATE (xact, id, acknowledged, skipped, failing_since, last_error) ON nats_relay TO dispatch_app;
