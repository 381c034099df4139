// What happened, for whoever wants to hear: a row written in the command's transaction, announced after the commit.
// An announcement that is lost delays a reader until its next look; the row is the truth.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { AuditEvent } from "./audit.ts";
import type { JsonObject } from "./json.ts";

export const outboxChannel = "dispatch_outbox";

export type OutboxRow = {
  readonly position: string;
  readonly subject: string;
  readonly event: string;
  readonly payload: JsonObject;
  readonly created_at: string;
};

export const insertOutbox = statement(
  "outbox_insert",
  `INSERT INTO outbox (subject, event, ticket_id, account_id, site_id, audit_event_id, payload, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
);

const announce = statement("outbox_announce", `SELECT pg_notify('${outboxChannel}', '')`);

/** The subject of a ticket's event, for example field.ticket.<id>.tech_check_in. */
export const ticketSubject = (ticketId: string, event: string): string => `field.ticket.${ticketId}.${event}`;

/** The outbox row of an audited command. */
export function outboxValues(e: AuditEvent, scope: { account_id: string | null; site_id: string | null }): unknown[] {
  const event = e.tool_name.replaceAll(".", "_");
  const subject = e.ticket_id === null ? `desk.${event}` : ticketSubject(e.ticket_id, event);
  const payload = {
    receipt_id: e.id,
    ticket_id: e.ticket_id,
    tool_name: e.tool_name,
    actor_id: e.actor_id,
    actor_role: e.actor_role,
    before_state: e.before_state,
    after_state: e.after_state,
    correlation_id: e.correlation_id,
    trace_id: e.trace_id,
    seq: e.seq,
  };
  return [subject, event, e.ticket_id, scope.account_id, scope.site_id, e.id, JSON.stringify(payload), e.created_at];
}

/**
 * Tells listeners that rows wait. NOTIFY inside the command would make all commits queue for one lock, so one
 * announcement follows any number of commits, and at most one is under way.
 */
export function announcer(
  db: Session,
  onError: (error: unknown) => void,
): { announce(): void; settled(): Promise<void> } {
  let running: Promise<void> | null = null;
  let again = false;
  const run = async () => {
    do {
      again = false;
      await db.row(announce).catch(onError);
    } while (again);
    running = null;
  };
  return {
    announce: () => {
      if (running) again = true;
      else running = run();
    },
    settled: () => running ?? Promise.resolve(),
  };
}
