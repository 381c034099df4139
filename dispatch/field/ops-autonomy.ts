// ops.autonomy.pause and ops.autonomy.rollback: stop and resume completions and the worker in a scope.

import type { AccountId, SiteId } from "../contract/ids.ts";
import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { newId } from "../kernel/clock.ts";
import { deskCommand, type DeskCall } from "../kernel/desk-chain.ts";
import type { AuditEvent } from "../kernel/audit.ts";
import { requireScope } from "../kernel/authorize.ts";
import { Refusal } from "../kernel/refusal.ts";
import { requireKnownType } from "./known-incident-type.ts";

type Before = { id: string; is_paused: boolean; created_at: string };

const selectScope = statement<Before>(
  "autonomy_scope_select",
  `SELECT id, is_paused, created_at FROM autonomy_control_state
   WHERE scope_type = $1 AND incident_type IS NOT DISTINCT FROM $2 AND ticket_id IS NOT DISTINCT FROM $3
   FOR UPDATE`,
);

const selectTicketScope = statement<{ account_id: AccountId; site_id: SiteId }>(
  "autonomy_ticket_scope",
  `SELECT account_id, site_id FROM tickets WHERE id = $1`,
);

const upsertScope = statement(
  "autonomy_scope_upsert",
  `INSERT INTO autonomy_control_state (id, scope_type, incident_type, ticket_id, is_paused, reason, actor_type, actor_id,
                                       actor_role, request_id, correlation_id, trace_id, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
   ON CONFLICT (id) DO UPDATE
   SET is_paused = excluded.is_paused, reason = excluded.reason, actor_type = excluded.actor_type,
       actor_id = excluded.actor_id, actor_role = excluded.actor_role, request_id = excluded.request_id,
       correlation_id = excluded.correlation_id, trace_id = excluded.trace_id, updated_at = excluded.updated_at`,
);

const insertHistory = insertRow("autonomy_history_insert", "autonomy_control_history", [
  "id",
  "scope_type",
  "incident_type",
  "ticket_id",
  "action",
  "previous_is_paused",
  "next_is_paused",
  "actor_type",
  "actor_id",
  "actor_role",
  "reason",
  "payload",
  "created_at",
]);

type Autonomy = "ops.autonomy.pause" | "ops.autonomy.rollback";

async function load(tx: Session, { input }: Pick<DeskCall<Autonomy>, "input">) {
  const { scope_type = "GLOBAL", incident_type = null, ticket_id = null } = input;
  const [before, ticket] = await Promise.all([
    tx.row(selectScope, [scope_type, incident_type, ticket_id]),
    ticket_id === null ? null : tx.row(selectTicketScope, [ticket_id]),
  ]);
  return { before, ticket };
}

function decided(
  action: "pause" | "rollback",
  call: DeskCall<Autonomy>,
  { before, ticket }: Awaited<ReturnType<typeof load>>,
) {
  const { desk, actor, input, now } = call;
  const { scope_type = "GLOBAL", incident_type = null, ticket_id = null, reason = null } = input;
  // What was paused while the policy knew the type can still be resumed.
  if (incident_type !== null && !before) requireKnownType(desk.policies.live, incident_type, "INVALID_REQUEST");
  if (ticket_id !== null) {
    if (!ticket) throw new Refusal("TICKET_NOT_FOUND", { ticket_id });
    requireScope(actor, ticket);
  }
  const id = before?.id ?? newId(Date.parse(now));
  const historyId = newId(Date.parse(now));
  const was = before?.is_paused ?? false;
  const is = action === "pause";
  return {
    place: ticket ?? undefined,
    payload: { action, scope_type, incident_type, ticket_id, reason, previous_is_paused: was, current_is_paused: is },
    write: (tx: Session, event: AuditEvent) => [
      tx.row(upsertScope, [
        id,
        scope_type,
        incident_type,
        ticket_id,
        is,
        reason,
        actor.type,
        actor.id,
        actor.role,
        event.request_id,
        event.correlation_id,
        event.trace_id,
        now,
      ]),
      insertHistory(tx, {
        id: historyId,
        scope_type,
        incident_type,
        ticket_id,
        action,
        previous_is_paused: was,
        next_is_paused: is,
        actor_type: actor.type,
        actor_id: actor.id,
        actor_role: actor.role,
        reason,
        payload: JSON.stringify({ receipt_id: event.id }),
        created_at: now,
      }),
    ],
    body: (event: AuditEvent) => ({
      action,
      scope: {
        id,
        scope_type,
        incident_type,
        ticket_id,
        is_paused: is,
        reason,
        actor_type: actor.type,
        actor_id: actor.id,
        actor_role: actor.role,
        request_id: event.request_id,
        correlation_id: event.correlation_id,
        trace_id: event.trace_id,
        created_at: before?.created_at ?? now,
        updated_at: now,
      },
      previous_is_paused: was,
      current_is_paused: is,
      history_id: historyId,
    }),
  };
}

type Loaded = Awaited<ReturnType<typeof load>>;

export const opsAutonomyPause = deskCommand({
  name: "ops.autonomy.pause",
  load,
  decide: (call, loaded: Loaded) => decided("pause", call, loaded),
});

export const opsAutonomyRollback = deskCommand({
  name: "ops.autonomy.rollback",
  load,
  decide: (call, loaded: Loaded) => decided("rollback", call, loaded),
});
