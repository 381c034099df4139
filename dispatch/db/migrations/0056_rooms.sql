-- Rooms where workers sit, what is told to them, and what they say. Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

CREATE TABLE rooms (
  id uuid PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  aliases text[] NOT NULL DEFAULT '{}',
  groups text[] NOT NULL DEFAULT '{}',
  kind text NOT NULL CHECK (kind IN ('control', 'desk', 'field')),
  transport text NOT NULL CHECK (transport IN ('inbox', 'openclaw', 'webhook', 'tmux')),
  address text NOT NULL,
  program text,
  idle_text text,
  -- What a webhook's calls are signed with.
  secret text,
  owner text,
  worker_slug text COLLATE "C" REFERENCES worker_slugs (slug) ON UPDATE CASCADE,
  workspace_path text NOT NULL,
  session_key text,
  -- By the last that was heard of whoever sits there, and since when.
  agent_status text NOT NULL CHECK (agent_status IN ('idle', 'working', 'waiting_input', 'error')),
  status_since timestamptz NOT NULL,
  status_reason text,
  -- The transaction of that word: of two words the later transaction's counts, whatever the clocks of those who wrote them say.
  status_xact xid8 NOT NULL,
  -- The question that waits for an answer.
  question_id uuid,
  last_activity_at timestamptz NOT NULL,
  version integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  audit_seq integer NOT NULL,
  audit_hash text NOT NULL,
  audit_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX rooms_address ON rooms (transport, address);
CREATE UNIQUE INDEX rooms_worker ON rooms (worker_slug) WHERE worker_slug IS NOT NULL;
CREATE UNIQUE INDEX rooms_owner ON rooms (owner) WHERE kind = 'control';

-- Every word by which rooms are called: a name or an alias is one room's, and never a group's.
CREATE TABLE room_words (
  word text COLLATE "C" NOT NULL,
  room_id uuid NOT NULL REFERENCES rooms,
  is_group smallint NOT NULL,
  PRIMARY KEY (word, room_id),
  -- By a condition that no query implies: nobody reads through this index (docs/decisions/0003-no-gist-reads.md).
  CONSTRAINT room_words_apart EXCLUDE USING gist (word WITH =, is_group WITH <>) WHERE (CASE WHEN is_group >= 0 THEN true ELSE false END)
);
CREATE UNIQUE INDEX room_words_one ON room_words (word) WHERE is_group = 0;
CREATE INDEX room_words_room ON room_words (room_id);

CREATE TABLE pushes (
  id uuid PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms,
  status text NOT NULL CHECK (status IN ('queued', 'sent', 'acked', 'skipped', 'dead')),
  command text NOT NULL,
  prompt text,
  automatic boolean NOT NULL,
  -- What it is about, and which time that was given: the same is told once. Null of what a person said in words of their own.
  subject text,
  assignment integer,
  task_id uuid REFERENCES tasks,
  ticket_id uuid REFERENCES tickets,
  reply_to uuid,
  capture boolean NOT NULL,
  requested_by text NOT NULL,
  -- The very text that goes out, from the first try on: one id never carries two.
  message text,
  -- The push it went out with, where several left as one.
  lead_id uuid REFERENCES pushes,
  attempts smallint NOT NULL,
  -- Not sent again before.
  next_at timestamptz,
  -- Behind it a push that was sent counts as unheard; null where no clock runs.
  due_at timestamptz,
  reason text,
  captured text,
  deliverable_at timestamptz,
  sent_at timestamptz,
  accepted_at timestamptz,
  acked_at timestamptz,
  wait_ms integer,
  latency_ms integer,
  version integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  audit_seq integer NOT NULL,
  audit_hash text NOT NULL,
  audit_at timestamptz NOT NULL
);
-- To one room one push at a time: those that go out with it name it.
CREATE UNIQUE INDEX pushes_one_sent ON pushes (room_id) WHERE status = 'sent' AND lead_id IS NULL;
CREATE UNIQUE INDEX pushes_once ON pushes (room_id, subject, assignment) WHERE subject IS NOT NULL;
CREATE INDEX pushes_waiting ON pushes (room_id, created_at, id) WHERE status = 'queued';
CREATE INDEX pushes_sent ON pushes (due_at) WHERE status = 'sent';
CREATE INDEX pushes_lead ON pushes (lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX pushes_room ON pushes (room_id, created_at DESC, id);
CREATE INDEX pushes_task ON pushes (task_id) WHERE task_id IS NOT NULL;

INSERT INTO machine_edges (aggregate, from_state, to_state) VALUES
  ('push', '@new', 'queued'), ('push', 'queued', 'sent'), ('push', 'queued', 'skipped'), ('push', 'queued', 'dead'),
  ('push', 'sent', 'acked'), ('push', 'sent', 'queued'), ('push', 'sent', 'dead');

CREATE TABLE room_events (
  id uuid PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms,
  type text NOT NULL CHECK (type IN ('task_completed', 'progress_update', 'task_failed', 'waiting_for_input')),
  task_id uuid REFERENCES tasks,
  text text NOT NULL,
  percent smallint,
  fatal boolean NOT NULL,
  reported_by text NOT NULL,
  created_at timestamptz NOT NULL,
  -- When the control rooms were told, at once or by a digest.
  told_at timestamptz,
  acked_at timestamptz,
  acked_by text
);
CREATE INDEX room_events_untold ON room_events (created_at, id) WHERE told_at IS NULL;
CREATE INDEX room_events_unread ON room_events (created_at, id) WHERE acked_at IS NULL;
CREATE INDEX room_events_pressing ON room_events (created_at, id)
  WHERE acked_at IS NULL AND type IN ('task_failed', 'waiting_for_input');
CREATE INDEX room_events_room ON room_events (room_id, created_at DESC, id);

-- How far the outbox was followed for the rooms, by all workers together.
CREATE TABLE room_follow (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  xact xid8 NOT NULL,
  id bigint NOT NULL,
  -- Which process follows, and until when it counts as there.
  holder uuid,
  held_until timestamptz
);
-- What happened before there were rooms is no news.
INSERT INTO room_follow (xact, id)
SELECT coalesce(newest.xact, '0'), coalesce(newest.id, 0)
FROM (VALUES (1)) AS one
LEFT JOIN LATERAL (SELECT xact, id FROM outbox ORDER BY xact DESC, id DESC LIMIT 1) AS newest ON true;

-- How soon pushes were taken, as how long tasks waited.
ALTER TABLE task_tally ADD COLUMN push_seconds double precision NOT NULL DEFAULT 0;
ALTER TABLE task_tally ADD COLUMN pushes integer[] NOT NULL DEFAULT '{}';
GRANT UPDATE (push_seconds, pushes) ON task_tally TO dispatch_app;

GRANT SELECT, INSERT ON rooms, room_words, pushes, room_events TO dispatch_app;
GRANT DELETE ON room_words TO dispatch_app;
GRANT UPDATE (
  name, aliases, groups, kind, transport, address, program, idle_text, secret, owner, worker_slug, workspace_path, session_key,
  agent_status, status_since, status_reason, status_xact, question_id, last_activity_at, version, updated_at, audit_seq, audit_hash, audit_at
) ON rooms TO dispatch_app;
GRANT UPDATE (
  status, message, lead_id, attempts, next_at, due_at, reason, captured, deliverable_at, sent_at, accepted_at, acked_at, wait_ms,
  latency_ms, version, updated_at, audit_seq, audit_hash, audit_at
) ON pushes TO dispatch_app;
GRANT UPDATE (told_at, acked_at, acked_by) ON room_events TO dispatch_app;
GRANT SELECT ON room_follow TO dispatch_app;
GRANT UPDATE (xact, id, holder, held_until) ON room_follow TO dispatch_app;
