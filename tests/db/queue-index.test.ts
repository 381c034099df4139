// On a desk of 50,000 tickets a page of the cockpit or of a search is read by index, past no row that is no part of the question,
// by a plan that Postgres keeps; so is what the worker asks for; and most moves of a ticket still touch no index.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import pg from "pg";
import { finalStates, ticketStates } from "../../dispatch/contract/states.ts";
import { firstPage, queueStatements } from "../../dispatch/field/cockpit-queue.ts";
import { plainSearches, searches } from "../../dispatch/field/ticket-search.ts";
import { selectOverdueProposals } from "../../dispatch/worker/expire-schedules.ts";
import { createTestDatabase } from "../support/database.ts";
import { readsOf, rowsRead } from "../support/query-plan.ts";

const accountOf = (number: number) => `aaaaaaaa-0000-4000-8000-${String(number).padStart(12, "0")}`;
const accounts = 40;
const limit = 200;
const now = "2026-03-02T08:00:00.000Z";

const seedPlaces = `
  INSERT INTO accounts (id, name) SELECT ('aaaaaaaa-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Account ' || n
  FROM generate_series(0, $1::int - 1) AS n`;
const seedSites = `
  INSERT INTO sites (id, account_id, name, region)
  SELECT ('bbbbbbbb-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
         ('aaaaaaaa-0000-4000-8000-' || lpad((n % $1::int)::text, 12, '0'))::uuid,
         'Site ' || n, 'CA' FROM generate_series(0, 399) AS n`;
/**
 * One in 17 in the queue, with deadlines that follow no order of the table: of them what is scheduled has its start then, and
 * what waits for the customer stands, with up to a day and a half left; one in 25 waiting for money with an older deadline, the
 * rest closed and older still.
 */
const seedTickets = `
  INSERT INTO tickets (id, account_id, site_id, state, summary, sla_target_minutes, sla_deadline_at, scheduled_start, sla_stopped_at,
                       created_at, updated_at, last_transition_at, audit_seq, audit_hash)
  SELECT ('cccccccc-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
         ('aaaaaaaa-0000-4000-8000-' || lpad((n % 400 % $1::int)::text, 12, '0'))::uuid,
          ('bbbbbbbb-0000-4000-8000-' || lpad((n % 400)::text, 12, '0'))::uuid,
         state, 'Older ticket', 1440, at, CASE WHEN state IN ('SCHEDULED', 'DISPATCHED') THEN at END,
         CASE WHEN state IN ('NEEDS_INFO', 'APPROVAL_REQUIRED') THEN at - n % 2000 * interval '1 minute' END,
         at - interval '10 days', at, at, 0, ''
  FROM (SELECT n, CASE WHEN n % 17 = 0 THEN ($2::text[])[1 + n / 17 % cardinality($2::text[])]
                       WHEN n % 25 = 1 THEN ('{VERIFIED,INVOICED}'::text[])[1 + n / 25 % 2] ELSE 'CLOSED' END AS state,
               $3::timestamptz - CASE WHEN n % 17 = 0 THEN n * 7919 % 50000 * interval '5 seconds'
                                    WHEN n % 25 = 1 THEN (50000 - n) * interval '1 minute'
                                    ELSE (50000 - n) * interval '10 minutes' END AS at
        FROM generate_series(1, 50000) AS n) AS older`;

type Asked = {
  states?: readonly string[];
  scope?: string;
  account?: string;
  /** One SLA status; it is asked for at a time when a third of the queue is in time. */
  status?: string;
};

const outside = new Set<string>(["VERIFIED", "INVOICED", ...finalStates]);

const statements = { ...queueStatements, firstPage };
const questions: readonly (readonly [string, keyof typeof statements, Asked])[] = [
  ["the queue of everybody", "firstPage", {}],
  ["the queue of everybody, with filters", "queue", {}],
  ["what is late", "firstPage", { status: "breach" }],
  ["what is nearly late", "firstPage", { status: "warning" }],
  ["what is in time", "firstPage", { status: "healthy" }],
  ["what is in time, with filters", "queue", { status: "healthy" }],
  ["what is nearly late, with filters", "queue", { status: "warning" }],
  ["the queue of an account", "queueOfAccounts", { account: accountOf(3) }],
  ["the queue of a caller who may see one account", "queueOfAccounts", { account: accountOf(3), scope: accountOf(3) }],
  ["what is invoiced", "billing", { states: ["INVOICED"] }],
  ["what is closed", "final", { states: ["CLOSED"] }],
];

const earlier = "2026-03-01T07:00:00.000Z";

const [first, last, warningMinutes] = [-1_000_000_000, 20_000_000_000, 45];

const boundsOf = (status: string | undefined): [number, number] => {
  if (status === "breach") return [first, 0];
  if (status === "warning") return [0, warningMinutes + 1];
  return [status === "healthy" ? warningMinutes + 1 : first, last];
};

function valuesOf({ states, scope, account, status }: Asked) {
  const list = (one: string | undefined) => (one === undefined ? null : [one]);
  const whose = [
    list(scope),
    null,
    states ?? null,
    null,
    list(status),
    list(scope ? undefined : account),
    null,
    null,
    null,
  ];
  return [
    ...whose,
    status ? earlier : now,
    warningMinutes,
    limit,
    null,
    null,
    null,
    null,
    null,
    list(account),
    ...boundsOf(status),
  ];
}

const firstPageOf = ({ status }: Asked) => [status ? earlier : now, limit, ...boundsOf(status), warningMinutes];

/** Those whose plans Postgres shall keep, with what is asked of them and how long their pages may be. */
const kept: readonly (readonly [string, { readonly text: string }, (page: number) => unknown[]])[] = [
  ["the first page", firstPage, (page) => [now, page, ...boundsOf(undefined), warningMinutes]],
  ["what is late", firstPage, (page) => [earlier, page, ...boundsOf("breach"), warningMinutes]],
  ["what is nearly late", firstPage, (page) => [earlier, page, ...boundsOf("warning"), warningMinutes]],
  ["what is in time", firstPage, (page) => [earlier, page, ...boundsOf("healthy"), warningMinutes]],
  ["the newest tickets", plainSearches.newest, (page) => [null, page]],
  ["the newest closed tickets", plainSearches.closed, (page) => [null, page]],
];

describe("on a desk of 50,000 tickets", async () => {
  const client = new pg.Client({ connectionString: (await createTestDatabase()).url });
  // The database may be dropped before.
  client.on("error", () => undefined);
  await client.connect();
  after(() => client.end());
  await client.query(seedPlaces, [accounts]);
  await client.query(seedSites, [accounts]);
  await client.query(seedTickets, [accounts, ticketStates.filter((state) => !outside.has(state)), now]);
  await client.query("VACUUM ANALYZE tickets, sites");

  for (const [what, part, asked] of questions) {
    test(`${what} is read by index, and little besides the page`, async () => {
      const { text } = statements[part];
      const values = part === "firstPage" ? firstPageOf(asked) : valuesOf(asked);
      const { rows } = await client.query<{ state: string; account_id: string }>(text, values);
      assert.ok(rows.length > (asked.status === "warning" ? 15 : 50), `${rows.length} rows`);
      for (const { state } of rows)
        assert.ok(asked.states ? asked.states.includes(state) : !outside.has(state), `${state} is no part of ${what}`);

      for (const kind of part === "firstPage" || part === "queue"
        ? (["custom", "generic"] as const)
        : (["custom"] as const)) {
        const onTickets = await readsOf(client, "tickets", { text, values, kind });
        const streams = part === "billing" || part === "final" ? 1 : 4;
        assert.equal(onTickets.length, 2 * streams, "the page's end, and the page, of each stream");
        for (const node of onTickets) {
          assert.match(String(node["Node Type"]), /^(Index( Only)?|Bitmap Heap) Scan$/, JSON.stringify(node, null, 2));
          assert.ok(rowsRead(node) <= 2 * (limit + 1), `${rowsRead(node)} tickets were read for a page of ${limit}`);
        }
      }
    });
  }

  for (const [what, { text }, valuesFor] of kept) {
    test(`Postgres keeps the plan of ${what}, however short the page`, async () => {
      for (const page of [20, 200]) {
        const name = `${what}, ${page}`;
        // The first five are planned for their values, whatever comes of it.
        for (let run = 0; run < 8; run++) await client.query({ name, text, values: valuesFor(page) });
        const { rows } = await client.query(
          "SELECT custom_plans::int, generic_plans::int FROM pg_prepared_statements WHERE name = $1",
          [name],
        );
        assert.deepEqual(rows, [{ custom_plans: 5, generic_plans: 3 }], name);
      }
    });
  }

  test("a page of the newest tickets, or of those that are closed, is read past no other", async () => {
    for (const { text } of [plainSearches.newest, plainSearches.closed])
      for (const kind of ["custom", "generic"] as const) {
        const onTickets = await readsOf(client, "tickets", { text, values: [null, 21], kind });
        assert.deepEqual(
          onTickets.map((node) => [node["Node Type"], rowsRead(node)]),
          [["Index Scan", 21]],
        );
      }
  });

  test("a search for a state of the queue that no ticket is in reads no ticket outside it", async () => {
    const before = await client.query("DELETE FROM tickets WHERE state = 'NEEDS_INFO'");
    assert.ok((before.rowCount ?? 0) > 0);
    await client.query("ANALYZE tickets");
    const values = [null, null, ["NEEDS_INFO"], null, null, null, null, null, null, null, null, now, 45, null, 21];
    const onTickets = await readsOf(client, "tickets", { text: searches.queue.text, values });
    assert.equal(onTickets.length, 1);
    for (const node of onTickets) {
      assert.doesNotMatch(String(node["Node Type"]), /Seq Scan/);
      assert.ok(rowsRead(node) <= 50_000 / 17, `${rowsRead(node)} tickets were read`);
    }
  });

  test("offers that ran out are found without those that did not, and what is in scheduling without the rest", async () => {
    const offered = await client.query(
      `UPDATE tickets SET proposed_windows = jsonb_build_array(jsonb_build_object('end', to_char($1::timestamptz + interval '1 day',
         'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
       WHERE state = 'SCHEDULE_PROPOSED'`,
      [now],
    );
    assert.ok((offered.rowCount ?? 0) > 100);
    await client.query("VACUUM ANALYZE tickets");
    const overdue = { text: selectOverdueProposals.text, values: [now, 100], kind: "generic" } as const;
    const [due, ...more] = await readsOf(client, "tickets", overdue);
    assert.deepEqual([due?.["Index Name"], due && rowsRead(due), more], ["tickets_in_scheduling", 0, []]);
    const inScheduling = { text: "SELECT count(*) FROM tickets WHERE in_scheduling", values: [] };
    const [counted] = await readsOf(client, "tickets", inScheduling);
    assert.equal(counted?.["Index Name"], "tickets_in_scheduling");
  });

  test("what is open in several ways is read without what is over", async () => {
    const states = ["COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED"];
    const explained = await client.query(`EXPLAIN ${queueStatements.open.text}`, valuesOf({ states }));
    const plan = explained.rows.map((row) => String(row["QUERY PLAN"])).join("\n");
    assert.ok(plan.includes("tickets_queue") && plan.includes("tickets_left"), plan);
    assert.ok(!plan.includes("Seq Scan on tickets"), plan);
  });

  test("no index names the state itself", async () => {
    const { rows } = await client.query(
      `SELECT d.objid::regclass::text AS index FROM pg_depend d
       JOIN pg_index i ON i.indexrelid = d.objid
       JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
       WHERE d.classid = 'pg_class'::regclass AND d.refobjid = 'tickets'::regclass AND a.attname = 'state'`,
    );
    assert.deepEqual(rows, []);
  });

  for (const [from, to, stays] of [
    ["NEW", "NEEDS_INFO", true],
    ["NEW", "TRIAGED", true],
    ["TRIAGED", "APPROVAL_REQUIRED", true],
    // Nobody is waited for any more, which an index tells.
    ["DISPATCHED", "ON_SITE", false],
    ["ON_SITE", "IN_PROGRESS", true],
    ["IN_PROGRESS", "ON_HOLD", true],
    ["VERIFIED", "INVOICED", true],
    // It leaves the queue, and the queue's index.
    ["COMPLETED_PENDING_VERIFICATION", "VERIFIED", false],
    ["INVOICED", "CLOSED", false],
  ] as const) {
    test(`the move from ${from} to ${to} ${stays ? "touches no index" : "changes indexes"}`, async () => {
      const written = async () => {
        const { rows } = await client.query<{ updated: number; in_place: number }>(
          `SELECT pg_stat_get_xact_tuples_updated('tickets'::regclass)::int AS updated,
                  pg_stat_get_xact_tuples_hot_updated('tickets'::regclass)::int AS in_place`,
        );
        return rows[0] ?? assert.fail();
      };
      await client.query("BEGIN");
      const { rows } = await client.query<{ id: string }>(
        `INSERT INTO tickets (id, account_id, site_id, state, summary, sla_target_minutes, sla_deadline_at, scheduled_start, created_at,
                              updated_at, last_transition_at, audit_seq, audit_hash)
         SELECT gen_random_uuid(), account_id, site_id, $1, 'moves', 1, sla_deadline_at, created_at, created_at, created_at,
                created_at, 0, ''
         FROM tickets LIMIT 1 RETURNING id`,
        [from],
      );
      const before = await written();
      await client.query("UPDATE tickets SET state = $1 WHERE id = $2", [to, rows[0]?.id]);
      const behind = await written();
      await client.query("ROLLBACK");
      assert.equal(behind.updated - before.updated, 1);
      assert.equal(behind.in_place - before.in_place, stays ? 1 : 0);
    });
  }
});
