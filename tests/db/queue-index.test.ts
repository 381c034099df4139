// A page of the cockpit is read by index on a desk of 50,000 tickets, for everybody and for one account, past no row that
// waits for money or is over; and most moves of a ticket still touch no index.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import pg from "pg";
import { finalStates, ticketStates } from "../../dispatch/contract/states.ts";
import { firstPage, queueStatements } from "../../dispatch/field/cockpit-queue.ts";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { createTestDatabase } from "../support/database.ts";

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
/** One in 17 in the queue, one in 25 waiting for money with an older deadline, the rest closed and older still. */
const seedTickets = `
  INSERT INTO tickets (id, account_id, site_id, state, summary, sla_target_minutes, sla_deadline_at, created_at, updated_at,
                       last_transition_at, audit_seq, audit_hash)
  SELECT ('cccccccc-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
         ('aaaaaaaa-0000-4000-8000-' || lpad((n % 400 % $1::int)::text, 12, '0'))::uuid,
          ('bbbbbbbb-0000-4000-8000-' || lpad((n % 400)::text, 12, '0'))::uuid,
         state, 'Older ticket', 1440, at, at, at, at, 0, ''
  FROM (SELECT n, CASE WHEN n % 17 = 0 THEN ($2::text[])[1 + n / 17 % cardinality($2::text[])]
                       WHEN n % 25 = 1 THEN ('{VERIFIED,INVOICED}'::text[])[1 + n / 25 % 2] ELSE 'CLOSED' END AS state,
               $3::timestamptz - (50000 - n) * CASE WHEN n % 17 = 0 THEN interval '5 seconds' WHEN n % 25 = 1 THEN interval '1 minute'
                                               ELSE interval '10 minutes' END AS at
        FROM generate_series(1, 50000) AS n) AS older`;

const outside = new Set<string>(["VERIFIED", "INVOICED", ...finalStates]);

const statements = { ...queueStatements, firstPage };
const questions: readonly (readonly [
  string,
  keyof typeof statements,
  { states?: readonly string[]; scope?: string; account?: string },
])[] = [
  ["the queue of everybody", "firstPage", {}],
  ["the queue of everybody, with filters", "queue", {}],
  ["the queue of an account", "queueOfAccounts", { account: accountOf(3) }],
  ["the queue of a caller who may see one account", "queueOfAccounts", { account: accountOf(3), scope: accountOf(3) }],
  ["what is invoiced", "billing", { states: ["INVOICED"] }],
  ["what is closed", "final", { states: ["CLOSED"] }],
];

function valuesOf({ states, scope, account }: { states?: readonly string[]; scope?: string; account?: string }) {
  const list = (one: string | undefined) => (one === undefined ? null : [one]);
  const filters = [list(scope), null, states ?? null, null, null, list(scope ? undefined : account), null, null, null];
  return [...filters, now, 45, limit, null, null, null, null, null, list(account)];
}

/** Every node of a plan. */
function* nodesOf(plan: unknown): Generator<JsonObject> {
  assert.ok(isObject(plan));
  yield plan;
  const below: unknown = plan["Plans"] ?? [];
  assert.ok(Array.isArray(below));
  for (const one of below) yield* nodesOf(one);
}

const numberIn = (node: JsonObject, key: string): number => Number(node[key] ?? 0);

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
      const values = part === "firstPage" ? [now, limit] : valuesOf(asked);
      const { rows } = await client.query<{ state: string; account_id: string }>(text, values);
      assert.ok(rows.length > 50, `${rows.length} rows`);
      for (const { state } of rows)
        assert.ok(asked.states ? asked.states.includes(state) : !outside.has(state), `${state} is no part of ${what}`);

      const explained = await client.query<{ "QUERY PLAN": unknown }>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
      const plans = explained.rows[0]?.["QUERY PLAN"];
      assert.ok(Array.isArray(plans) && isObject(plans[0]));
      const onTickets = [...nodesOf(plans[0]["Plan"])].filter((node) => node["Relation Name"] === "tickets");
      assert.equal(onTickets.length, 2, "the page's end, and the page");
      for (const node of onTickets) {
        assert.match(String(node["Node Type"]), /^(Index( Only)?|Bitmap Heap) Scan$/, JSON.stringify(node, null, 2));
        const read = numberIn(node, "Actual Rows") + numberIn(node, "Rows Removed by Filter");
        assert.ok(read <= 2 * (limit + 1), `${read} tickets were read for a page of ${limit}`);
      }
    });
  }

  test("what is open in several ways is read without what is over", async () => {
    const states = ["COMPLETED_PENDING_VERIFICATION", "VERIFIED", "INVOICED"];
    const explained = await client.query(`EXPLAIN ${queueStatements.open.text}`, valuesOf({ states }));
    const plan = explained.rows.map((row) => String(row["QUERY PLAN"])).join("\n");
    assert.ok(plan.includes("tickets_queue_deadline") && plan.includes("tickets_left_deadline"), plan);
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
    ["DISPATCHED", "ON_SITE", true],
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
        `INSERT INTO tickets (id, account_id, site_id, state, summary, sla_target_minutes, sla_deadline_at, created_at, updated_at,
                              last_transition_at, audit_seq, audit_hash)
         SELECT gen_random_uuid(), account_id, site_id, $1, 'moves', 1, sla_deadline_at, created_at, created_at, created_at, 0, ''
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
