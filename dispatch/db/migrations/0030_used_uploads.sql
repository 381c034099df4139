-- What lies at the address of an upload is removed once the address has expired, whether the upload became evidence or not; those
-- that did are marked. And how many addresses of a ticket are open is counted. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: uploads are kept for a day unless they became evidence, so the table is small

ALTER TABLE uploads ADD COLUMN cleared_at timestamptz;
CREATE INDEX uploads_uncleared ON uploads (expires_at) WHERE cleared_at IS NULL;
CREATE INDEX uploads_open ON uploads (ticket_id, expires_at) WHERE used_at IS NULL;
DROP INDEX uploads_unused;
GRANT UPDATE (cleared_at) ON uploads TO dispatch_app;
