// What happened, for whoever wants to hear: a row written in the command's transaction, announced after the commit.
// An announcement that is lost delays a reader until its next look; the row is the truth.

import { setTimeout as delay } from "node:timers/promises";
import { insertRows } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { AccountId, ReceiptId, SiteId } from "../contract/ids.ts";
import { namesOf } from "../contract/responses.ts";
import type { Aggregate, Belonging } from "./aggregate.ts";
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

type OutboxInsert = {
  readonly subject: string;
  readonly event: string;
  readonly aggregate: string;
  readonly aggregate_id: string;
  readonly account_id: AccountId | null;
  readonly site_id: SiteId | null;
  readonly parties: readonly string[] | null;
  readonly audit_event_id: ReceiptId;
  readonly payload: string;
  readonly created_at: string;
};

/** Any number of events; they get ids in their order. */
export const insertOutbox = insertRows<OutboxInsert>("outbox_insert", "outbox", [
  "subject",
  "event",
  "aggregate",
  "aggregate_id",
  "account_id",
  "site_id",
  "parties",
  "audit_event_id",
  "payload",
  "created_at",
]);

/** Under load an announcement of its own for every group was a third of a statement a command, and who listens looks no sooner. */
export const announceEveryMs = 10;

// A NOTIFY of its own flushes a commit to disk like any other; nothing is lost with an announcement, so it need not wait.
const announce = statement(
  "outbox_announce",
  `SELECT set_config('synchronous_commit', 'off', true), pg_notify('${outboxChannel}', '')`,
);

/** What listeners hear of a command, where its own name does not say it. */
export type Told = {
  readonly event: string;
  /** What belongs to it besides who did it and when. */
  readonly data?: JsonObject;
};

/** By what a reader's right to an event is judged. */
type Audience = {
  readonly place: Belonging | null;
  /** Who hears of it beside whoever hears of all; null where nobody does. */
  readonly parties: readonly string[] | null;
};

/** The outbox rows of an audited command, each under the aggregate's subject for it: one, unless the command tells otherwise. */
export function outboxRows(
  aggregate: Aggregate,
  e: AuditEvent,
  { place, parties }: Audience,
  told: readonly Told[] = [{ event: e.tool_name.replaceAll(".", "_") }],
): OutboxInsert[] {
  return told.map((one) => outboxRow(aggregate, e, { place, parties }, one));
}

function outboxRow(
  aggregate: Aggregate,
  e: AuditEvent,
  { place, parties }: Audience,
  { event, data }: Told,
): OutboxInsert {
  return {
    subject: aggregate.subject(e.aggregate_id, event),
    event,
    aggregate: e.aggregate,
    aggregate_id: e.aggregate_id,
    account_id: place?.account_id ?? null,
    site_id: place?.site_id ?? null,
    parties,
    audit_event_id: e.id,
    payload: JSON.stringify({
      receipt_id: e.id,
      ...namesOf(e.aggregate, e.aggregate_id),
      tool_name: e.tool_name,
      actor_id: e.actor_id,
      actor_role: e.actor_role,
      before_state: e.before_state,
      after_state: e.after_state,
      correlation_id: e.correlation_id,
      trace_id: e.trace_id,
      seq: e.seq,
      ...(data && { data }),
    }),
    created_at: e.created_at,
  };
}

/**
 * Tells listeners that rows wait. NOTIFY inside the command would make all commits queue for one lock, so one
 * announcement follows any number of commits: the first at once, further ones not sooner than some ms after it.
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
      await delay(announceEveryMs);
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
