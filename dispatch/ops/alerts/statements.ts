// What the explanations read. Every row is made to be printed as it is.

import { statement } from "../../db/statement.ts";
import { mostCounted, relayLock } from "../../nats/relay-state.ts";
import { isHeard, isMissed, isSilent, stuckTasks } from "../../workforce/task-standing.ts";

export const selectStuck = statement(
  "explain_stuck",
  `SELECT id AS ticket, state, priority, floor(extract(epoch FROM $2::timestamptz - last_transition_at) / 60)::integer AS minutes,
          assign_reason AS nobody_sent_because, scheduled_start
   FROM tickets WHERE in_scheduling AND last_transition_at < $1 
     AND NOT (state = 'SCHEDULED' AND assigned_tech_id IS NOT NULL AND scheduled_start > $1)
   ORDER BY last_transition_at LIMIT $3`,
);

export const selectWaiting = statement(
  "explain_waiting",
  `SELECT count(*) AS tickets, coalesce(assign_reason, 'not looked at yet') AS reason,
          floor(extract(epoch FROM $1::timestamptz - min(last_transition_at)))::integer AS oldest_seconds,
          min(assign_after) AS next_look
   FROM tickets WHERE awaiting_technician GROUP BY assign_reason ORDER BY count(*) DESC`,
);

export const selectMissed = statement(
  "explain_missed",
  `SELECT id AS ticket, state, priority, floor(extract(epoch FROM $1::timestamptz - arrive_by) / 60)::integer AS minutes_late,
          coalesce(assigned_tech_id::text, 'nobody') AS technician, assign_reason AS nobody_sent_because
   FROM tickets WHERE arrival_due AND arrive_by < $1 ORDER BY arrive_by LIMIT $2`,
);

export const selectUnstaffed = statement(
  "explain_unstaffed",
  `SELECT id AS ticket, priority, coalesce(incident_type, 'any') AS incident_type, scheduled_start, assign_reason AS nobody_because,
          CASE WHEN assign_unable THEN 'at no hour' ELSE 'not at this time' END AS can_be_done
   FROM tickets WHERE awaiting_technician AND assign_reason = ANY ($1::text[]) ORDER BY scheduled_start LIMIT $2`,
);

export const selectWorkers = statement(
  "explain_workers",
  `SELECT identity, host, pid,
          CASE WHEN seen_at > clock_timestamp() - 3 * heartbeat_ms * interval '1 millisecond' THEN 'alive' ELSE 'silent' END AS status,
          greatest(floor(extract(epoch FROM clock_timestamp() - seen_at)), 0)::integer AS seen_seconds_ago,
          started_at, dispatches, errors
   FROM workers ORDER BY seen_at`,
);

export const selectPauses = statement(
  "explain_pauses",
  `SELECT scope_type AS scope, coalesce(incident_type, ticket_id::text, 'everything') AS what,
          actor_id AS paused_by, reason, updated_at AS since
   FROM autonomy_control_state WHERE is_paused ORDER BY updated_at`,
);

export const selectRejections = statement(
  "explain_rejections",
  `SELECT sum(count)::bigint AS times, code, tool_name AS tool, actor_id AS actor, actor_role AS role,
          count(DISTINCT aggregate_id) FILTER (WHERE aggregate = 'ticket') AS tickets,
          max(aggregate_id) FILTER (WHERE aggregate = 'ticket') AS one_ticket, max(occurred_at) AS last
   FROM rejections WHERE occurred_at > $1 AND code = ANY ($2::text[])
   GROUP BY code, tool_name, actor_id, actor_role ORDER BY times DESC, last DESC LIMIT $3`,
);

// Statements' texts are left out: they may hold what customers wrote.
export const selectTransactions = statement(
  "explain_transactions",
  `SELECT pid, coalesce(nullif(application_name, ''), 'unnamed') AS application, datname AS database, usename AS login, state,
          floor(extract(epoch FROM clock_timestamp() - xact_start))::integer AS seconds,
          coalesce(wait_event_type || ' ' || wait_event, 'nothing') AS waits_for
   FROM pg_stat_activity
   WHERE xact_start < clock_timestamp() - interval '5 seconds' AND pid <> pg_backend_pid()
     AND backend_type = 'client backend'
   ORDER BY xact_start LIMIT $1`,
);

export const countUnseen = statement<{ sessions: number }>(
  "explain_unseen_sessions",
  `SELECT count(*) AS sessions FROM pg_stat_activity
   WHERE backend_type IS NULL AND datname IS NOT NULL AND pid <> pg_backend_pid()`,
);

// Who waits, since when, and for whom. Others' databases are theirs.
export const selectLockWaits = statement(
  "explain_lock_waits",
  `SELECT a.pid, coalesce(nullif(a.application_name, ''), 'unnamed') AS application,
          coalesce(max(l.relation) FILTER (WHERE NOT l.granted OR l.locktype = 'tuple')::regclass::text, 'rows') AS waits_for,
          floor(extract(epoch FROM clock_timestamp() - min(l.waitstart)))::integer AS seconds,
          array_to_string(pg_blocking_pids(a.pid), ' ') AS held_by_process
   FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid AND a.datname = current_database()
   WHERE a.pid IN (SELECT pid FROM pg_locks WHERE NOT granted)
   GROUP BY a.pid, a.application_name ORDER BY min(l.waitstart) LIMIT $1`,
);

export const selectHeldBack = statement<{ events: number; seconds: number }>(
  "explain_held_back",
  `SELECT count(*) AS events, coalesce(floor(extract(epoch FROM $1::timestamptz - min(created_at))), 0)::integer AS seconds
   FROM outbox WHERE xact >= pg_snapshot_xmin(pg_current_snapshot())`,
);

// Neither addresses nor secrets: the one may hold a key, and pnpm dispatch:webhooks list shows them to the operator who runs it.
export const selectWebhooks = statement(
  "explain_webhooks",
  `SELECT e.id AS endpoint, e.paused_at IS NOT NULL AS paused, e.failures AS failures_in_a_row,
          coalesce(e.last_error, 'none') AS last_error,
          count(d.id) FILTER (WHERE d.due_at IS NOT NULL) AS waiting, count(d.id) FILTER (WHERE d.dead_at IS NOT NULL) AS dead_letters,
          coalesce(floor(extract(epoch FROM $1::timestamptz - min(d.event_at) FILTER (WHERE d.due_at IS NOT NULL))), 0)::integer
            AS oldest_waits_seconds
   FROM webhook_endpoints e LEFT JOIN webhook_deliveries d ON d.endpoint_id = e.id
   GROUP BY e.id ORDER BY dead_letters DESC, waiting DESC LIMIT $2`,
);

// The server's address is in no row; the reason names host and port at most.
export const selectNatsRelay = statement(
  "explain_nats_relay",
  `SELECT count(waiting.created_at) AS waiting,
          coalesce(floor(extract(epoch FROM $1::timestamptz - min(waiting.created_at))), 0)::integer AS oldest_waits_seconds,
          EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
                  WHERE l.locktype = 'advisory' AND l.classid = ${relayLock[0]} AND l.objid = ${relayLock[1]} AND l.objsubid = 2)
            AS a_worker_relays,
          CASE WHEN r.failing_since IS NULL THEN 'nothing' ELSE coalesce(r.last_error, 'unknown') END AS fails_with,
          r.failing_since AS since, r.acknowledged AS acknowledged_ever, r.skipped
   FROM nats_relay r
   LEFT JOIN LATERAL (
     SELECT o.created_at FROM outbox o
     WHERE (o.xact, o.id) > (r.xact, r.id) AND o.subject ~ ANY ($2::text[])
     ORDER BY o.xact, o.id LIMIT ${mostCounted}
   ) AS waiting ON true
   GROUP BY r.failing_since, r.last_error, r.acknowledged, r.skipped`,
);

export const selectStuckTasks = statement(
  "explain_stuck_tasks",
  `SELECT tasks.id AS task, tasks.priority, floor(extract(epoch FROM $3::timestamptz - tasks.status_since) / 60)::integer AS minutes,
          coalesce(tasks.unmatched_reason, 'not told') AS nobody_because, tasks.requirement AS takes, tasks.retry_count AS retries,
          tasks.title
   FROM ${stuckTasks} ORDER BY tasks.priority, tasks.status_since LIMIT $4`,
);

export const countTasks = statement(
  "explain_tasks",
  `SELECT status, count(*) AS tasks, max(extract(epoch FROM $1::timestamptz - status_since))::integer / 60 AS oldest_minutes
   FROM tasks WHERE status NOT IN ('completed', 'cancelled') GROUP BY status ORDER BY status`,
);

export const selectAgents = statement(
  "explain_agents",
  `SELECT a.slug AS agent,
          CASE WHEN NOT a.running THEN CASE a.policy WHEN 'on_demand' THEN 'asleep' ELSE 'stopped' END
               WHEN NOT ${isSilent} THEN 'awake'
               WHEN a.activity = 'errored' AND ${isHeard} THEN 'out of order' ELSE 'SILENT' END AS status,
          a.activity, coalesce(a.heartbeat_at, a.updated_at) AS heard_of,
          (SELECT count(*) FROM tasks WHERE assignee = a.slug AND status IN ('assigned', 'in_progress', 'blocked')) AS has,
          a.max_concurrent AS may_have, a.drained_at IS NOT NULL AS drained, array_to_string(a.capabilities, ',') AS able_to
   FROM agents a ORDER BY ${isMissed} DESC, ${isSilent} DESC, a.slug LIMIT $2`,
);

export const selectDeafRooms = statement(
  "explain_deaf_rooms",
  `SELECT r.name AS room, r.transport, r.address, coalesce(r.worker_slug, 'nobody') AS worker, r.status_since AS since,
          (SELECT count(*) FROM pushes WHERE room_id = r.id AND status = 'queued') AS waiting,
          coalesce(r.status_reason, 'said so itself') AS because
   FROM rooms r WHERE r.agent_status = 'error' AND r.kind <> 'control' ORDER BY r.status_since LIMIT $1`,
);

export const selectLostPushes = statement(
  "explain_lost_pushes",
  `SELECT p.updated_at AS given_up, r.name AS room, coalesce(p.message, p.command) AS told, p.attempts, p.reason AS because
   FROM pushes p JOIN rooms r ON r.id = p.room_id WHERE p.status = 'dead' ORDER BY p.updated_at DESC LIMIT $1`,
);

export const selectLogCheckpoints = statement(
  "explain_log_checkpoints",
  `SELECT c.at, c.number, c.size AS leaves, o.origin,
          coalesce((SELECT string_agg(w.witness, ', ' ORDER BY w.witness) FROM log_witnessed w
                    WHERE w.log = c.log AND w.number = c.number), 'nobody') AS witnesses
   FROM log_checkpoints c JOIN log_origins o USING (log) ORDER BY c.log DESC, c.number DESC LIMIT $1`,
);

export const selectAuditFaults = statement(
  "explain_audit_faults",
  `SELECT aggregate, chain, seq, kind, detail, found_by, found_at FROM audit_faults
   WHERE resolved_at IS NULL AND (mended_at IS NULL OR source = 'checkpoint') AND source = $1 ORDER BY id LIMIT $2`,
);

export const selectAuditWatch = statement(
  "explain_audit_watch",
  `SELECT coalesce(floor(extract(epoch FROM $1::timestamptz - last_ended_at) / 60)::integer::text, 'no round yet')
            AS minutes_since_last_round,
          last_chains AS chains_in_it, last_began_at AS it_began,
          CASE WHEN began_at IS NULL THEN 'none' WHEN hurried THEN 'without pauses' ELSE 'in turn' END AS round_under_way,
          began_at AS began, chains AS chains_so_far
   FROM audit_watch`,
);

export const selectConnections = statement(
  "explain_connections",
  `SELECT coalesce(nullif(application_name, ''), 'unnamed') AS application, coalesce(state, 'unknown') AS state, count(*) AS connections,
          count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting_for_locks, current_setting('max_connections') AS of_at_most
   FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
   GROUP BY application_name, state ORDER BY connections DESC`,
);

// Only what the list above may show: never one of our own short transactions, nor a part of the server itself. What a login may
// not see into has no type.
export const endTransaction = statement<{
  application: string;
  login: string | null;
  seconds: number | null;
  seen: boolean;
  ended: boolean;
}>(
  "explain_end_transaction",
  `SELECT coalesce(nullif(application_name, ''), 'unnamed') AS application, usename::text AS login,
          floor(extract(epoch FROM clock_timestamp() - xact_start))::integer AS seconds, backend_type IS NOT NULL AS seen,
          CASE WHEN xact_start < clock_timestamp() - interval '5 seconds' AND backend_type = 'client backend'
               THEN pg_terminate_backend(pid) ELSE false END AS ended
   FROM pg_stat_activity WHERE pid = $1 AND pid <> pg_backend_pid()`,
);
