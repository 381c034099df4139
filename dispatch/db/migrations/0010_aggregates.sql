-- Tickets are one kind of aggregate among several: audit events, moves, events of the outbox, stored answers and refusals name
-- (aggregate, aggregate_id). Legal on PostgreSQL 15 and newer.
-- dispatch: exempt table-rewrite: before the first release; no database of any size has history yet
-- dispatch: exempt checks-every-row: before the first release; no database of any size has history yet
-- dispatch: exempt index-blocks-writes: before the first release; no database of any size has history yet
-- dispatch: exempt long-change: before the first release; no database of any size has history yet
-- dispatch: exempt old-code-breaks: the code before this names columns that are gone; it is stopped first

-- Audit -------------------------------------------------------------------------------------------------------

DROP INDEX audit_events_chain;
ALTER TABLE audit_events DROP CONSTRAINT audit_events_ticket_id_fkey;
ALTER TABLE audit_events RENAME COLUMN ticket_id TO aggregate_id;
ALTER TABLE audit_events
  ALTER COLUMN aggregate_id TYPE text COLLATE "C" USING coalesce(aggregate_id::text, 'desk'),
  ADD COLUMN aggregate text COLLATE "C" NOT NULL DEFAULT 'ticket',
  -- What the hash of an event covers: 1 its ticket, 2 aggregate and aggregate_id.
  ADD COLUMN hash_version smallint NOT NULL DEFAULT 1;
UPDATE audit_events SET aggregate = 'desk' WHERE aggregate_id = 'desk';
ALTER TABLE audit_events
  ALTER COLUMN aggregate_id SET NOT NULL,
  ALTER COLUMN aggregate DROP DEFAULT,
  ALTER COLUMN hash_version DROP DEFAULT,
  -- For readers who know tickets alone.
  ADD COLUMN ticket_id uuid GENERATED ALWAYS AS (CASE WHEN aggregate = 'ticket' THEN aggregate_id::uuid END) STORED;
CREATE UNIQUE INDEX audit_events_chain ON audit_events (aggregate, aggregate_id, seq);

-- Moves -------------------------------------------------------------------------------------------------------

DROP INDEX ticket_state_transitions_ticket;
ALTER TABLE ticket_state_transitions
  DROP CONSTRAINT ticket_state_transitions_pkey,
  DROP CONSTRAINT ticket_state_transitions_audit_event_id_fkey,
  DROP CONSTRAINT ticket_state_transitions_ticket_id_fkey,
  DROP CONSTRAINT ticket_state_transitions_aggregate_check,
  DROP CONSTRAINT ticket_state_transitions_aggregate_from_state_to_state_fkey,
  ALTER COLUMN aggregate DROP DEFAULT,
  ALTER COLUMN aggregate TYPE text COLLATE "C";
ALTER TABLE ticket_state_transitions RENAME TO state_transitions;
ALTER TABLE state_transitions RENAME COLUMN ticket_id TO aggregate_id;
ALTER TABLE state_transitions ALTER COLUMN aggregate_id TYPE text COLLATE "C" USING aggregate_id::text;
-- Ids of events rise with time, so this is also the order of a row's moves.
ALTER TABLE state_transitions ADD PRIMARY KEY (aggregate, aggregate_id, audit_event_id, step);

-- A move is an edge of its machine and names an event of its own. Foreign keys said the same, row by row, and each of them
-- share-locked the same few rows of machine_edges for all writers: together a quarter of what a command cost Postgres. Here
-- it is asked once for all rows of a statement, without a lock: edges are added by migrations and never taken away.
CREATE FUNCTION require_known_moves() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  stray record;
BEGIN
  SELECT a.aggregate, a.aggregate_id, a.from_state, a.to_state, edge.aggregate IS NULL AS unknown INTO stray
  FROM added AS a
  LEFT JOIN machine_edges AS edge
    ON edge.aggregate = a.aggregate AND edge.from_state = a.from_state AND edge.to_state = a.to_state
  LEFT JOIN audit_events AS event
    ON event.id = a.audit_event_id AND event.aggregate = a.aggregate AND event.aggregate_id = a.aggregate_id
  WHERE edge.aggregate IS NULL OR event.id IS NULL
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the move of % % from % to % %', stray.aggregate, stray.aggregate_id, stray.from_state, stray.to_state,
      CASE WHEN stray.unknown THEN 'is no edge of its machine' ELSE 'names no audit event of its own' END
      USING ERRCODE = 'foreign_key_violation', TABLE = 'state_transitions', CONSTRAINT = 'known_moves';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER known_moves AFTER INSERT ON state_transitions REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION require_known_moves();

-- For readers who know tickets alone.
CREATE VIEW ticket_state_transitions AS
  SELECT audit_event_id, step, aggregate_id::uuid AS ticket_id, aggregate, from_state, to_state, created_at
  FROM state_transitions WHERE aggregate = 'ticket';
GRANT SELECT ON ticket_state_transitions TO dispatch_app;

-- Outbox and refusals -----------------------------------------------------------------------------------------

ALTER TABLE outbox ADD COLUMN aggregate text, ADD COLUMN aggregate_id text;
UPDATE outbox
SET aggregate = CASE WHEN ticket_id IS NULL THEN 'desk' ELSE 'ticket' END, aggregate_id = coalesce(ticket_id::text, 'desk')
WHERE audit_event_id IS NOT NULL;
ALTER TABLE outbox DROP COLUMN ticket_id;

ALTER TABLE rejections ADD COLUMN aggregate text, ADD COLUMN aggregate_id text;
UPDATE rejections SET aggregate = 'ticket', aggregate_id = ticket_id::text WHERE ticket_id IS NOT NULL;
ALTER TABLE rejections DROP COLUMN ticket_id;

-- Stored answers ----------------------------------------------------------------------------------------------

ALTER TABLE idempotency_keys
  -- The first 128 bits of SHA-256 over actor, endpoint and request id, each behind a line feed but the first.
  ADD COLUMN key uuid,
  ADD COLUMN aggregate text,
  ADD COLUMN aggregate_id text,
  -- Whose things the answer names: who asks for it again must still reach them all.
  ADD COLUMN account_ids uuid[] NOT NULL DEFAULT '{}',
  ADD COLUMN site_ids uuid[] NOT NULL DEFAULT '{}';
UPDATE idempotency_keys
SET key = left(encode(sha256(convert_to(actor_id || E'\n' || endpoint || E'\n' || request_id::text, 'UTF8')), 'hex'), 32)::uuid,
    aggregate = CASE WHEN ticket_id IS NULL THEN 'desk' ELSE 'ticket' END,
    aggregate_id = coalesce(ticket_id::text, 'desk');
-- Answers of before name tickets in their text alone; what is called ticket_id there and is none, is no ticket's.
WITH named AS (
  SELECT k.key, said.id #>> '{}' AS ticket_id
  FROM idempotency_keys AS k
  CROSS JOIN LATERAL jsonb_path_query(
    k.response_body::jsonb, '$.keyvalue() ? (@.key != "metadata").value.**.ticket_id'
  ) AS said (id)
), places AS (
  SELECT n.key, t.account_id, t.site_id FROM named AS n JOIN tickets AS t ON t.id::text = lower(n.ticket_id)
  UNION
  SELECT k.key, k.account_id, k.site_id FROM idempotency_keys AS k WHERE k.account_id IS NOT NULL AND k.site_id IS NOT NULL
), concerns AS (
  SELECT key, array_agg(DISTINCT account_id) AS account_ids, array_agg(DISTINCT site_id) AS site_ids FROM places GROUP BY key
)
UPDATE idempotency_keys AS k
SET account_ids = c.account_ids, site_ids = c.site_ids FROM concerns AS c WHERE c.key = k.key;
ALTER TABLE idempotency_keys
  DROP CONSTRAINT idempotency_keys_pkey,
  DROP COLUMN ticket_id,
  DROP COLUMN account_id,
  DROP COLUMN site_id,
  ALTER COLUMN aggregate SET NOT NULL,
  ALTER COLUMN aggregate_id SET NOT NULL,
  ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key);
