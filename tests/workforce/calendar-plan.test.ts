// How Postgres plans the calendar: of one technician once and for all, however long the roster is.

import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import type { TechnicianId } from "../../dispatch/contract/ids.ts";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";
import { loadRoster, readingAt } from "../../dispatch/workforce/calendar.ts";
import { createTestDatabase } from "../support/database.ts";
import { testStatement } from "../support/statement.ts";

/** Postgres plans a statement five times for its parameters before it may keep a plan that fits all. */
const executions = 7;

const plans = testStatement<{ name: string; generic: number }>(
  "test_plans",
  "SELECT name, generic_plans AS generic FROM pg_prepared_statements WHERE name LIKE 'calendar%' ORDER BY name",
);

test("the calendar of one technician among 4,000 is not planned for each reading", async (t) => {
  const { url } = await createTestDatabase(t);
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  const { rows } = await owner.query<{ id: TechnicianId }>(
    "INSERT INTO technicians (id, name) SELECT gen_random_uuid(), 'Technician ' || n FROM generate_series(1, 4000) n RETURNING id",
  );
  await owner.query("ANALYZE technicians");
  await owner.end();
  const db = openDatabase({
    url,
    poolMax: 1,
    applicationName: "calendar",
    role: null,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 60_000,
    onError: () => undefined,
  });
  t.after(() => db.close());
  const reading = readingAt(loadPolicy("pilot"), "2026-03-03T09:00:00.000Z");
  for (const { id } of rows.slice(0, executions)) {
    const found = await loadRoster(db, { ticketId: null, techId: id }, reading);
    assert.deepEqual(
      found.map((entry) => entry.id),
      [id],
    );
  }
  assert.deepEqual(await db.rows(plans), [{ name: "calendar_technician", generic: executions - 5 }]);
  assert.equal((await loadRoster(db, { ticketId: null }, reading)).length, 4000);
});
