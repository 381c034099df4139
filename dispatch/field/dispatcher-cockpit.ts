// dispatcher.cockpit: the queue, worst first, and what may be done about each ticket. Readers of the same question who come at
// the same time share one read of the queue and its text.

import { plusMinutes } from "../kernel/clock.ts";
import type { TicketId } from "../contract/ids.ts";
import type { DeskWork } from "../contract/task-responses.ts";
import { JoinedReads } from "../db/joined-reads.ts";
import type { Desk } from "../kernel/desk.ts";
import { reachParameter, type Actor } from "../kernel/actor.ts";
import { deskQuery, type DeskQueryCall } from "../kernel/answer-query.ts";
import { requireScope } from "../kernel/authorize.ts";
import { Refusal } from "../kernel/refusal.ts";
import { selectTicket, ticketBody } from "../ticket/ticket-row.ts";
import { attentionOf, attentionToType } from "./attention.ts";
import { cockpitText, queueText, type CockpitRow } from "./cockpit-answer.ts";
import { queueQuestion, type QueuePage, type QueueRow } from "./cockpit-queue.ts";
import { countEvidence } from "./evidence-rows.ts";
import { localOf, promiseAt, ticketAt } from "./local-times.ts";
import { whomToCall } from "./onsite-contact.ts";
import { slaReport } from "./sla.ts";
import { selectNewestEvents } from "./timeline.ts";
import { policyOfOneOfMany } from "../ticket/policy-of.ts";
import { deskWork } from "../workforce/task-standing.ts";

type SharedPage = Pick<QueuePage, "readAt" | "nextCursor"> & {
  readonly text: readonly Buffer[];
  readonly work: DeskWork | null;
};
const joinedReads = new WeakMap<Desk, JoinedReads<SharedPage>>();

export const dispatcherCockpit = deskQuery("dispatcher.cockpit", async (call) => {
  const { desk, actor, input } = call;
  const { actions = "full", ticket_id = null } = input;
  const question = queueQuestion(input, actor);
  const read = async (): Promise<SharedPage> => {
    const [page, work] = await Promise.all([
      question.read(desk),
      reachesAll(actor) ? deskWork(desk.db, desk.clock.now().toISOString()) : null,
    ]);
    const rows = page.rows.map((row) => cockpitRow(row, desk, page.now));
    return { readAt: page.readAt, nextCursor: page.nextCursor, text: queueText(rows, actions, actor.role), work };
  };
  const reads = joinedReads.get(desk) ?? new JoinedReads<SharedPage>();
  joinedReads.set(desk, reads);
  const [page, selected] = await Promise.all([
    reads.read(`${actor.role} ${actions} ${question.key}`, read),
    ticket_id === null ? null : selectedTicket(call, ticket_id),
  ]);
  const before = {
    generated_at: page.readAt,
    actor: { actor_id: actor.id, actor_role: actor.role, actor_type: actor.type, tool_name: "dispatcher.cockpit" },
    filters_applied: {
      state: input.state ?? null,
      priority: input.priority ?? null,
      sla_status: input.sla_status ?? null,
      account_id: input.account_id ?? null,
      site_id: input.site_id ?? null,
      assigned_tech_id: input.assigned_tech_id ?? null,
      incident_type: input.incident_type ?? null,
      ticket_id,
    },
  };
  const work = page.work && { desk_work: page.work };
  return cockpitText(
    { before, after: { next_cursor: page.nextCursor, selected_ticket: selected, ...work } },
    page.text,
  );
});

/** Tasks are counted for the whole desk, so nobody else is told how many there are. */
const reachesAll = ({ accounts, sites }: Actor): boolean =>
  reachParameter(accounts) === null && reachParameter(sites) === null;

function cockpitRow(row: QueueRow, desk: Desk, now: string): CockpitRow {
  return {
    ticket_id: row.id,
    number: row.number,
    summary: row.summary,
    caller: whomToCall(row.contact, row),
    state: row.state,
    priority: row.priority,
    incident_type: row.incident_type,
    site_region: row.site_region,
    site: { id: row.site_id, name: row.site_name, city: row.site_city, region: row.site_region },
    site_line: [row.site_name, row.site_address1, row.site_city].filter(Boolean).join(", "),
    assigned_tech: row.assigned_tech_id,
    scheduled_start: row.scheduled_start,
    scheduled_start_local: localOf(row.scheduled_start, row),
    arrival_window: promiseAt(row, row),
    timezone: row.timezone,
    last_update_at: row.updated_at,
    last_transition_at: row.last_transition_at,
    region_weight: row.region_weight,
    ...slaReport(row, new Date(now), desk.policy.sla),
    attention:
      attentionOf(row, now, plusMinutes(now, desk.policy.sla.warningMinutes)) ??
      attentionToType(row, policyOfOneOfMany(desk, row)),
  };
}

/** A ticket outside the caller's scope is refused by its id, which is what the caller named. */
async function selectedTicket({ desk, actor }: DeskQueryCall<"dispatcher.cockpit">, ticketId: TicketId) {
  const [ticket, events, evidence] = await Promise.all([
    desk.db.row(selectTicket, [ticketId]),
    desk.db.rows(selectNewestEvents, [ticketId]),
    desk.db.row(countEvidence, [ticketId]),
  ]);
  if (!ticket) throw new Refusal("TICKET_NOT_FOUND", { ticket_id: ticketId });
  try {
    requireScope(actor, ticket);
  } catch {
    throw new Refusal("FORBIDDEN_SCOPE", { scope_field: "ticket_id", target_id: ticketId });
  }
  return {
    ticket: ticketAt(ticketBody(ticket, actor), ticket),
    timeline: { ticket_id: ticketId, events },
    evidence_summary: { total_items: evidence?.total ?? 0 },
  };
}
