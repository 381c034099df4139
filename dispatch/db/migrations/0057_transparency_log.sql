-- One append-only Merkle log (RFC 6962) of the heads of all audit chains, and its checkpoints, which witnesses outside the database get.
-- Nothing of ours changes or deletes a row of it. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

-- Which log: a further one begins where the owner of the database says that the one before cannot be continued, as after a restore.
CREATE TABLE log_origins (
  log integer PRIMARY KEY,
  origin text COLLATE "C" NOT NULL UNIQUE,
  reason text NOT NULL,
  begun_at timestamptz NOT NULL
);
INSERT INTO log_origins (log, origin, reason, begun_at)
  VALUES (1, 'dispatch-log-' || replace(gen_random_uuid()::text, '-', ''), 'the first', now());

-- The head of one chain when a checkpoint was made.
CREATE TABLE log_leaves (
  log integer NOT NULL REFERENCES log_origins,
  index bigint NOT NULL,
  aggregate text COLLATE "C" NOT NULL,
  aggregate_id text COLLATE "C" NOT NULL,
  seq integer NOT NULL,
  hash text NOT NULL,
  at timestamptz NOT NULL,
  leaf_hash bytea NOT NULL,
  PRIMARY KEY (log, index)
);
CREATE INDEX log_leaves_chain ON log_leaves (aggregate, aggregate_id, seq);

-- Full subtrees of two leaves and more.
CREATE TABLE log_nodes (
  log integer NOT NULL REFERENCES log_origins,
  level smallint NOT NULL,
  index bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (log, level, index)
);

CREATE TABLE log_checkpoints (
  log integer NOT NULL REFERENCES log_origins,
  number integer NOT NULL,
  size bigint NOT NULL,
  root bytea NOT NULL,
  at timestamptz NOT NULL,
  -- The checkpoint as witnesses get it.
  note text NOT NULL,
  -- Everything in the outbox up to here has its leaf.
  xact xid8 NOT NULL,
  outbox_id bigint NOT NULL,
  -- While all chains are gone through, as at a log's beginning: behind which; null when that is done.
  scan_aggregate text,
  scan_after text,
  PRIMARY KEY (log, number)
);
CREATE INDEX log_checkpoints_size ON log_checkpoints (log, size);

-- Which witness has which checkpoint, with what it answered.
CREATE TABLE log_witnessed (
  log integer NOT NULL,
  number integer NOT NULL,
  witness text NOT NULL,
  answer text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (witness, log, number),
  FOREIGN KEY (log, number) REFERENCES log_checkpoints
);

CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_origins
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_leaves
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_nodes
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoints
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_witnessed
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT ON log_origins TO dispatch_app;
GRANT SELECT, INSERT ON log_leaves, log_nodes, log_checkpoints, log_witnessed TO dispatch_app;
