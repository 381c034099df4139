-- Calls that a model chose and a person must allow, kept until one answers: what exactly is to be done, for whom, and what it would change.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: old code works

CREATE TABLE approval_requests (
  -- As its number is written in small letters: a-000123.
  id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^a-[0-9]{6,15}$'),
  status text NOT NULL CHECK (status IN ('pending', 'approved', 'executed', 'failed', 'denied', 'withdrawn', 'expired')),
  -- The call, as the pipeline runs it.
  tool text NOT NULL,
  path text NOT NULL,
  ids jsonb NOT NULL,
  arguments jsonb NOT NULL,
  request_id uuid NOT NULL,
  -- What its stored answer is found by: one call is asked for once, and has one effect.
  answer_key uuid NOT NULL UNIQUE,
  asked_by text NOT NULL,
  asker jsonb NOT NULL,
  target_aggregate text NOT NULL,
  target_id text,
  -- Whose it is about; null where that is nobody's in particular.
  account_id uuid,
  site_id uuid,
  -- What it would have changed when it was asked for, and which version of its target.
  foreseen jsonb NOT NULL,
  target_version integer,
  rule text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('warning', 'critical')),
  reason text NOT NULL,
  four_eyes boolean NOT NULL,
  -- The request that it asks anew for, and what is different since.
  asks_again_for text COLLATE "C" REFERENCES approval_requests,
  differs text[] NOT NULL,
  expires_at timestamptz NOT NULL,
  -- Null once it was.
  remind_at timestamptz,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  receipt_id uuid,
  error_code text,
  error_message text,
  asked_again text COLLATE "C" REFERENCES approval_requests,
  finished_at timestamptz,
  version integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  audit_seq integer NOT NULL,
  audit_hash text NOT NULL,
  audit_at timestamptz NOT NULL
);
CREATE INDEX approval_requests_status ON approval_requests (status, created_at, id);
CREATE INDEX approval_requests_expiry ON approval_requests (expires_at) WHERE status = 'pending';
CREATE INDEX approval_requests_reminder ON approval_requests (remind_at) WHERE status = 'pending' AND remind_at IS NOT NULL;
CREATE INDEX approval_requests_unfinished ON approval_requests (decided_at) WHERE status = 'approved';

INSERT INTO machine_edges (aggregate, from_state, to_state) VALUES
  ('approval_request', '@new', 'pending'), ('approval_request', 'pending', 'approved'), ('approval_request', 'pending', 'denied'),
  ('approval_request', 'pending', 'withdrawn'), ('approval_request', 'pending', 'expired'),
  ('approval_request', 'approved', 'executed'), ('approval_request', 'approved', 'failed');
INSERT INTO number_series (series, last) VALUES ('approval_request', 0);

GRANT SELECT, INSERT ON approval_requests TO dispatch_app;
GRANT UPDATE (
  status, remind_at, decided_by, decided_at, decision_reason, receipt_id, error_code, error_message, asked_again, finished_at, version,
  updated_at, audit_seq, audit_hash, audit_at
) ON approval_requests TO dispatch_app;
