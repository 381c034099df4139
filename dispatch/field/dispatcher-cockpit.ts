// dispatcher.cockpit: the queue, worst first. Order and pages are made in SQL over the whole queue, so that the oldest
// breach is never cut off; this file only words the rows.

import { statement } from "../db/statement.ts";
import type { QueryBodyOf, QueryInputOf } from "../contract/index.ts";
import { reachParameter, type Actor } from "../kernel/actor.ts";
import { deskQuery, type DeskQueryCall } from "../kernel/answer-query.ts";
import { requireScope } from "../kernel/authorize.ts";
import { Refusal } from "../kernel/refusal.ts";
import { selectTicket, ticketBody } from "../ticket/ticket-row.ts";
import { cursorOf, positionFrom } from "./cursor.ts";
import { slaReport } from "./sla.ts";
import { cockpitActions } from "./ticket-actions.ts";
import { selectTimeline } from "./timeline.ts";

type QueueRow = {
  id: string;
  state: QueryBodyOf<"dispatcher.cockpit">["queue"][number]["state"];
  priority: "EMERGENCY" | "URGENT" | "ROUTINE";
  incident_type: string | null;
  site_id: string;
  site_name: string;
  site_city: string | null;
  site_region: string | null;
  region_weight: number;
  assigned_tech_id: string | null;
  scheduled_start: string | null;
  created_at: string;
  updated_at: string;
  last_transition_at: string;
  remaining: number;
  priority_rank: number;
};

// $1 account scope, $2 site scope, $3 states, $4 priorities, $5 SLA statuses, $6 accounts, $7 sites, $8 technicians,
// $9 incident types, $10 now, $11 the last minute that counts as a warning, $12 limit, $13-$17 where the page before
// ended: remaining minutes, priority rank, region weight, last update, id; $18 accounts that narrow the index.
const conditions = `
  ($1::uuid[] IS NULL OR t.account_id = ANY ($1)) AND ($2::uuid[] IS NULL OR t.site_id = ANY ($2))
  AND ($3::text[] IS NULL OR t.state = ANY ($3)) AND ($4::text[] IS NULL OR t.priority = ANY ($4))
  AND ($5::text[] IS NULL OR (CASE
         WHEN t.sla_deadline_at < $10::timestamptz THEN 'breach'
         WHEN t.sla_deadline_at < $10::timestamptz + ($11::int + 1) * interval '1 minute' THEN 'warning'
         ELSE 'healthy' END) = ANY ($5))
  AND ($6::uuid[] IS NULL OR t.account_id = ANY ($6)) AND ($7::uuid[] IS NULL OR t.site_id = ANY ($7))
  AND ($8::uuid[] IS NULL OR t.assigned_tech_id = ANY ($8)) AND ($9::text[] IS NULL OR t.incident_type = ANY ($9))
  AND t.sla_deadline_at >= CASE WHEN $13::bigint IS NULL THEN '-infinity'::timestamptz
                                ELSE $10::timestamptz + $13 * interval '1 minute' END`;

// Rows come in the order of their remaining whole minutes, then of four further keys. The index gives the order of
// deadlines; so the deadline of the last row of the page is found first (edge), and of the rows up to the end of its
// minute the exact order is made. Only they are sorted, however long the queue is.
const queueStatement = (name: string, part: string) =>
  statement<QueueRow>(
    name,
    `WITH edge AS (
       SELECT t.sla_deadline_at FROM tickets t
       WHERE ${part} AND ${conditions}
         AND ($13::bigint IS NULL OR t.sla_deadline_at >= $10::timestamptz + ($13 + 1) * interval '1 minute')
       ORDER BY t.sla_deadline_at OFFSET $12 LIMIT 1
     ), page AS (
       SELECT t.id, t.state, t.priority, t.incident_type, t.assigned_tech_id, t.scheduled_start, t.created_at, t.updated_at,
              t.last_transition_at, s.id AS site_id, s.name AS site_name, s.city AS site_city, s.region AS site_region,
              s.region_weight,
              floor(extract(epoch FROM t.sla_deadline_at - $10::timestamptz) / 60)::bigint AS remaining,
              CASE t.priority WHEN 'EMERGENCY' THEN 0 WHEN 'URGENT' THEN 1 ELSE 2 END AS priority_rank
       FROM tickets t JOIN sites s ON s.id = t.site_id
       WHERE ${part} AND ${conditions}
         AND t.sla_deadline_at < coalesce(
           (SELECT $10::timestamptz
                   + (floor(extract(epoch FROM e.sla_deadline_at - $10::timestamptz) / 60) + 1) * interval '1 minute'
            FROM edge e),
           'infinity')
     )
     SELECT * FROM page
     WHERE $13::bigint IS NULL
        OR (remaining, priority_rank, region_weight) > ($13, $14::int, $15::int)
        OR ((remaining, priority_rank, region_weight) = ($13, $14, $15)
            AND (updated_at < $16::timestamptz OR (updated_at = $16 AND id > $17::uuid)))
     ORDER BY remaining, priority_rank, region_weight, updated_at DESC, id
     LIMIT $12 + 1`,
  );

const openQueue = queueStatement("cockpit_open", "t.is_open AND $18::uuid[] IS NULL");
const openQueueOfAccounts = queueStatement("cockpit_open_accounts", "t.is_open AND t.account_id = ANY ($18::uuid[])");
const finalQueue = queueStatement("cockpit_final", "NOT t.is_open AND $18::uuid[] IS NULL");
const wholeQueue = queueStatement("cockpit_whole", "$18::uuid[] IS NULL");

const countEvidence = statement<{ total: number }>(
  "cockpit_count_evidence",
  `SELECT count(*) AS total FROM evidence_items WHERE ticket_id = $1`,
);

const normalLimit = 200;
const shownEvents = 1_000;

type Input = QueryInputOf<"dispatcher.cockpit">;

export const dispatcherCockpit = deskQuery("dispatcher.cockpit", async (call) => {
  const { desk, actor, input } = call;
  const limit = input.limit ?? normalLimit;
  const page = input.cursor ? positionFrom(input.cursor, ["time", "minutes", "count", "count", "time", "id"]) : null;
  // Later pages keep the first page's clock; otherwise rows would slide past the cursor as minutes go by.
  const now = page ? String(page[0]) : call.now;
  const [statementForStates, accounts] = queueFor(input, actor);
  const [rows, selected] = await Promise.all([
    desk.db.rows(statementForStates, [
      reachParameter(actor.accounts),
      reachParameter(actor.sites),
      input.state ?? null,
      input.priority ?? null,
      input.sla_status ?? null,
      input.account_id ?? null,
      input.site_id ?? null,
      input.assigned_tech_id ?? null,
      input.incident_type ?? null,
      now,
      desk.policy.sla.warningMinutes,
      limit,
      ...(page?.slice(1) ?? [null, null, null, null, null]),
      accounts,
    ]),
    input.ticket_id ? selectedTicket(call, input.ticket_id) : null,
  ]);
  const queue = rows.slice(0, limit).map((row) => cockpitRow(row, call, now));
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    generated_at: call.now,
    actor: { actor_id: actor.id, actor_role: actor.role, actor_type: actor.type, tool_name: "dispatcher.cockpit" },
    filters_applied: {
      state: input.state ?? null,
      priority: input.priority ?? null,
      sla_status: input.sla_status ?? null,
      account_id: input.account_id ?? null,
      site_id: input.site_id ?? null,
      assigned_tech_id: input.assigned_tech_id ?? null,
      incident_type: input.incident_type ?? null,
      ticket_id: input.ticket_id ?? null,
    },
    queue,
    next_cursor: last
      ? cursorOf([now, last.remaining, last.priority_rank, last.region_weight, last.updated_at, last.id])
      : null,
    selected_ticket: selected,
  };
});

/** The statement whose index fits: closed tickets are only looked at when asked for. */
function queueFor(input: Input, actor: Actor) {
  const final = input.state?.filter((state) => state === "CLOSED" || state === "CANCELLED").length ?? 0;
  if (final > 0) return [final === input.state?.length ? finalQueue : wholeQueue, null] as const;
  const accounts = input.account_id ?? reachParameter(actor.accounts);
  return accounts ? ([openQueueOfAccounts, accounts] as const) : ([openQueue, null] as const);
}

function cockpitRow(row: QueueRow, { desk, actor }: DeskQueryCall<"dispatcher.cockpit">, now: string) {
  const sla = slaReport(
    {
      state: row.state,
      priority: row.priority,
      scheduledStart: row.scheduled_start === null ? null : new Date(row.scheduled_start),
      createdAt: new Date(row.created_at),
    },
    new Date(now),
    desk.policy.sla,
  );
  return {
    ticket_id: row.id,
    state: row.state,
    priority: row.priority,
    incident_type: row.incident_type,
    site_region: row.site_region,
    site: { id: row.site_id, name: row.site_name, city: row.site_city, region: row.site_region },
    assigned_tech: row.assigned_tech_id,
    scheduled_start: row.scheduled_start,
    last_update_at: row.updated_at,
    last_transition_at: row.last_transition_at,
    region_weight: row.region_weight,
    ...sla,
    actions: cockpitActions(actor.role, row.state, row.id),
  };
}

/** A ticket outside the caller's scope is refused by its id, which is what the caller named. */
async function selectedTicket({ desk, actor }: DeskQueryCall<"dispatcher.cockpit">, ticketId: string) {
  const [ticket, events, evidence] = await Promise.all([
    desk.db.row(selectTicket, [ticketId]),
    desk.db.rows(selectTimeline, [ticketId, null, shownEvents]),
    desk.db.row(countEvidence, [ticketId]),
  ]);
  if (!ticket) throw new Refusal("TICKET_NOT_FOUND", { ticket_id: ticketId });
  try {
    requireScope(actor, ticket);
  } catch {
    throw new Refusal("FORBIDDEN_SCOPE", { scope_field: "ticket_id", target_id: ticketId });
  }
  return {
    ticket: ticketBody(ticket),
    timeline: { ticket_id: ticketId, events },
    evidence_summary: { total_items: evidence?.total ?? 0 },
  };
}
