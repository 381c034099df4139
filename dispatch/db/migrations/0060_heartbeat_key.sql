-- By which key an agent's last heartbeat came: sent again, its tokens count once. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

ALTER TABLE agents ADD COLUMN heartbeat_key uuid;
GRANT UPDATE (heartbeat_key) ON agents TO dispatch_app;
