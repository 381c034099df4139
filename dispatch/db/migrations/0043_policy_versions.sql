-- The company's rules as they were activated, one after the other, and on each ticket the version it opened with.
-- Version 0 is what the processes were started with before anything was activated; each start then says it anew, so that tickets of
-- that time keep it once there is a version 1. From then on no row changes.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

CREATE TABLE policy_versions (
  version integer PRIMARY KEY CHECK (version >= 0),
  -- The files as they were written, and the profile they say the differences of.
  content jsonb NOT NULL,
  hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  activated_by text NOT NULL CHECK (char_length(activated_by) BETWEEN 1 AND 200),
  activated_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON policy_versions TO dispatch_app;
GRANT UPDATE (content, hash, activated_at) ON policy_versions TO dispatch_app;

CREATE FUNCTION refuse_policy_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.version = 0 AND NEW.version = 0 AND NOT EXISTS (SELECT FROM policy_versions WHERE version > 0) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'policy_versions is insert-only: tickets are judged by version %', OLD.version
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER keep_versions BEFORE UPDATE OR DELETE ON policy_versions
  FOR EACH ROW EXECUTE FUNCTION refuse_policy_change();

-- Null for tickets that opened before anything was activated.
ALTER TABLE tickets ADD COLUMN policy_version integer;
