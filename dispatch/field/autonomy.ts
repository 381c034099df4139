// Autonomy: which scopes are paused, and which of them speaks for a ticket. The narrowest scope that says anything wins.

import type { TicketId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { Refusal } from "../kernel/refusal.ts";
import { withoutVersionSql } from "../policy/incident-type.ts";

export type AutonomyRow = {
  readonly id: string;
  readonly scope_type: "GLOBAL" | "INCIDENT" | "TICKET";
  readonly incident_type: string | null;
  readonly ticket_id: TicketId | null;
  readonly is_paused: boolean;
  readonly reason: string | null;
};

const scopeColumns = "id, scope_type, incident_type, ticket_id, is_paused, reason";

const selectChainOfTicket = statement<AutonomyRow>(
  "autonomy_chain_ticket",
  `SELECT a.id, a.scope_type, a.incident_type, a.ticket_id, a.is_paused, a.reason
   FROM autonomy_control_state a, tickets t
   WHERE t.id = $1
     AND (a.scope_type = 'GLOBAL' OR a.incident_type IN (t.incident_type, ${withoutVersionSql("t.incident_type")}) OR a.ticket_id = t.id)`,
);

const selectChainOfIncident = statement<AutonomyRow>(
  "autonomy_chain_incident",
  `SELECT ${scopeColumns} FROM autonomy_control_state
   WHERE scope_type = 'GLOBAL' OR incident_type IN ($1, ${withoutVersionSql("$1")})`,
);

const narrowness = { TICKET: 0, INCIDENT: 1, GLOBAL: 2 } as const;

/** The scopes that bear on a ticket, narrowest first; the first decides. A scope of a type is one of all its versions. */
export const loadChainOfTicket = async (db: Session, ticketId: TicketId): Promise<AutonomyRow[]> =>
  narrowestFirst(await db.rows(selectChainOfTicket, [ticketId]));

/** As loadChainOfTicket, for an incident type; null asks about the desk as a whole. */
export const loadChainOfIncident = async (db: Session, incidentType: string | null): Promise<AutonomyRow[]> =>
  narrowestFirst(await db.rows(selectChainOfIncident, [incidentType]));

const narrowestFirst = (rows: AutonomyRow[]): AutonomyRow[] =>
  rows.sort(
    (one, other) =>
      narrowness[one.scope_type] - narrowness[other.scope_type] ||
      (other.incident_type?.length ?? 0) - (one.incident_type?.length ?? 0),
  );

/** @throws Refusal AUTONOMY_DISABLED when the narrowest scope is paused */
export function requireAutonomy(
  [narrowest]: readonly AutonomyRow[],
  ticket: { id: TicketId; incident_type: string | null },
): void {
  if (!narrowest?.is_paused) return;
  throw new Refusal("AUTONOMY_DISABLED", {
    scope_type: narrowest.scope_type,
    scope_id: narrowest.ticket_id ?? narrowest.incident_type ?? "GLOBAL",
    reason: narrowest.reason,
    incident_type: ticket.incident_type,
    ticket_id: ticket.id,
  });
}
