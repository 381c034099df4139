-- The truth of the field desk: directory, tickets, audit, evidence, approvals, bookings, outbox.
-- Legal on PostgreSQL 15 and newer. Runs as the owner; the API and the worker act as dispatch_app (last section).

CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Directory ---------------------------------------------------------------------------------------------------

CREATE TABLE accounts (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- A stable spread of regions for the cockpit's order: 500 for none, else 10 to 990 by a hash of the upper-cased name.
CREATE FUNCTION region_weight(region text) RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  name text := upper(trim(coalesce(region, '')));
  seed integer := 0;
BEGIN
  IF name = '' THEN
    RETURN 500;
  END IF;
  FOR i IN 1 .. length(name) LOOP
    seed := (seed * 31 + ascii(substr(name, i, 1))) % 100000;
  END LOOP;
  RETURN 10 + seed % 981;
END $$;

CREATE TABLE sites (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts,
  name text NOT NULL,
  address1 text,
  address2 text,
  city text,
  region text,
  region_weight integer NOT NULL GENERATED ALWAYS AS (region_weight(region)) STORED,
  postal_code text,
  country text,
  timezone text NOT NULL DEFAULT 'UTC',
  access_instructions text,
  lat double precision,
  lon double precision,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (id, account_id)
);
CREATE INDEX sites_account ON sites (account_id);

CREATE TABLE contacts (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts,
  site_id uuid REFERENCES sites,
  name text NOT NULL,
  phone text,
  email text,
  role text,
  is_authorized_requester boolean NOT NULL DEFAULT false,
  escalation_level integer,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX contacts_site ON contacts (site_id);

CREATE TABLE assets (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts,
  site_id uuid NOT NULL REFERENCES sites,
  name text NOT NULL,
  kind text,
  serial_number text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX assets_site ON assets (site_id);

CREATE INDEX accounts_name_trgm ON accounts USING gin (name gin_trgm_ops);
CREATE INDEX sites_name_trgm ON sites USING gin (name gin_trgm_ops);
CREATE INDEX contacts_name_trgm ON contacts USING gin (name gin_trgm_ops);
CREATE INDEX assets_name_trgm ON assets USING gin (name gin_trgm_ops);

-- Roster ------------------------------------------------------------------------------------------------------

CREATE TABLE technicians (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  active boolean NOT NULL DEFAULT true,
  provider_id uuid,
  home_lat double precision,
  home_lon double precision,
  zone text,
  service_types text[] NOT NULL DEFAULT '{DEFAULT}',
  skills text[] NOT NULL DEFAULT '{}',
  tools text[] NOT NULL DEFAULT '{}',
  quality integer NOT NULL DEFAULT 50 CHECK (quality BETWEEN 0 AND 100),
  base_load integer NOT NULL DEFAULT 0 CHECK (base_load >= 0),
  max_concurrent integer NOT NULL DEFAULT 3 CHECK (max_concurrent BETWEEN 1 AND 50),
  drained_at timestamptz,
  drain_reason text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX technicians_name_trgm ON technicians USING gin (name gin_trgm_ops);

-- One row per weekday pattern; `ends` at or before `starts` means the shift runs past midnight.
CREATE TABLE technician_shifts (
  id uuid PRIMARY KEY,
  technician_id uuid NOT NULL REFERENCES technicians ON DELETE CASCADE,
  weekday smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
  starts time NOT NULL,
  ends time NOT NULL,
  timezone text NOT NULL,
  breaks jsonb NOT NULL DEFAULT '[]',
  valid_from date,
  valid_to date,
  on_call boolean NOT NULL DEFAULT false
);
CREATE INDEX technician_shifts_technician ON technician_shifts (technician_id);

CREATE TABLE technician_time_off (
  id uuid PRIMARY KEY,
  technician_id uuid NOT NULL REFERENCES technicians ON DELETE CASCADE,
  span tstzrange NOT NULL CHECK (NOT isempty(span)),
  reason text
);
CREATE INDEX technician_time_off_span ON technician_time_off USING gist (technician_id, span);

-- States ------------------------------------------------------------------------------------------------------

-- Every move any aggregate may make; a transition that is not a row here cannot be stored.
CREATE TABLE machine_edges (
  aggregate text NOT NULL,
  from_state text NOT NULL,
  to_state text NOT NULL,
  PRIMARY KEY (aggregate, from_state, to_state)
);

INSERT INTO machine_edges (aggregate, from_state, to_state)
SELECT 'ticket', edge.from_state, target.to_state
FROM (VALUES
  ('@new', '{NEW,TRIAGED,READY_TO_SCHEDULE}'::text[]),
  ('NEW', '{NEEDS_INFO,TRIAGED,CANCELLED}'),
  ('NEEDS_INFO', '{TRIAGED,CANCELLED}'),
  ('TRIAGED', '{NEEDS_INFO,APPROVAL_REQUIRED,READY_TO_SCHEDULE,DISPATCHED,CANCELLED}'),
  ('APPROVAL_REQUIRED', '{READY_TO_SCHEDULE,TRIAGED,IN_PROGRESS,CANCELLED}'),
  ('READY_TO_SCHEDULE', '{SCHEDULE_PROPOSED,PENDING_CUSTOMER_CONFIRMATION,CANCELLED}'),
  ('SCHEDULE_PROPOSED', '{SCHEDULED,READY_TO_SCHEDULE,PENDING_CUSTOMER_CONFIRMATION,CANCELLED}'),
  ('SCHEDULED', '{DISPATCHED,READY_TO_SCHEDULE,PENDING_CUSTOMER_CONFIRMATION,CANCELLED}'),
  ('PENDING_CUSTOMER_CONFIRMATION', '{READY_TO_SCHEDULE,SCHEDULE_PROPOSED,SCHEDULED,CANCELLED}'),
  ('DISPATCHED', '{ON_SITE,SCHEDULED,CANCELLED}'),
  ('ON_SITE', '{IN_PROGRESS,CANCELLED}'),
  ('IN_PROGRESS', '{ON_HOLD,COMPLETED_PENDING_VERIFICATION,APPROVAL_REQUIRED,CANCELLED}'),
  ('ON_HOLD', '{READY_TO_SCHEDULE,IN_PROGRESS,CANCELLED}'),
  ('COMPLETED_PENDING_VERIFICATION', '{VERIFIED,IN_PROGRESS}'),
  ('VERIFIED', '{INVOICED}'),
  ('INVOICED', '{CLOSED}')
) AS edge (from_state, to_states)
CROSS JOIN LATERAL unnest(edge.to_states) AS target (to_state);

-- Tickets -----------------------------------------------------------------------------------------------------

CREATE TABLE tickets (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts,
  site_id uuid NOT NULL,
  asset_id uuid REFERENCES assets,
  state text NOT NULL,
  priority text NOT NULL DEFAULT 'ROUTINE' CHECK (priority IN ('EMERGENCY', 'URGENT', 'ROUTINE')),
  incident_type text,
  summary text NOT NULL,
  description text,
  customer_name text,
  customer_phone text,
  customer_email text,
  nte_cents bigint NOT NULL DEFAULT 0 CHECK (nte_cents >= 0),
  scheduled_start timestamptz,
  scheduled_end timestamptz,
  proposed_windows jsonb NOT NULL DEFAULT '[]',
  identity_signature text,
  identity_confidence integer NOT NULL DEFAULT 0,
  classification_confidence integer NOT NULL DEFAULT 0,
  sop_handoff_required boolean NOT NULL DEFAULT false,
  sop_handoff_acknowledged boolean NOT NULL DEFAULT false,
  sop_handoff_prompt text,
  assigned_provider_id uuid,
  assigned_tech_id uuid REFERENCES technicians,
  pending_approval_id uuid,
  version integer NOT NULL DEFAULT 0,
  sla_target_minutes integer NOT NULL,
  sla_deadline_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  last_transition_at timestamptz NOT NULL,
  -- Head of the ticket's audit chain; it lies on the row every command locks anyway.
  audit_seq integer NOT NULL,
  audit_hash text NOT NULL,
  audit_at timestamptz NOT NULL DEFAULT 'epoch',
  is_open boolean NOT NULL GENERATED ALWAYS AS (state NOT IN ('CLOSED', 'CANCELLED')) STORED,
  in_scheduling boolean NOT NULL GENERATED ALWAYS AS
    (state IN ('READY_TO_SCHEDULE', 'SCHEDULE_PROPOSED', 'SCHEDULED', 'PENDING_CUSTOMER_CONFIRMATION')) STORED,
  -- With a technician and not yet completed: what counts as the technician's load.
  in_work boolean NOT NULL GENERATED ALWAYS AS
    (state IN ('DISPATCHED', 'ON_SITE', 'IN_PROGRESS', 'ON_HOLD')) STORED,
  FOREIGN KEY (site_id, account_id) REFERENCES sites (id, account_id)
) WITH (fillfactor = 85);

-- No index names `state` itself: most moves change no indexed value, and so stay on their page (HOT updates).
-- The cockpit reads open tickets in the order of their deadlines, for everybody or for one account.
CREATE INDEX tickets_open_deadline ON tickets (sla_deadline_at) WHERE is_open;
CREATE INDEX tickets_open_account_deadline ON tickets (account_id, sla_deadline_at) WHERE is_open;
CREATE INDEX tickets_final_deadline ON tickets (sla_deadline_at) WHERE NOT is_open;
CREATE INDEX tickets_in_work ON tickets (assigned_tech_id) WHERE in_work;
CREATE INDEX tickets_in_scheduling ON tickets (id) WHERE in_scheduling;
-- Search lists an account's tickets newest first; ids rise with time.
CREATE INDEX tickets_account ON tickets (account_id, id);
CREATE INDEX tickets_intake_duplicates ON tickets (identity_signature) WHERE identity_signature IS NOT NULL;

-- Words of a ticket, apart from it: they never change, so no update of a ticket pays for this index.
CREATE TABLE ticket_words (
  ticket_id uuid PRIMARY KEY REFERENCES tickets,
  words tsvector NOT NULL
);
CREATE INDEX ticket_words_search ON ticket_words USING gin (words);

-- Audit -------------------------------------------------------------------------------------------------------

-- Heads of the chains that belong to no ticket.
CREATE TABLE audit_heads (
  chain text PRIMARY KEY,
  seq integer NOT NULL,
  hash text NOT NULL,
  at timestamptz NOT NULL DEFAULT 'epoch'
);
INSERT INTO audit_heads (chain, seq, hash) VALUES ('desk', 0, '');

CREATE TABLE audit_events (
  id uuid PRIMARY KEY,
  ticket_id uuid REFERENCES tickets,
  seq integer NOT NULL,
  actor_type text NOT NULL,
  actor_id text NOT NULL,
  actor_role text NOT NULL,
  tool_name text NOT NULL,
  request_id uuid,
  correlation_id text,
  trace_id text,
  before_state text,
  after_state text,
  payload jsonb NOT NULL,
  prev_hash text NOT NULL,
  hash text NOT NULL,
  -- To the millisecond, as it is hashed: a change too small for the hash cannot be stored.
  created_at timestamptz(3) NOT NULL
);
CREATE UNIQUE INDEX audit_events_chain ON audit_events (ticket_id, seq) NULLS NOT DISTINCT;

CREATE TABLE ticket_state_transitions (
  audit_event_id uuid NOT NULL REFERENCES audit_events,
  step smallint NOT NULL,
  ticket_id uuid NOT NULL REFERENCES tickets,
  aggregate text NOT NULL DEFAULT 'ticket' CHECK (aggregate = 'ticket'),
  from_state text NOT NULL,
  to_state text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (audit_event_id, step),
  FOREIGN KEY (aggregate, from_state, to_state) REFERENCES machine_edges
);
CREATE INDEX ticket_state_transitions_ticket ON ticket_state_transitions (ticket_id, created_at);

-- Idempotency -------------------------------------------------------------------------------------------------

-- response_body is json, not jsonb: a replay answers with the very same bytes.
CREATE TABLE idempotency_keys (
  actor_id text NOT NULL,
  endpoint text NOT NULL,
  request_id uuid NOT NULL,
  request_hash text NOT NULL,
  response_code smallint NOT NULL,
  response_body json NOT NULL,
  ticket_id uuid,
  account_id uuid,
  site_id uuid,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (actor_id, endpoint, request_id)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys USING brin (created_at);

-- Work around the ticket --------------------------------------------------------------------------------------

CREATE TABLE approvals (
  id uuid PRIMARY KEY,
  ticket_id uuid NOT NULL REFERENCES tickets,
  status text NOT NULL CHECK (status IN ('PENDING', 'APPROVED', 'DENIED', 'WITHDRAWN')),
  approval_type text NOT NULL CHECK (approval_type IN ('NTE_INCREASE', 'PROPOSAL')),
  amount_delta_cents bigint NOT NULL DEFAULT 0 CHECK (amount_delta_cents >= 0),
  reason text NOT NULL,
  evidence jsonb NOT NULL,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL,
  decided_by text,
  decided_at timestamptz,
  notes text
);
CREATE INDEX approvals_ticket ON approvals (ticket_id);
CREATE INDEX approvals_pending ON approvals (requested_at) WHERE status = 'PENDING';

CREATE TABLE schedule_holds (
  id uuid PRIMARY KEY,
  snapshot_id uuid NOT NULL UNIQUE,
  ticket_id uuid NOT NULL REFERENCES tickets,
  hold_state text NOT NULL CHECK (hold_state IN ('ACTIVE', 'RELEASED', 'ROLLED_BACK', 'EXPIRED', 'WITHDRAWN')),
  hold_reason text NOT NULL,
  prior_state text NOT NULL,
  prior_start timestamptz,
  prior_end timestamptz,
  confirm_from timestamptz NOT NULL,
  confirm_until timestamptz NOT NULL CHECK (confirm_until > confirm_from),
  created_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE UNIQUE INDEX schedule_holds_active ON schedule_holds (ticket_id) WHERE hold_state = 'ACTIVE';
CREATE INDEX schedule_holds_expiry ON schedule_holds (confirm_until) WHERE hold_state = 'ACTIVE';

-- A calendared technician's bookings never overlap, whatever the code above does.
CREATE TABLE bookings (
  id uuid PRIMARY KEY,
  technician_id uuid NOT NULL REFERENCES technicians,
  ticket_id uuid NOT NULL REFERENCES tickets,
  span tstzrange NOT NULL CHECK (NOT isempty(span)),
  state text NOT NULL CHECK (state IN ('tentative', 'firm', 'done', 'released')),
  exclusive boolean NOT NULL,
  travel_before_minutes integer NOT NULL DEFAULT 0 CHECK (travel_before_minutes >= 0),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT bookings_no_overlap EXCLUDE USING gist (technician_id WITH =, span WITH &&)
    WHERE (exclusive AND state IN ('tentative', 'firm'))
);
CREATE UNIQUE INDEX bookings_live_ticket ON bookings (ticket_id) WHERE state IN ('tentative', 'firm');
CREATE INDEX bookings_live_span ON bookings USING gist (technician_id, span) WHERE state IN ('tentative', 'firm');

CREATE TABLE recommendation_snapshots (
  id uuid PRIMARY KEY,
  ticket_id uuid NOT NULL REFERENCES tickets,
  service_type text NOT NULL,
  site_region text,
  recommended_tech_id uuid,
  body jsonb NOT NULL,
  evaluated_at timestamptz NOT NULL
);
CREATE INDEX recommendation_snapshots_ticket ON recommendation_snapshots (ticket_id);

CREATE TABLE uploads (
  id uuid PRIMARY KEY,
  ticket_id uuid NOT NULL REFERENCES tickets,
  object_key text NOT NULL UNIQUE,
  incoming_key text NOT NULL UNIQUE,
  kind text NOT NULL,
  evidence_key text,
  content_type text NOT NULL,
  size_bytes bigint NOT NULL,
  sha256 text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX uploads_unused ON uploads (expires_at) WHERE used_at IS NULL;

CREATE TABLE evidence_items (
  id uuid PRIMARY KEY,
  ticket_id uuid NOT NULL REFERENCES tickets,
  kind text NOT NULL,
  uri text NOT NULL,
  checksum text,
  metadata jsonb NOT NULL,
  verification text NOT NULL CHECK (verification IN ('verified', 'referenced')),
  size_bytes bigint,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX evidence_items_ticket ON evidence_items (ticket_id, created_at, id);

CREATE TABLE completions (
  audit_event_id uuid PRIMARY KEY REFERENCES audit_events,
  ticket_id uuid NOT NULL REFERENCES tickets,
  seq integer NOT NULL,
  checklist jsonb NOT NULL,
  no_signature_reason text,
  evidence_refs jsonb,
  work jsonb,
  created_at timestamptz NOT NULL,
  UNIQUE (ticket_id, seq)
);

CREATE SEQUENCE invoice_numbers;
CREATE TABLE invoices (
  id uuid PRIMARY KEY,
  number text NOT NULL UNIQUE,
  ticket_id uuid NOT NULL UNIQUE REFERENCES tickets,
  currency text NOT NULL,
  lines jsonb NOT NULL,
  subtotal_cents bigint NOT NULL,
  tax_cents bigint NOT NULL,
  total_cents bigint NOT NULL,
  issued_at timestamptz NOT NULL
);

-- Autonomy ----------------------------------------------------------------------------------------------------

CREATE TABLE autonomy_control_state (
  id uuid PRIMARY KEY,
  scope_type text NOT NULL CHECK (scope_type IN ('GLOBAL', 'INCIDENT', 'TICKET')),
  incident_type text,
  ticket_id uuid REFERENCES tickets,
  is_paused boolean NOT NULL,
  reason text,
  actor_type text NOT NULL,
  actor_id text NOT NULL,
  actor_role text NOT NULL,
  request_id uuid,
  correlation_id text,
  trace_id text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CHECK ((scope_type = 'INCIDENT') = (incident_type IS NOT NULL)),
  CHECK ((scope_type = 'TICKET') = (ticket_id IS NOT NULL))
);
CREATE UNIQUE INDEX autonomy_control_state_scope
  ON autonomy_control_state (scope_type, incident_type, ticket_id) NULLS NOT DISTINCT;

CREATE TABLE autonomy_control_history (
  id uuid PRIMARY KEY,
  scope_type text NOT NULL,
  incident_type text,
  ticket_id uuid,
  action text NOT NULL,
  previous_is_paused boolean NOT NULL,
  next_is_paused boolean NOT NULL,
  actor_type text NOT NULL,
  actor_id text NOT NULL,
  actor_role text NOT NULL,
  reason text,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX autonomy_control_history_age ON autonomy_control_history (created_at, id);

-- Outbox and rejections ---------------------------------------------------------------------------------------

-- Readers take rows in the order (xact, id) and only below the oldest transaction still running, so that a row
-- which commits late is never passed over.
CREATE TABLE outbox (
  xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id bigint GENERATED ALWAYS AS IDENTITY,
  subject text NOT NULL,
  event text NOT NULL,
  ticket_id uuid,
  account_id uuid,
  site_id uuid,
  audit_event_id uuid,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (xact, id)
);

-- What was refused, for alerts and for operators. Equal refusals of one moment share a row.
CREATE TABLE rejections (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL,
  tool_name text,
  actor_id text,
  actor_role text,
  ticket_id uuid,
  detail jsonb NOT NULL DEFAULT '{}',
  count integer NOT NULL DEFAULT 1,
  occurred_at timestamptz NOT NULL
);
CREATE INDEX rejections_recent ON rejections (occurred_at, code);

-- Least privilege ---------------------------------------------------------------------------------------------

-- Other databases of the same server may create the role at the same moment.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dispatch_app') THEN
    CREATE ROLE dispatch_app NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END $$;
DO $$
BEGIN
  -- Since PostgreSQL 16 a membership may come without the right to SET ROLE, which is what is needed here.
  IF NOT pg_has_role('dispatch_app', CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END) THEN
    EXECUTE format('GRANT dispatch_app TO %I', current_user);
  END IF;
EXCEPTION WHEN unique_violation THEN
  NULL;
END $$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ticket_state_transitions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_items
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO dispatch_app', current_schema());
END $$;
GRANT SELECT, INSERT ON
  accounts, sites, contacts, assets, tickets, ticket_words, audit_events, ticket_state_transitions,
  idempotency_keys, approvals, schedule_holds, bookings, recommendation_snapshots, uploads, evidence_items,
  completions, invoices, autonomy_control_state, autonomy_control_history, outbox, rejections,
  technicians, technician_shifts, technician_time_off
  TO dispatch_app;
GRANT SELECT ON machine_edges, schema_migrations TO dispatch_app;
GRANT SELECT, UPDATE ON audit_heads TO dispatch_app;
GRANT UPDATE ON
  accounts, sites, contacts, assets, tickets, approvals, schedule_holds, bookings, uploads,
  autonomy_control_state, technicians, technician_shifts, technician_time_off
  TO dispatch_app;
GRANT DELETE ON idempotency_keys, uploads, outbox, rejections, technician_shifts, technician_time_off TO dispatch_app;
GRANT USAGE ON SEQUENCE invoice_numbers TO dispatch_app;
