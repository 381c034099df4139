// ticket.search: tickets by words and filters, newest first, within the caller's scope.

import type { QueryInputOf } from "../contract/index.ts";
import { longestSearchPage } from "../contract/queries.ts";
import { statement, type StatementName } from "../db/statement.ts";
import { reachParameter } from "../kernel/actor.ts";
import { deskQuery } from "../kernel/answer-query.ts";
import type { Desk } from "../kernel/desk.ts";
import { ticketBody, ticketColumns, type TicketRow } from "../ticket/ticket-row.ts";
import { goesTo } from "../workforce/crew.ts";
import { cursorOf, positionFrom } from "./cursor.ts";
import { ticketAt } from "./local-times.ts";
import { slaStatusSql } from "./queue-streams.ts";
import { phoneRegion } from "../directory/phone-number.ts";
import { holdsPhone, searchExpression } from "./search-words.ts";
import { partOf, ticketParts, type TicketPart } from "./ticket-parts.ts";
import { utc } from "./windows.ts";

// $1 account scope, $2 site scope, $3 states, $4 priorities, $5 accounts, $6 sites, $7 technicians, $8 incident types,
// $9 created from, $10 created to, $11 SLA statuses, $12 now, $13 the last minute that counts as a warning, $14 before this
// id, $15 limit.
const conditions = `
  ($1::uuid[] IS NULL OR t.account_id = ANY ($1)) AND ($2::uuid[] IS NULL OR t.site_id = ANY ($2))
  AND ($3::text[] IS NULL OR t.state = ANY ($3)) AND ($4::text[] IS NULL OR t.priority = ANY ($4))
  AND ($5::uuid[] IS NULL OR t.account_id = ANY ($5)) AND ($6::uuid[] IS NULL OR t.site_id = ANY ($6))
  AND ($7::uuid[] IS NULL OR ${goesTo("t", "$7")}) AND ($8::text[] IS NULL OR t.incident_type = ANY ($8))
  AND ($9::timestamptz IS NULL OR t.created_at >= $9) AND ($10::timestamptz IS NULL OR t.created_at < $10)
  AND ($11::text[] IS NULL OR (${slaStatusSql("$12::timestamptz", "$13::int")}) = ANY ($11))
  AND ($14::uuid IS NULL OR t.id < $14)`;

/** With the site's clock; asked for the rows of the page alone. */
const columns = `${ticketColumns("t")}, (SELECT s.timezone FROM sites s WHERE s.id = t.site_id) AS timezone`;
type FoundTicket = TicketRow & { readonly timezone: string | null };
const searchOf = (name: StatementName<FoundTicket>, part: TicketPart) =>
  statement<FoundTicket>(
    name,
    `SELECT ${columns} FROM tickets t WHERE ${ticketParts[part]} AND ${conditions} ORDER BY t.id DESC LIMIT $15`,
  );

// Planned anew for their values: filters that few tickets meet are better looked for in all there are than newest first. The
// part of all tickets in which the asked states are is said as well, since it has an index: none of 200,000 tickets was
// NEEDS_INFO, and to say so took 70 ms where it now takes 13.
export const searches = {
  all: searchOf("ticket_search", "all"),
  open: searchOf("ticket_search_open", "open"),
  queue: searchOf("ticket_search_queue", "queue"),
  billing: searchOf("ticket_search_billing", "billing"),
  final: searchOf("ticket_search_final", "final"),
  accounts: statement<FoundTicket>(
    "ticket_search_accounts",
    `SELECT ${columns} FROM tickets t
     WHERE t.account_id = ANY ($16::uuid[]) AND ${conditions} ORDER BY t.id DESC LIMIT $15`,
  ),
  // The words' ids are put in order before any ticket is looked at, so that a page reads a page of tickets and not every
  // match; OFFSET 0 keeps the planner from undoing that.
  words: statement<FoundTicket>(
    "ticket_search_words",
    `SELECT ${columns}
     FROM (SELECT ticket_id FROM ticket_words WHERE words @@ to_tsquery('dispatch_words', $16)
           ORDER BY ticket_id DESC OFFSET 0) AS w
     JOIN tickets t ON t.id = w.ticket_id
     WHERE ${conditions} ORDER BY w.ticket_id DESC LIMIT $15`,
  ),
};

// $1 before this id, $2 limit.
const before = "coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')";
const newestOf = (name: StatementName<FoundTicket>, where: string) =>
  statement<FoundTicket>(
    name,
    `SELECT ${columns}
     FROM (SELECT * FROM tickets WHERE ${where} AND id < ${before} ORDER BY id DESC LIMIT ${longestSearchPage + 1}) AS t
     ORDER BY t.id DESC LIMIT $2`,
  );

/**
 * What is asked for most, without the filters nobody gave. The first two are read in the order of an index whatever their
 * values, and Postgres keeps their plans, for which it must be told how long a page can be (cockpit-queue.ts says why). How
 * to look for words depends on how many tickets have them, and stays planned anew: 59 ms for a word of all 200,000 when it was
 * not, 0.06 when it was.
 */
export const plainSearches = {
  newest: newestOf("ticket_newest", "true"),
  // Those that are closed are nearly all of what is over, so hardly any are passed over.
  closed: newestOf("ticket_newest_closed", "NOT is_open AND (CASE WHEN state = 'CLOSED' THEN true END) IS NOT NULL"),
  words: statement<FoundTicket>(
    "ticket_newest_words",
    `SELECT ${columns} FROM tickets t
     WHERE t.id = ANY (ARRAY(SELECT ticket_id FROM ticket_words
                             WHERE words @@ to_tsquery('dispatch_words', $3) AND ($1::uuid IS NULL OR ticket_id < $1)
                             ORDER BY ticket_id DESC LIMIT $2))
     ORDER BY t.id DESC`,
  ),
};

type SearchInput = QueryInputOf<"ticket.search">;

const normalLimit = 50;

export const ticketSearch = deskQuery("ticket.search", async ({ desk, actor, input, now }) => {
  const limit = (input.limit ?? normalLimit) + 1;
  const words = input.q ? searchExpression(input.q, await phoneRegions(desk, input.q)) : undefined;
  if (words === null) return { tickets: [], next_cursor: null };
  const cursor = input.cursor ? (positionFrom(input.cursor, ["id"])[0] ?? null) : null;
  const accounts = input.account_id ?? reachParameter(actor.accounts);
  const others = [
    input.priority ?? null,
    input.account_id ?? null,
    input.site_id ?? null,
    input.assigned_tech_id ?? null,
    input.incident_type ?? null,
    input.created_from ? utc(input.created_from) : null,
    input.created_to ? utc(input.created_to) : null,
    input.sla_status ?? null,
  ];
  const scope = [reachParameter(actor.accounts), reachParameter(actor.sites)];
  const plain = [...scope, ...others].every((value) => value === null) ? plainSearch(input, words) : null;
  const rows = await (plain
    ? desk.db.rows(plain.asked, [cursor, limit, ...plain.words])
    : desk.db.rows(searches[words ? "words" : accounts ? "accounts" : input.state ? partOf(input.state) : "all"], [
        ...scope,
        input.state ?? null,
        ...others,
        now,
        desk.policy.sla.warningMinutes,
        cursor,
        limit,
        ...(words ? [words] : accounts ? [accounts] : []),
      ]));
  const page = rows.slice(0, limit - 1);
  const last = page.at(-1);
  return {
    tickets: page.map(({ timezone, ...row }) =>
      ticketAt(ticketBody(row, actor), timezone === null ? null : { timezone }),
    ),
    next_cursor: rows.length === limit && last ? cursorOf([last.id]) : null,
  };
});

// Of 10,000 sites in 3 ms, and only where somebody types a phone number.
const selectCountries = statement<{ country: string }>(
  "ticket_search_countries",
  `SELECT DISTINCT country FROM sites WHERE country IS NOT NULL`,
);

/** Where a phone number without a country may be at home: nobody says of which site the ticket is that they look for. */
async function phoneRegions({ db, settings: { phoneRegion: usual } }: Desk, typed: string): Promise<string[]> {
  if (!holdsPhone(typed)) return [];
  const known = await db.rows(selectCountries, []);
  return [...new Set([usual, ...known.map(({ country }) => phoneRegion(country, usual))])];
}

/** The statement for a question without any filter but words, or the one state. */
function plainSearch({ state }: SearchInput, words: string | undefined) {
  if (!words && state?.length === 1 && state[0] === "CLOSED") return { asked: plainSearches.closed, words: [] };
  if (state) return null;
  return words ? { asked: plainSearches.words, words: [words] } : { asked: plainSearches.newest, words: [] };
}
