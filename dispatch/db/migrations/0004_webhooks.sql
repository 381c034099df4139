-- Events told to other systems: where to, how far each has been read, and what is still to be delivered or never was.
-- Legal on PostgreSQL 15 and newer.

CREATE TABLE webhook_endpoints (
  id uuid PRIMARY KEY,
  url text NOT NULL,
  -- Patterns of subjects, as the operator gave them; null: every subject.
  subjects text[],
  -- Both secrets sign until old_secret_until, so that a receiver may change over in its own time.
  secret text NOT NULL,
  old_secret text,
  old_secret_until timestamptz,
  created_at timestamptz NOT NULL,
  paused_at timestamptz,
  pause_reason text,
  -- The time before which no worker looks: the end of a claim, or of a pause for breath after failures.
  free_at timestamptz NOT NULL DEFAULT '-infinity',
  -- Batches in a row of which nothing was delivered, and since when.
  failures integer NOT NULL DEFAULT 0,
  failing_since timestamptz,
  last_error text,
  delivered bigint NOT NULL DEFAULT 0,
  last_delivered_at timestamptz,
  CHECK ((old_secret IS NULL) = (old_secret_until IS NULL)),
  CHECK ((failures = 0) = (failing_since IS NULL))
);

-- How far the outbox has been read for each endpoint. A table of its own, so that moving on never hides an endpoint from
-- a worker that looks for one to claim and skips rows that are locked.
CREATE TABLE webhook_cursors (
  endpoint_id uuid PRIMARY KEY REFERENCES webhook_endpoints ON DELETE CASCADE,
  xact xid8 NOT NULL,
  id bigint NOT NULL,
  -- What was there when the endpoint was added is not for it. Null after a restore, when the cursor alone says so.
  since pg_snapshot
);

-- What is to be delivered, with a copy of the event: the outbox may be pruned meanwhile. A delivered row is gone.
CREATE TABLE webhook_deliveries (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  endpoint_id uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
  xact xid8 NOT NULL,
  outbox_id bigint NOT NULL,
  subject text NOT NULL,
  event text NOT NULL,
  payload jsonb NOT NULL,
  event_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- When it may be tried; null once it is a dead letter.
  due_at timestamptz,
  dead_at timestamptz,
  last_attempt_at timestamptz,
  last_status integer,
  last_error text,
  UNIQUE (endpoint_id, xact, outbox_id),
  CHECK ((due_at IS NULL) = (dead_at IS NOT NULL))
);
-- In the order of sending. None by due_at: few rows of a queue wait for a further try, and with an index that promises
-- those that are due Postgres read and sorted a backlog of 100,000 for each batch.
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (endpoint_id, xact, outbox_id) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (dead_at) WHERE dead_at IS NOT NULL;

-- Where events go and what signs them is the operator's alone: neither the API nor a worker can add an endpoint or
-- change its address.
GRANT SELECT ON webhook_endpoints, webhook_cursors, webhook_deliveries TO dispatch_app;
GRANT UPDATE (paused_at, pause_reason, free_at, failures, failing_since, last_error, delivered, last_delivered_at)
  ON webhook_endpoints TO dispatch_app;
GRANT UPDATE (xact, id) ON webhook_cursors TO dispatch_app;
GRANT INSERT, DELETE ON webhook_deliveries TO dispatch_app;
GRANT UPDATE (attempts, due_at, dead_at, last_attempt_at, last_status, last_error) ON webhook_deliveries TO dispatch_app;
