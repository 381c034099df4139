-- API and workers may do what their statements do, and nothing else: whoever has their login could change who asked for an
-- approval, where a site is or what belongs to an account, none of which they ever do. tests/db/grants.test.ts holds the rights to the
-- statements.
-- Legal on PostgreSQL 15 and newer.
-- dispatch: old code works
-- dispatch: exempt right-taken: no statement of the release before uses them; what it updates is granted by column here

REVOKE INSERT, UPDATE ON accounts, sites, contacts, assets FROM dispatch_app;
REVOKE UPDATE ON technician_shifts, technician_time_off FROM dispatch_app;
REVOKE SELECT ON ticket_state_transitions FROM dispatch_app;

REVOKE UPDATE ON
  approvals, audit_heads, autonomy_control_state, availability_changes, bookings, intake_calls, number_series, plans, schedule_holds,
  technicians, ticket_words, tickets, uploads, workers
  FROM dispatch_app;

GRANT UPDATE (status, decided_by, decided_at, notes) ON approvals TO dispatch_app;
GRANT UPDATE (seq, hash, at) ON audit_heads TO dispatch_app;
GRANT UPDATE (is_paused, reason, actor_type, actor_id, actor_role, request_id, correlation_id, trace_id, updated_at)
  ON autonomy_control_state TO dispatch_app;
-- FOR UPDATE asks for a right to update something.
GRANT UPDATE (changed_at) ON availability_changes TO dispatch_app;
GRANT UPDATE (state, exclusive, updated_at) ON bookings TO dispatch_app;
GRANT UPDATE (corrected) ON intake_calls TO dispatch_app;
GRANT UPDATE (last) ON number_series TO dispatch_app;
GRANT UPDATE (
  status, progress, cancel_requested, claim, created_at, running_until, expires_at, found, plan, facts, ticket_ids, account_ids,
  site_ids
) ON plans TO dispatch_app;
GRANT UPDATE (hold_state, ended_at) ON schedule_holds TO dispatch_app;
GRANT UPDATE (
  name, active, provider_id, home_lat, home_lon, zone, service_types, skills, tools, quality, base_load, max_concurrent, drained_at,
  drain_reason, room, abilities_on_record
) ON technicians TO dispatch_app;
GRANT UPDATE (words) ON ticket_words TO dispatch_app;
GRANT UPDATE (
  site_id, asset_id, contact_id, state, priority, incident_type, summary, description, customer_name, customer_phone, customer_email,
  nte_cents, scheduled_start, scheduled_end, arrival_start, arrival_end, proposed_windows, sop_handoff_required,
  sop_handoff_acknowledged, sop_handoff_prompt, assigned_provider_id, assigned_tech_id, pending_approval_id, not_technicians,
  follow_ups, version, sla_target_minutes, sla_deadline_at, updated_at, last_transition_at, hold_reason, sla_stopped_at,
  response_deadline_at, arrived_at, attention_code, attention_since, helpers_missing, parted_minutes, audit_seq, audit_hash,
  audit_at, assign_after, assign_attempts, assign_reason, assign_tried_at, assign_unable, sla_level
) ON tickets TO dispatch_app;
GRANT UPDATE (used_at, cleared_at) ON uploads TO dispatch_app;
GRANT UPDATE (seen_at, cycle, dispatches, errors) ON workers TO dispatch_app;
