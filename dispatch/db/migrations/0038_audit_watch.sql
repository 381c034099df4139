-- The worker looks through all audit chains by and by, and again at those that changed lately: where it stands, for all workers
-- together. What it found and finds whole again is over by itself; what a checkpoint says stays until the owner has accepted it.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: old code works
-- dispatch: exempt index-blocks-writes: audit_faults has a row for each fault there ever was, and nobody waits for it
-- dispatch: exempt long-change: a database has a handful of faults

CREATE TABLE audit_watch (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  -- One worker looks at a time; a killed one's claim lapses.
  claimed_until timestamptz NOT NULL,
  -- When what was read is paid for, at the speed that is allowed.
  rested_at timestamptz NOT NULL,
  -- When chains that changed lately are looked at again.
  recent_at timestamptz NOT NULL,
  -- When the next round may begin.
  round_at timestamptz NOT NULL,
  -- The round under way: since when, and behind which chain it goes on; all null between two rounds.
  began_at timestamptz,
  aggregate text,
  after text,
  chains bigint NOT NULL DEFAULT 0,
  -- Without pauses, since history was changed past Dispatch.
  hurried boolean NOT NULL DEFAULT false,
  last_began_at timestamptz,
  last_ended_at timestamptz,
  last_chains bigint NOT NULL DEFAULT 0,
  -- Rows of insert-only tables that were ever changed or deleted, by the server's own count.
  changes bigint
);
INSERT INTO audit_watch (claimed_until, rested_at, recent_at, round_at)
VALUES ('2000-01-01Z', '2000-01-01Z', '2000-01-01Z', '2000-01-01Z');
GRANT SELECT ON audit_watch TO dispatch_app;
GRANT UPDATE (
  claimed_until, rested_at, recent_at, round_at, began_at, aggregate, after, chains, hurried, last_began_at, last_ended_at, last_chains,
  changes
) ON audit_watch TO dispatch_app;

ALTER TABLE audit_faults
  -- What speaks against what is there: its own history, or a checkpoint of it.
  ADD COLUMN source text NOT NULL DEFAULT 'history',
  -- Found whole again, by whoever looked last.
  ADD COLUMN mended_at timestamptz;
UPDATE audit_faults SET source = 'checkpoint' WHERE kind = 'CHECKPOINT_CHANGED' OR detail LIKE '%the checkpoint of %';
-- A checkpoint's word does not stand behind what a look may end. A worker of the release before that finds a fault meanwhile fails to
-- record it, and tries again.
DROP INDEX audit_faults_open;
CREATE UNIQUE INDEX audit_faults_open ON audit_faults (aggregate, chain, seq, kind, source) WHERE resolved_at IS NULL;

-- Whoever has the API's login may say that a fault is mended, and it is open again at the next look unless it is.
DROP TRIGGER insert_only ON audit_faults;
CREATE TRIGGER insert_only
  BEFORE UPDATE OF id, aggregate, chain, seq, kind, detail, found_by, found_at, resolved_at, resolution, source OR DELETE OR TRUNCATE
  ON audit_faults FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT INSERT (source), UPDATE (mended_at) ON audit_faults TO dispatch_app;
