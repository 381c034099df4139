// On a desk of 100,000 tasks how they stand is counted by an index alone, and what waits for too long is found without a look at the rest.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import pg from "pg";
import { taskStates } from "../../dispatch/contract/task-states.ts";
import { countStates, stuckBefore, stuckTasks } from "../../dispatch/workforce/task-standing.ts";
import { createTestDatabase } from "../support/database.ts";
import { readsOf, rowsRead } from "../support/query-plan.ts";

const now = "2026-03-02T08:00:00.000Z";
const tasks = 100_000;
const late = 40;

/** All but a hundred are over; of those that wait, the first few have waited for a day and a half. */
const seedTasks = `
  INSERT INTO tasks (id, kind, title, scope, priority, status, requester, required_capabilities, requirement, timeout_ms, max_retries,
                     retry_count, review_required, paused, version, created_at, updated_at, audit_seq, audit_hash, audit_at)
  SELECT gen_random_uuid(), 'desk', 'Check the warranty', 'warranty', 1 + n % 5, CASE WHEN n <= 100 THEN 'pending' ELSE 'completed' END,
         'dana', '{warranty}', 'warranty', 300000, 1, 0, false, false, 1, at, at, 1, '', at
  FROM (SELECT n, $1::timestamptz - CASE WHEN n <= ${late} THEN interval '36 hours' ELSE interval '1 minute' END AS at
        FROM generate_series(1, ${tasks}) AS n) AS older`;

describe("on a desk of many tasks", async () => {
  const client = new pg.Client({ connectionString: (await createTestDatabase()).url });
  // The database may be dropped before.
  client.on("error", () => undefined);
  await client.connect();
  after(() => client.end());
  await client.query(seedTasks, [now]);
  await client.query("VACUUM ANALYZE tasks");

  test("those of each state are counted by the index alone", async () => {
    for (const kind of ["custom", "generic"] as const) {
      const reads = await readsOf(client, "tasks", { text: countStates.text, values: [taskStates], kind });
      assert.deepEqual(
        reads.map((node) => node["Node Type"]),
        ["Index Only Scan"],
      );
    }
  });

  test("those that are stuck are read, and no others, whatever plan is kept", async () => {
    for (const kind of ["custom", "generic"] as const) {
      const reads = await readsOf(client, "tasks", {
        text: `SELECT count(*) FROM ${stuckTasks}`,
        values: [...stuckBefore(now)],
        kind,
      });
      // Of each priority the average over five looks is told.
      assert.deepEqual([...new Set(reads.map((node) => node["Index Name"]))], ["tasks_status"]);
      assert.ok(reads.every((node) => rowsRead(node) <= late));
    }
  });

  test("since when a task is in its state follows its moves and nothing else", async () => {
    const since = async (set: string) => {
      const { rows } = await client.query<{ since: string }>(
        `UPDATE tasks SET ${set} WHERE id = (SELECT id FROM tasks WHERE priority = 5 ORDER BY id LIMIT 1)
         RETURNING to_char(status_since AT TIME ZONE 'UTC', 'HH24:MI') AS since`,
      );
      return rows[0]?.since;
    };
    assert.equal(await since("status = 'pending', updated_at = '2026-03-02T09:00:00Z'"), "09:00");
    assert.equal(await since("status = 'pending', updated_at = '2026-03-02T10:00:00Z'"), "09:00");
    assert.equal(await since("status = 'blocked', updated_at = '2026-03-02T11:00:00Z'"), "11:00");
  });
});
