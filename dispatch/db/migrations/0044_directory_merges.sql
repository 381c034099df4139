-- Two accounts that are one: their sites and tickets change hands together, so the rule that binds a ticket's site to its account
-- may wait for the end of that transaction. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

ALTER TABLE tickets ALTER CONSTRAINT tickets_site_id_account_id_fkey DEFERRABLE INITIALLY IMMEDIATE;
GRANT UPDATE (account_id) ON tickets TO dispatch_app;
