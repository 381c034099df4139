-- A row of each API process, written every few seconds while somebody asks for its health: Postgres may answer and take no write, on a
-- full disk or as a standby.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

CREATE TABLE write_probes (
  process uuid PRIMARY KEY,
  written_at timestamptz NOT NULL
);
-- ON CONFLICT reads the key.
GRANT SELECT, INSERT, DELETE ON write_probes TO dispatch_app;
GRANT UPDATE (written_at) ON write_probes TO dispatch_app;
