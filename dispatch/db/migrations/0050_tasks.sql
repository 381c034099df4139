-- Desk tasks and the AI agents who do them, each with an audit chain of its own. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

-- Agents ------------------------------------------------------------------------------------------------------

CREATE TABLE agents (
  slug text COLLATE "C" PRIMARY KEY CHECK (slug ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  agent_type text,
  display_name text,
  capabilities text[] NOT NULL DEFAULT '{}',
  policy text NOT NULL CHECK (policy IN ('always_on', 'on_demand')),
  max_concurrent integer NOT NULL CHECK (max_concurrent BETWEEN 1 AND 50),
  -- Whether a process of it is there; what it does then is its activity.
  running boolean NOT NULL DEFAULT false,
  -- Which process that is, where it says so.
  run_id uuid,
  activity text NOT NULL,
  drained_at timestamptz,
  drain_reason text,
  -- Since when it is being woken, and when it last did not come.
  waking_since timestamptz,
  wake_failed_at timestamptz,
  -- SHA-256 of its token, hex; null: it has none.
  token_hash text UNIQUE,
  token_made_at timestamptz,
  version integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  audit_seq integer NOT NULL,
  audit_hash text NOT NULL,
  audit_at timestamptz NOT NULL,
  -- Not part of its history: when it was last heard of, and whether the wake that is asked for went out.
  heartbeat_at timestamptz,
  tokens_used bigint NOT NULL DEFAULT 0,
  wake_sent_at timestamptz
);
CREATE INDEX agents_running ON agents (heartbeat_at) WHERE running;
CREATE INDEX agents_waking ON agents (waking_since) WHERE waking_since IS NOT NULL;

-- Tasks -------------------------------------------------------------------------------------------------------

CREATE TABLE tasks (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('desk', 'prompt', 'change')),
  title text NOT NULL,
  scope text NOT NULL,
  description text,
  context jsonb,
  priority smallint NOT NULL CHECK (priority BETWEEN 1 AND 5),
  status text NOT NULL CHECK (status IN (
    'unassigned', 'pending', 'assigned', 'in_progress', 'awaiting_review', 'in_review', 'blocked', 'completed', 'failed',
    'timed_out', 'cancelled'
  )),
  requester text NOT NULL,
  assignee text COLLATE "C",
  -- Which of the assignee's places it takes while it is assigned or in progress: two tasks never share one.
  slot smallint,
  required_capabilities text[] NOT NULL,
  -- The same as one text: tasks that the same workers can do wait in one queue.
  requirement text COLLATE "C" NOT NULL,
  timeout_ms integer NOT NULL,
  max_retries smallint NOT NULL,
  retry_count smallint NOT NULL,
  parent_id uuid REFERENCES tasks,
  ticket_id uuid REFERENCES tickets,
  account_id uuid,
  site_id uuid,
  review_required boolean NOT NULL,
  paused boolean NOT NULL,
  result jsonb,
  result_summary text,
  error text,
  tokens_used bigint,
  unmatched_reason text,
  version integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  assigned_at timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  -- Behind it the task is late; null where no clock runs.
  due_at timestamptz,
  audit_seq integer NOT NULL,
  audit_hash text NOT NULL,
  audit_at timestamptz NOT NULL,
  CHECK (status NOT IN ('assigned', 'in_progress') OR (assignee IS NOT NULL AND slot IS NOT NULL)),
  CHECK (status NOT IN ('unassigned', 'pending') OR (assignee IS NULL AND slot IS NULL))
);
CREATE UNIQUE INDEX tasks_slot ON tasks (assignee, slot) WHERE status IN ('assigned', 'in_progress');
CREATE INDEX tasks_queue ON tasks (requirement, priority, created_at, id) WHERE status = 'pending';
CREATE INDEX tasks_due ON tasks (due_at) WHERE status IN ('assigned', 'in_progress') AND due_at IS NOT NULL;
CREATE INDEX tasks_order ON tasks (priority, created_at, id);
CREATE INDEX tasks_assignee ON tasks (assignee, assigned_at DESC) WHERE assignee IS NOT NULL;
CREATE INDEX tasks_parent ON tasks (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tasks_ticket ON tasks (ticket_id) WHERE ticket_id IS NOT NULL;

-- Why a task went to whom it did, or to nobody: the broker's last answer, losers included.
CREATE TABLE task_rankings (
  task_id uuid PRIMARY KEY REFERENCES tasks,
  ranked_at timestamptz NOT NULL,
  ranking jsonb NOT NULL
);

INSERT INTO machine_edges (aggregate, from_state, to_state) VALUES
  ('task', '@new', 'unassigned'), ('task', '@new', 'pending'), ('task', '@new', 'assigned'),
  ('task', 'unassigned', 'pending'), ('task', 'unassigned', 'assigned'), ('task', 'unassigned', 'cancelled'),
  ('task', 'pending', 'assigned'), ('task', 'pending', 'unassigned'), ('task', 'pending', 'cancelled'),
  ('task', 'assigned', 'in_progress'), ('task', 'assigned', 'unassigned'), ('task', 'assigned', 'pending'),
  ('task', 'assigned', 'timed_out'), ('task', 'assigned', 'cancelled'),
  ('task', 'in_progress', 'awaiting_review'), ('task', 'in_progress', 'blocked'), ('task', 'in_progress', 'completed'),
  ('task', 'in_progress', 'failed'), ('task', 'in_progress', 'timed_out'), ('task', 'in_progress', 'pending'),
  ('task', 'in_progress', 'cancelled'),
  ('task', 'awaiting_review', 'in_review'), ('task', 'awaiting_review', 'in_progress'), ('task', 'awaiting_review', 'cancelled'),
  ('task', 'in_review', 'completed'), ('task', 'in_review', 'in_progress'), ('task', 'in_review', 'cancelled'),
  ('task', 'blocked', 'in_progress'), ('task', 'blocked', 'pending'), ('task', 'blocked', 'cancelled'),
  ('task', 'failed', 'pending'), ('task', 'timed_out', 'pending');

-- Events ------------------------------------------------------------------------------------------------------

-- Who hears of an event although they may not hear of all: whose task it is, and who asked for it.
ALTER TABLE outbox ADD COLUMN parties text[];

GRANT SELECT, INSERT ON agents, tasks, task_rankings TO dispatch_app;
GRANT UPDATE (
  agent_type, display_name, capabilities, policy, max_concurrent, running, run_id, activity, drained_at, drain_reason, waking_since,
  wake_failed_at, token_hash, token_made_at, version, updated_at, audit_seq, audit_hash, audit_at, heartbeat_at, tokens_used,
  wake_sent_at
) ON agents TO dispatch_app;
GRANT UPDATE (
  context, priority, status, assignee, slot, retry_count, paused, result, result_summary, error, tokens_used, unmatched_reason,
  version, updated_at, assigned_at, started_at, completed_at, due_at, audit_seq, audit_hash, audit_at
) ON tasks TO dispatch_app;
GRANT UPDATE (ranked_at, ranking) ON task_rankings TO dispatch_app;
