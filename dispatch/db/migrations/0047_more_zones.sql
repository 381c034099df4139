-- A technician may work in several zones: the first stays where it was, the others stand beside it. So old rows need no change, and
-- what the release before writes is the first. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works
ALTER TABLE technicians ADD COLUMN more_zones text[] NOT NULL DEFAULT '{}';
GRANT UPDATE (more_zones) ON technicians TO dispatch_app;
