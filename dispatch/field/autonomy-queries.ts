// ops.autonomy.state and ops.autonomy.replay: what is paused now, and how it came to be.

import { statement } from "../db/statement.ts";
import type { QueryBodyOf } from "../contract/index.ts";
import { reachParameter } from "../kernel/actor.ts";
import { deskQuery, type DeskQueryCall } from "../kernel/answer-query.ts";
import { ticketQuery } from "../ticket/ticket-command.ts";
import { requireScope } from "../kernel/authorize.ts";
import { Refusal } from "../kernel/refusal.ts";
import { requireKnownType } from "./known-incident-type.ts";
import { selectTicket } from "../ticket/ticket-row.ts";
import { loadChainOfIncident, loadChainOfTicket, type AutonomyRow } from "./autonomy.ts";

type Control = QueryBodyOf<"ops.autonomy.state">["controls"][number];

const selectControls = statement<Control>(
  "autonomy_controls",
  `SELECT a.id, a.scope_type, a.incident_type, a.ticket_id, a.is_paused, a.reason, a.actor_type, a.actor_id, a.actor_role,
          a.request_id, a.correlation_id, a.trace_id, a.created_at, a.updated_at
   FROM autonomy_control_state a LEFT JOIN tickets t ON t.id = a.ticket_id
   WHERE a.ticket_id IS NULL
      OR (($1::uuid[] IS NULL OR t.account_id = ANY ($1)) AND ($2::uuid[] IS NULL OR t.site_id = ANY ($2)))
   ORDER BY a.updated_at DESC, a.id LIMIT 500`,
);

const selectHistory = statement(
  "autonomy_history",
  `SELECT id, scope_type, incident_type, ticket_id, action, previous_is_paused, next_is_paused, actor_type, actor_id,
          actor_role, reason, payload, created_at
   FROM autonomy_control_history
   WHERE scope_type = 'GLOBAL' OR incident_type = $1 OR ticket_id = $2
   ORDER BY created_at DESC, id DESC LIMIT 500`,
);

const controls = ({ desk, actor }: Pick<DeskQueryCall<"ops.autonomy.state">, "desk" | "actor">) =>
  desk.db.rows(selectControls, [reachParameter(actor.accounts), reachParameter(actor.sites)]);

/** What the narrowest scope says; null when no scope says anything. */
function decisionOf([narrowest]: readonly AutonomyRow[]) {
  if (!narrowest) return null;
  const { scope_type, incident_type, ticket_id, is_paused, reason } = narrowest;
  return { scope_type, incident_type, ticket_id, is_paused, reason };
}

export const opsAutonomyState = deskQuery("ops.autonomy.state", async (call) => {
  const { desk, actor, input, now } = call;
  if (input.ticket_id) {
    const ticket = await desk.db.row(selectTicket, [input.ticket_id]);
    if (!ticket) throw new Refusal("TICKET_NOT_FOUND", { ticket_id: input.ticket_id });
    requireScope(actor, ticket);
  }
  const chain = input.ticket_id
    ? await loadChainOfTicket(desk.db, input.ticket_id)
    : await loadChainOfIncident(desk.db, input.incident_type ?? null);
  const { ticket_id = null, incident_type = null } = input;
  // A type that nothing can be paused for is a slip of the keyboard, and "nothing is paused" the wrong answer to it.
  if (incident_type !== null && !chain.some((scope) => scope.incident_type === incident_type))
    requireKnownType(desk.policies.live, incident_type, "INVALID_QUERY");
  const query = { ticket_id, incident_type };
  return { generated_at: now, controls: await controls(call), decision: decisionOf(chain), chain, query };
});

export const opsAutonomyReplay = ticketQuery("ops.autonomy.replay", async (call) => {
  const { desk, ticket, now } = call;
  const [chain, all, history] = await Promise.all([
    loadChainOfTicket(desk.db, ticket.id),
    controls(call),
    desk.db.rows(selectHistory, [ticket.incident_type, ticket.id]),
  ]);
  const query = { ticket_id: ticket.id, incident_type: ticket.incident_type };
  return { ...query, generated_at: now, controls: all, decision: decisionOf(chain), chain, query, history };
});
