-- Looks at the audit trail may end in another order than they began: of a fault it is kept as of which moment it was last there. And
-- which checkpoints were written is kept beside the object store, so that the newest cannot vanish from there unnoticed.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

-- Null of what the release before found: then found_at counts.
ALTER TABLE audit_faults ADD COLUMN last_found_at timestamptz;
GRANT INSERT (last_found_at), UPDATE (last_found_at) ON audit_faults TO dispatch_app;

CREATE TABLE audit_checkpoints (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- One that was gone, and accepted so, may be written once more.
  key text NOT NULL,
  -- In hex, of the bytes in the object store.
  sha256 text NOT NULL,
  written_at timestamptz NOT NULL
);
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT (key, sha256, written_at) ON audit_checkpoints TO dispatch_app;
