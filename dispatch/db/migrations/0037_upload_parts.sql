-- A video may be sent in parts: how many bytes each has, the last one fewer. Whoever comes back for the addresses of the missing ones
-- keeps the upload open for longer. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

ALTER TABLE uploads ADD COLUMN part_bytes integer;
GRANT UPDATE (expires_at) ON uploads TO dispatch_app;
