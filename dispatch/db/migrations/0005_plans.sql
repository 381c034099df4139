-- Plans: proposals for a day, as they are searched for, shown, and carried out. Legal on PostgreSQL 15 and newer.

CREATE TABLE plans (
  id uuid PRIMARY KEY,
  -- PROPOSED past expires_at reads as EXPIRED, RUNNING past running_until as FAILED: time alone changes no row.
  status text NOT NULL CHECK (status IN ('RUNNING', 'PROPOSED', 'APPLIED', 'WITHDRAWN', 'FAILED')),
  day date NOT NULL,
  time_zone text NOT NULL,
  zone text,
  tech_ids uuid[],
  move_within_minutes integer NOT NULL,
  nightly boolean NOT NULL,
  requested_by text NOT NULL,
  -- One search at a time for an intent: the caller's key while it runs, for good the day and zone of a nightly one.
  claim text UNIQUE,
  progress double precision NOT NULL DEFAULT 0,
  cancel_requested boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  -- Past this a search is dead, whatever became of its process.
  running_until timestamptz NOT NULL,
  expires_at timestamptz,
  -- What the search found: moves, figures, why the rest stays; and the planner's own plan, for whoever checks it again.
  found jsonb,
  plan jsonb,
  -- What the moves rest on, as it was; compared before they are carried out.
  facts jsonb,
  -- Whose tickets it names, so that nobody reads or applies it who may not see them all.
  ticket_ids uuid[] NOT NULL DEFAULT '{}',
  account_ids uuid[] NOT NULL DEFAULT '{}',
  site_ids uuid[] NOT NULL DEFAULT '{}'
);
CREATE INDEX plans_newest ON plans (created_at DESC, id);

GRANT SELECT, INSERT, UPDATE, DELETE ON plans TO dispatch_app;
