// However few moves of tasks there were when Postgres last counted, what adds up their waits looks each move up: a plan that went through
// all events for each move took a third of a busy desk's time.

import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { advance, waitBounds } from "../../dispatch/workforce/task-tally.ts";
import { eventually } from "../support/eventually.ts";
import { createTestDatabase } from "../support/database.ts";
import { readsOf, rowsRead } from "../support/query-plan.ts";

const tasks = 1_500;
const idOf = (prefix: string) => `('${prefix}-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid`;

test("the tally of a desk that had no task when Postgres last counted reads two moves for each assignment", async (t) => {
  // Dropped here, behind its connection.
  const { url, drop } = await createTestDatabase({ after: () => undefined });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.after(() => client.end().then(drop));
  await client.query("SET session_replication_role = replica");
  await client.query(
    `INSERT INTO state_transitions (audit_event_id, step, aggregate, aggregate_id, from_state, to_state, created_at)
     SELECT ${idOf("dddddddd")}, 1, 'ticket', ${idOf("eeeeeeee")}, '@new', 'NEW', now() FROM generate_series(1, 300) AS n`,
  );
  await client.query("ANALYZE state_transitions");
  await client.query(
    `INSERT INTO state_transitions (audit_event_id, step, aggregate, aggregate_id, from_state, to_state, created_at)
     SELECT move.event, 1, 'task', ${idOf("cccccccc")}, move.came_from, move.went_to, move.at
     FROM generate_series(1, $1::int) AS n CROSS JOIN LATERAL (
       VALUES (${idOf("aaaaaaaa")}, '@new', 'pending', timestamptz '2026-03-02 08:00:00Z'),
              (${idOf("bbbbbbbb")}, 'pending', 'assigned', '2026-03-02 08:00:03Z')
     ) AS move (event, came_from, went_to, at)`,
    [tasks],
  );
  await client.query(
    `INSERT INTO outbox (subject, event, aggregate, aggregate_id, audit_event_id, payload, created_at)
     SELECT 'tasks', 'assigned', 'task', ${idOf("cccccccc")}, ${idOf("bbbbbbbb")}, '{}', '2026-03-02T08:00:03Z'
     FROM generate_series(1, $1::int) AS n`,
    [tasks],
  );
  // Below the oldest transaction still running, which may be another test's on this server.
  await eventually("all of it may be read", async () => {
    const { rowCount } = await client.query(
      "SELECT FROM outbox WHERE xact >= pg_snapshot_xmin(pg_current_snapshot()) LIMIT 1",
    );
    return rowCount === 0;
  });
  const reads = await readsOf(client, "state_transitions", {
    text: advance.text,
    values: [waitBounds],
    kind: "generic",
  });
  assert.equal(reads.length, 2);
  for (const read of reads) {
    assert.equal(read["Node Type"], "Index Scan");
    assert.ok(rowsRead(read) <= 2, `a move was found past ${rowsRead(read)} rows`);
    assert.equal(read["Actual Loops"], tasks);
  }
  const { rows } = await client.query<{ waits: number[] }>("SELECT waits FROM task_tally");
  assert.deepEqual(
    rows[0]?.waits,
    [...waitBounds, Infinity].map((bound, at, all) => (3 <= bound && 3 > (all[at - 1] ?? 0) ? tasks : 0)),
  );
});
