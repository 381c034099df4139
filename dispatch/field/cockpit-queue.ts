// One page of the cockpit's queue as rows. Order and pages are made in SQL over the whole queue, so that the oldest breach
// is never cut off.

import type { AttentionCode } from "../contract/attention.ts";
import { longestQueuePage } from "../contract/queries.ts";
import { statement, type StatementName } from "../db/statement.ts";
import type { SiteId, TechnicianId, TicketId } from "../contract/ids.ts";
import type { QueryBodyOf, QueryInputOf } from "../contract/index.ts";
import { reachParameter, type Actor } from "../kernel/actor.ts";
import type { Desk } from "../kernel/desk.ts";
import { cursorOf, positionFrom } from "./cursor.ts";
import { doneStreams, queueStreams, slaStatusSql, type QueueStream } from "./queue-streams.ts";
import { partOf, ticketParts, type TicketPart } from "./ticket-parts.ts";
import { isAtDoor, missedPart, unheardSince } from "../workforce/at-door.ts";
import { goesTo } from "../workforce/crew.ts";

export type CockpitInput = QueryInputOf<"dispatcher.cockpit">;

export type QueueRow = {
  id: TicketId;
  number: string;
  summary: string;
  customer_name: string | null;
  customer_phone: string | null;
  contact_id: string | null;
  contact: { name: string; phone: string | null } | null;
  state: QueryBodyOf<"dispatcher.cockpit">["queue"][number]["state"];
  priority: "EMERGENCY" | "URGENT" | "ROUTINE";
  incident_type: string | null;
  policy_version: number | null;
  site_id: SiteId;
  site_name: string;
  site_address1: string | null;
  site_city: string | null;
  site_region: string | null;
  timezone: string;
  region_weight: number;
  assigned_tech_id: TechnicianId | null;
  scheduled_start: string | null;
  scheduled_end: string | null;
  arrival_start: string | null;
  arrival_end: string | null;
  created_at: string;
  updated_at: string;
  last_transition_at: string;
  hold_reason: string | null;
  arrived_at: string | null;
  sla_target_minutes: number;
  sla_deadline_at: string;
  sla_stopped_at: string | null;
  response_deadline_at: string | null;
  attention_code: AttentionCode | null;
  helpers_missing: number;
  attention_since: string | null;
  assign_reason: string | null;
  assign_unable: boolean;
  at_door: boolean;
  missed_part: string | null;
  unheard_since: string | null;
  remaining: number;
  priority_rank: number;
};

// $1 account scope, $2 site scope, $3 states, $4 priorities, $5 SLA statuses, $6 accounts, $7 sites, $8 technicians,
// $9 incident types, $10 now, $11 the last minute that counts as a warning, $12 limit, $13-$17 where the page before
// ended: remaining minutes, priority rank, region weight, last update, id; $18 accounts that narrow the index; $19, $20 from
// and until which minute those of $5 lie.
const filters = `
  ($1::uuid[] IS NULL OR t.account_id = ANY ($1)) AND ($2::uuid[] IS NULL OR t.site_id = ANY ($2))
  AND ($3::text[] IS NULL OR t.state = ANY ($3)) AND ($4::text[] IS NULL OR t.priority = ANY ($4))
  AND ($5::text[] IS NULL OR (${slaStatusSql("$10::timestamptz", "$11::int")}) = ANY ($5))
  AND ($6::uuid[] IS NULL OR t.account_id = ANY ($6)) AND ($7::uuid[] IS NULL OR t.site_id = ANY ($7))
  AND ($8::uuid[] IS NULL OR ${goesTo("t", "$8")}) AND ($9::text[] IS NULL OR t.incident_type = ANY ($9))`;

type Clauses = {
  readonly streams: readonly QueueStream[];
  /** Which tickets. */
  readonly where: string;
  /** From and until which minute they lie. */
  readonly from: string;
  readonly until: string;
  /** The first minute behind the page before, and of all rows those behind it; nothing on a first page. */
  readonly behind: string | null;
  readonly rowsBehind: string;
  /** Parameters. */
  readonly now: string;
  readonly warning: string;
  readonly limit: string;
};

const order = "remaining, priority_rank, region_weight, updated_at DESC, id";
/** One more than the longest page has, which tells whether another follows. */
const mostRows = longestQueuePage + 1;

// Rows come in the order of their remaining whole minutes, then of four further keys. Indexes give the order within a stream;
// so the minute of the page's last row is found first, over all streams (edge), and of the rows up to its end the exact order
// is made. Only they are read whole, joined and sorted, however long the queue is.
// Of a limit that is a parameter Postgres expects a tenth of all rows, so on a long queue a plan for any limit looked to it
// dearer than a new one for each read: 0.4 ms of planning before 0.15 of work. With the longest page's length said as well
// it keeps the plan, whatever the queue's length.
function streamSql(stream: QueueStream, { where, from, until, behind, now, warning, limit }: Clauses) {
  const { position } = stream;
  const lower = (minute: string): string =>
    `${stream.zero(now)} + (${stream.from(minute, warning)}) * interval '1 minute'`;
  const which = `${where} AND ${stream.where(now)} AND ${position} >= ${lower(from)} AND ${position} < ${lower(until)}`;
  return {
    nearest: `
      (SELECT ${stream.minutes("nearest.at", now, warning)} AS minute
       FROM (SELECT ${position} AS at FROM tickets t
             WHERE ${which} ${behind === null ? "" : `AND ${position} >= ${lower(behind)}`}
             ORDER BY ${position} LIMIT ${mostRows}) AS nearest
       ORDER BY nearest.at LIMIT ${limit} + 1)`,
    rows: `
      SELECT t.id, t.number, t.summary, t.customer_name, t.customer_phone, t.contact_id, t.state, t.priority, t.incident_type,
             t.policy_version,
             t.assigned_tech_id, t.scheduled_start, t.scheduled_end, t.arrival_start, t.arrival_end,
             t.created_at, t.updated_at,
             t.last_transition_at, t.hold_reason, t.arrived_at, t.sla_target_minutes, t.sla_deadline_at,
             t.sla_stopped_at, t.response_deadline_at, t.attention_code, t.attention_since, t.helpers_missing,
             t.assign_reason, t.assign_unable,
             s.id AS site_id, s.name AS site_name, s.address1 AS site_address1, s.city AS site_city, s.region AS site_region,
             s.timezone, s.region_weight,
             ${stream.minutes(position, now, warning)} AS remaining,
             CASE t.priority WHEN 'EMERGENCY' THEN 0 WHEN 'URGENT' THEN 1 ELSE 2 END AS priority_rank
      FROM tickets t JOIN sites s ON s.id = t.site_id
      WHERE ${which} AND ${position} < coalesce((SELECT ${lower("edge.minute + 1")} FROM edge), 'infinity')`,
  };
}

function queueSql(clauses: Clauses): string {
  const streams = clauses.streams.map((stream) => streamSql(stream, clauses));
  return `
  WITH edge AS (
    SELECT minute FROM (${streams.map(({ nearest }) => nearest).join("\n      UNION ALL")}) AS nearest
    ORDER BY minute OFFSET ${clauses.limit} LIMIT 1
  ), page AS (${streams.map(({ rows }) => rows).join("\n      UNION ALL")}
  )
  SELECT first.*, ${isAtDoor("first")} AS at_door, ${missedPart("first", clauses.now)} AS missed_part,
         ${unheardSince("first")} AS unheard_since,
         (SELECT jsonb_build_object('name', c.name, 'phone', c.phone) FROM contacts c WHERE c.id = first.contact_id) AS contact
  FROM (SELECT * FROM page ${clauses.rowsBehind} ORDER BY ${order} LIMIT ${mostRows}) AS first
  ORDER BY ${order} LIMIT ${clauses.limit} + 1`;
}

const queueStatement = (name: StatementName<QueueRow>, part: string, streams = queueStreams) =>
  statement<QueueRow>(
    name,
    queueSql({
      streams,
      where: `${part} AND ${filters}`,
      from: "greatest($19::bigint, $13::bigint)",
      until: "$20::bigint",
      behind: "coalesce($13::bigint + 1, $19)",
      rowsBehind: `
        WHERE $13::bigint IS NULL
           OR (remaining, priority_rank, region_weight) > ($13, $14::int, $15::int)
           OR ((remaining, priority_rank, region_weight) = ($13, $14, $15)
               AND (updated_at < $16::timestamptz OR (updated_at = $16 AND id > $17::uuid)))`,
      now: "$10::timestamptz",
      warning: "$11::int",
      limit: "$12",
    }),
  );

const ofAnyAccount = "$18::uuid[] IS NULL";
const partStatement = (name: StatementName<QueueRow>, part: TicketPart, streams = queueStreams) =>
  queueStatement(name, `${ticketParts[part]} AND ${ofAnyAccount}`, streams);
/** By the part of all tickets that is asked for; each is read in the order of an index but those that span parts. */
export const queueStatements = {
  queue: partStatement("cockpit_queue", "queue"),
  queueOfAccounts: queueStatement(
    "cockpit_queue_accounts",
    `${ticketParts.queue} AND t.account_id = ANY ($18::uuid[])`,
  ),
  billing: partStatement("cockpit_billing", "billing", doneStreams),
  open: partStatement("cockpit_open", "open"),
  final: partStatement("cockpit_final", "final", doneStreams),
  all: partStatement("cockpit_all", "all"),
};

/**
 * The first page of the whole queue, or of what is late, nearly late or in time: what most readers ask for, without the filters
 * nobody gave. Of two bounds it does not know, Postgres takes a page for a short stretch of the queue, and looks up the sites
 * of its rows; with one it took it for a third, and read all the sites there are.
 */
export const firstPage = statement<QueueRow>(
  "cockpit_queue_first_page",
  queueSql({
    streams: queueStreams,
    where: ticketParts.queue,
    from: "$3::bigint",
    until: "$4::bigint",
    behind: null,
    rowsBehind: "",
    now: "$1::timestamptz",
    warning: "$5::int",
    limit: "$2::bigint",
  }),
);

type Statuses = NonNullable<CockpitInput["sla_status"]>;

/** Before and behind all minutes that a ticket may have left: work may be scheduled from 1900 to 9000, and is then done. */
const ends = { first: -1_000_000_000, last: 20_000_000_000 };

/**
 * From and until which minute the tickets of these SLA statuses lie, and whether all others lie outside. Without the ends a
 * page of what is in time was read past all that is late, and one of the few that are nearly late past all the rest: 28 and
 * 24 ms in a queue of 20,000.
 */
function stretchOf(statuses: Statuses | null, warningMinutes: number) {
  const near = warningMinutes + 1;
  const has = (status: Statuses[number]): boolean => statuses === null || statuses.includes(status);
  const from = has("breach") ? ends.first : has("warning") ? 0 : near;
  const until = has("healthy") ? ends.last : has("warning") ? near : 0;
  return { from, until, whole: has("warning") || has("breach") !== has("healthy") };
}

export type QueuePage = {
  /** When the rows were read. */
  readonly readAt: string;
  /** What their clocks stand at: on later pages the first page's time, or rows would slide past the cursor. */
  readonly now: string;
  readonly rows: readonly QueueRow[];
  readonly nextCursor: string | null;
};

export type QueueQuestion = {
  /** All that decides which rows the answer has, scope included. */
  readonly key: string;
  readonly read: (desk: Desk) => Promise<QueuePage>;
};

const normalLimit = 200;

/**
 * What a caller asks for.
 * @throws Refusal INVALID_QUERY for a cursor of something else
 */
export function queueQuestion(input: CockpitInput, actor: Actor): QueueQuestion {
  const limit = input.limit ?? normalLimit;
  const [firstNow = null, ...position] = input.cursor
    ? positionFrom(input.cursor, ["time", "minutes", "count", "count", "time", "id"])
    : [null, null, null, null, null, null];
  const asked = input.state ? partOf(input.state) : "queue";
  const accounts = input.account_id ?? reachParameter(actor.accounts);
  const part = asked === "queue" && accounts ? "queueOfAccounts" : asked;
  const before = [
    reachParameter(actor.accounts),
    reachParameter(actor.sites),
    input.state ?? null,
    input.priority ?? null,
    input.sla_status ?? null,
    input.account_id ?? null,
    input.site_id ?? null,
    input.assigned_tech_id ?? null,
    input.incident_type ?? null,
  ];
  const after = [limit, ...position];
  const statuses = input.sla_status ?? null;
  const isPlain =
    part === "queue" && [firstNow, ...before, ...after.slice(1)].every((value) => value === null || value === statuses);
  return {
    // The statement's own parameters, so that nothing can decide the rows and be missing here.
    key: JSON.stringify([part, firstNow, before, after, accounts]),
    read: async ({ db, clock, policy }) => {
      const readAt = clock.now().toISOString();
      const now = firstNow === null ? readAt : String(firstNow);
      const { warningMinutes } = policy.sla;
      const { from, until, whole } = stretchOf(statuses, warningMinutes);
      const ofPart = (one: keyof typeof queueStatements) => {
        const narrowed = one === "queueOfAccounts" ? accounts : null;
        return db.rows(queueStatements[one], [...before, now, warningMinutes, ...after, narrowed, from, until]);
      };
      const rows =
        isPlain && whole ? await db.rows(firstPage, [now, limit, from, until, warningMinutes]) : await ofPart(part);
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      const nextCursor = last
        ? cursorOf([now, last.remaining, last.priority_rank, last.region_weight, last.updated_at, last.id])
        : null;
      return { readAt, now, rows: rows.slice(0, limit), nextCursor };
    },
  };
}
