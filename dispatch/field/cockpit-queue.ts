// One page of the cockpit's queue as rows. Order and pages are made in SQL over the whole queue, so that the oldest breach
// is never cut off.

import { statement, type StatementName } from "../db/statement.ts";
import type { QueryBodyOf, QueryInputOf } from "../contract/index.ts";
import { reachParameter, type Actor } from "../kernel/actor.ts";
import type { Desk } from "../kernel/desk.ts";
import { cursorOf, positionFrom } from "./cursor.ts";

export type CockpitInput = QueryInputOf<"dispatcher.cockpit">;

export type QueueRow = {
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

type Clauses = {
  /** Which tickets. */
  readonly where: string;
  /** Of these, which ones lie behind the page before, for the page's end and for its rows; nothing on a first page. */
  readonly endBehind: string;
  readonly rowsBehind: string;
  /** Parameters. */
  readonly now: string;
  readonly limit: string;
};

// Rows come in the order of their remaining whole minutes, then of four further keys. The index gives the order of
// deadlines; so the deadline of the last row of the page is found first (edge), and of the rows up to the end of its
// minute the exact order is made. Only they are sorted, however long the queue is.
const queueSql = ({ where, endBehind, rowsBehind, now, limit }: Clauses) => `
  WITH edge AS (
    SELECT t.sla_deadline_at FROM tickets t
    WHERE ${where} ${endBehind}
    ORDER BY t.sla_deadline_at OFFSET ${limit} LIMIT 1
  ), page AS (
    SELECT t.id, t.state, t.priority, t.incident_type, t.assigned_tech_id, t.scheduled_start, t.created_at, t.updated_at,
           t.last_transition_at, s.id AS site_id, s.name AS site_name, s.city AS site_city, s.region AS site_region,
           s.region_weight,
           floor(extract(epoch FROM t.sla_deadline_at - ${now}::timestamptz) / 60)::bigint AS remaining,
           CASE t.priority WHEN 'EMERGENCY' THEN 0 WHEN 'URGENT' THEN 1 ELSE 2 END AS priority_rank
    FROM tickets t JOIN sites s ON s.id = t.site_id
    WHERE ${where}
      AND t.sla_deadline_at < coalesce(
        (SELECT ${now}::timestamptz
                + (floor(extract(epoch FROM e.sla_deadline_at - ${now}::timestamptz) / 60) + 1) * interval '1 minute'
         FROM edge e),
        'infinity')
  )
  SELECT * FROM page ${rowsBehind}
  ORDER BY remaining, priority_rank, region_weight, updated_at DESC, id
  LIMIT ${limit} + 1`;

const queueStatement = (name: StatementName<QueueRow>, part: string) =>
  statement<QueueRow>(
    name,
    queueSql({
      where: `${part} AND ${conditions}`,
      endBehind: "AND ($13::bigint IS NULL OR t.sla_deadline_at >= $10::timestamptz + ($13 + 1) * interval '1 minute')",
      rowsBehind: `
        WHERE $13::bigint IS NULL
           OR (remaining, priority_rank, region_weight) > ($13, $14::int, $15::int)
           OR ((remaining, priority_rank, region_weight) = ($13, $14, $15)
               AND (updated_at < $16::timestamptz OR (updated_at = $16 AND id > $17::uuid)))`,
      now: "$10",
      limit: "$12",
    }),
  );

const inBilling = "t.is_open AND NOT t.in_queue";
const ofAnyAccount = "$18::uuid[] IS NULL";
/** By the part of all tickets that is asked for; each is read in the order of an index but those that span parts. */
export const queueStatements = {
  queue: queueStatement("cockpit_queue", `t.in_queue AND ${ofAnyAccount}`),
  queueOfAccounts: queueStatement("cockpit_queue_accounts", "t.in_queue AND t.account_id = ANY ($18::uuid[])"),
  billing: queueStatement("cockpit_billing", `${inBilling} AND ${ofAnyAccount}`),
  open: queueStatement("cockpit_open", `(t.in_queue OR (${inBilling})) AND ${ofAnyAccount}`),
  final: queueStatement("cockpit_final", `NOT t.is_open AND NOT t.in_queue AND ${ofAnyAccount}`),
  all: queueStatement("cockpit_all", ofAnyAccount),
};

/**
 * The first page of the whole queue, which is what most readers ask for. Without the filters nobody gave, Postgres keeps
 * its plan: 0.35 ms, where it plans the long form anew each time for 1.2 ms.
 */
export const firstPage = statement<QueueRow>(
  "cockpit_queue_first_page",
  queueSql({ where: "t.in_queue", endBehind: "", rowsBehind: "", now: "$1::timestamptz", limit: "$2::bigint" }),
);

/** The part whose rows a list of states can hold. VERIFIED and INVOICED wait for money, and for no dispatcher. */
function partOf(states: CockpitInput["state"]): keyof typeof queueStatements {
  if (!states) return "queue";
  const parts = new Set(
    states.map((state) => {
      if (state === "CLOSED" || state === "CANCELLED") return "final";
      return state === "VERIFIED" || state === "INVOICED" ? "billing" : "queue";
    }),
  );
  if (parts.size === 1) return [...parts][0] ?? "queue";
  return parts.has("final") ? "all" : "open";
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
  const asked = partOf(input.state);
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
  const after = [limit, ...position, part === "queueOfAccounts" ? accounts : null];
  const isPlain = part === "queue" && [firstNow, ...before, ...after.slice(1)].every((value) => value === null);
  return {
    // The statement's own parameters, so that nothing can decide the rows and be missing here.
    key: JSON.stringify([part, firstNow, before, after]),
    read: async ({ db, clock, policy }) => {
      const readAt = clock.now().toISOString();
      const now = firstNow === null ? readAt : String(firstNow);
      const rows = isPlain
        ? await db.rows(firstPage, [now, limit])
        : await db.rows(queueStatements[part], [...before, now, policy.sla.warningMinutes, ...after]);
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      const nextCursor = last
        ? cursorOf([now, last.remaining, last.priority_rank, last.region_weight, last.updated_at, last.id])
        : null;
      return { readAt, now, rows: rows.slice(0, limit), nextCursor };
    },
  };
}
