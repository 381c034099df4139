-- What was found broken of the audit trail, until somebody with the owner's rights says what became of it: whoever has the API's login
-- can add to it and silence nothing.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

CREATE TABLE audit_faults (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  aggregate text NOT NULL,
  chain text NOT NULL,
  seq integer NOT NULL,
  kind text NOT NULL,
  detail text NOT NULL,
  -- Which duty or command found it.
  found_by text NOT NULL,
  found_at timestamptz NOT NULL,
  resolved_at timestamptz,
  resolution text,
  CHECK ((resolved_at IS NULL) = (resolution IS NULL))
);
CREATE UNIQUE INDEX audit_faults_open ON audit_faults (aggregate, chain, seq, kind) WHERE resolved_at IS NULL;
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_faults
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON audit_faults TO dispatch_app;
