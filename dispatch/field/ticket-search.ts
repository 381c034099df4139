// ticket.search: tickets by words and filters, newest first, within the caller's scope.

import { statement } from "../db/statement.ts";
import { reachParameter } from "../kernel/actor.ts";
import { deskQuery } from "../kernel/answer-query.ts";
import { ticketBody, ticketColumns, type TicketRow } from "../ticket/ticket-row.ts";
import { cursorOf, positionFrom } from "./cursor.ts";
import { utc } from "./windows.ts";

// $1 account scope, $2 site scope, $3 states, $4 priorities, $5 accounts, $6 sites, $7 technicians, $8 incident types,
// $9 created from, $10 created to, $11 SLA statuses, $12 now, $13 minutes until which a deadline is near, $14 before this
// id, $15 limit.
const conditions = `
  ($1::uuid[] IS NULL OR t.account_id = ANY ($1)) AND ($2::uuid[] IS NULL OR t.site_id = ANY ($2))
  AND ($3::text[] IS NULL OR t.state = ANY ($3)) AND ($4::text[] IS NULL OR t.priority = ANY ($4))
  AND ($5::uuid[] IS NULL OR t.account_id = ANY ($5)) AND ($6::uuid[] IS NULL OR t.site_id = ANY ($6))
  AND ($7::uuid[] IS NULL OR t.assigned_tech_id = ANY ($7)) AND ($8::text[] IS NULL OR t.incident_type = ANY ($8))
  AND ($9::timestamptz IS NULL OR t.created_at >= $9) AND ($10::timestamptz IS NULL OR t.created_at < $10)
  AND ($11::text[] IS NULL OR (CASE
         WHEN t.sla_deadline_at < $12::timestamptz THEN 'breach'
         WHEN t.sla_deadline_at < $12::timestamptz + $13 * interval '1 minute' THEN 'warning'
         ELSE 'healthy' END) = ANY ($11))
  AND ($14::uuid IS NULL OR t.id < $14)`;

const searchAll = statement<TicketRow>(
  "ticket_search",
  `SELECT ${ticketColumns("t")} FROM tickets t WHERE ${conditions} ORDER BY t.id DESC LIMIT $15`,
);
const searchAccounts = statement<TicketRow>(
  "ticket_search_accounts",
  `SELECT ${ticketColumns("t")} FROM tickets t
   WHERE t.account_id = ANY ($16::uuid[]) AND ${conditions} ORDER BY t.id DESC LIMIT $15`,
);
// The words' ids are put in order before any ticket is looked at, so that a page reads a page of tickets and not every
// match; OFFSET 0 keeps the planner from undoing that.
const searchWords = statement<TicketRow>(
  "ticket_search_words",
  `SELECT ${ticketColumns("t")}
   FROM (SELECT ticket_id FROM ticket_words WHERE words @@ websearch_to_tsquery('simple', $16)
         ORDER BY ticket_id DESC OFFSET 0) AS w
   JOIN tickets t ON t.id = w.ticket_id
   WHERE ${conditions} ORDER BY w.ticket_id DESC LIMIT $15`,
);

const normalLimit = 50;

/**
 * Words as PostgreSQL takes them: it gives up with an internal error on some thirty signs of negation in a row, as a ruled line
 * has them. What it passes over anyway goes first, since it may stand between them.
 */
const searchable = (words: string): string => words.replace(/[!&|()]+/g, " ").replace(/(?:-\s*){9,}/g, " ");

export const ticketSearch = deskQuery("ticket.search", async ({ desk, actor, input, now }) => {
  const limit = input.limit ?? normalLimit;
  const before = input.cursor ? positionFrom(input.cursor, ["id"])[0] : null;
  const accounts = input.account_id ?? reachParameter(actor.accounts);
  const values = [
    reachParameter(actor.accounts),
    reachParameter(actor.sites),
    input.state ?? null,
    input.priority ?? null,
    input.account_id ?? null,
    input.site_id ?? null,
    input.assigned_tech_id ?? null,
    input.incident_type ?? null,
    input.created_from ? utc(input.created_from) : null,
    input.created_to ? utc(input.created_to) : null,
    input.sla_status ?? null,
    now,
    desk.policy.sla.warningMinutes + 1,
    before,
    limit + 1,
  ];
  const rows = input.q
    ? await desk.db.rows(searchWords, [...values, searchable(input.q)])
    : accounts
      ? await desk.db.rows(searchAccounts, [...values, accounts])
      : await desk.db.rows(searchAll, values);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { tickets: page.map(ticketBody), next_cursor: rows.length > limit && last ? cursorOf([last.id]) : null };
});
