// Connections to Postgres on which nothing comes back any more and which nobody closes, as when a firewall forgets them or a
// host loses its power: whoever follows the events goes on following, and so do those who follow while commands wait.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { after, describe, test, type TestContext } from "node:test";
import { openDatabase, type Session } from "../../dispatch/db/pool.ts";
import { mostInGroup } from "../../dispatch/kernel/command-groups.ts";
import { openEvents } from "../api/event-client.ts";
import { startApiProcess, type ApiProcess } from "../support/api-process.ts";
import { until } from "../support/eventually.ts";
import { testStatement } from "../support/statement.ts";
import { post } from "./callers.ts";
import { createTicket, layOutField, rowsOf, triage } from "./field.ts";
import { holdLock } from "./gate.ts";
import { startOwnPostgres } from "./own-postgres.ts";
import { startPostgresProxy } from "./postgres-proxy.ts";

const poolMax = 10;
const streams = 4;
/** Long enough for a plain statement on a machine that is busy. */
const statementTimeoutMs = 3_000;
/** Longer than any test here. */
const tooLongMs = "600000";

const postgres = await startOwnPostgres({ after });
const field = await layOutField(postgres.url);
const start = (t: TestContext, databaseUrl: string, settings: Record<string, string>): Promise<ApiProcess> =>
  startApiProcess(t, {
    databaseUrl,
    dataDir: join(postgres.folder, "desk"),
    settings: { DISPATCH_DB_POOL_MAX: String(poolMax), ...settings },
  });

const backend = testStatement<{ pid: number; idle: string; user_timeout: string }>(
  "backend",
  `SELECT pg_backend_pid() AS pid,
          (SELECT reset_val FROM pg_settings WHERE name = 'tcp_keepalives_idle') AS idle,
          (SELECT reset_val FROM pg_settings WHERE name = 'tcp_user_timeout') AS user_timeout`,
);

/** Something happens, and those who listen are told, by somebody with a connection of their own. */
async function happen(subject: string): Promise<void> {
  await rowsOf(
    postgres.url,
    "INSERT INTO outbox (subject, event, payload, created_at) VALUES ($1, 'test', '{}', now())",
    [subject],
  );
  await rowsOf(postgres.url, "NOTIFY dispatch_outbox");
}

async function listeners(): Promise<number[]> {
  const rows = await rowsOf<{ pid: number }>(
    postgres.url,
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'dispatch-api listen'",
  );
  return rows.map(({ pid }) => pid);
}

describe("connections that fall silent", () => {
  test("are replaced: events come to everybody, and by news again", async (t) => {
    const proxy = await startPostgresProxy(t, postgres.url);
    const api = await start(t, proxy.url, { DISPATCH_DB_STATEMENT_TIMEOUT_MS: String(statementTimeoutMs) });
    const followers = await Promise.all(
      Array.from({ length: streams }, () => openEvents(api, { query: "?subject=s.*" })),
    );
    await happen("s.before");
    for (const follower of followers) assert.equal((await follower.next()).data["subject"], "s.before");
    await Promise.all(Array.from({ length: 2 * poolMax }, () => post(api, createTicket(field), randomUUID())));

    const silent = await listeners();
    assert.equal(silent.length, 1);
    proxy.strand();
    await happen("s.after");
    for (const follower of followers) assert.equal((await follower.next()).data["subject"], "s.after");
    await until(t, "another connection listens", async () => (await listeners()).some((pid) => !silent.includes(pid)));
  });

  test("are left together: one read runs into its time limit, and no further one", async (t) => {
    const proxy = await startPostgresProxy(t, postgres.url);
    const lost: Error[] = [];
    const db = openDatabase({
      url: proxy.url,
      poolMax: 5,
      applicationName: "silent",
      role: null,
      statementTimeoutMs,
      lockTimeoutMs: statementTimeoutMs,
      onError: (error) => lost.push(error),
    });
    t.after(() => db.close());
    const apart = db.apart("reads", 1);
    t.after(() => apart.close());
    const read = (from: Session) => from.row(backend);
    const before = await Promise.all([...Array.from({ length: 5 }, () => read(db)), read(apart)]);
    assert.equal(new Set(before.map((row) => row?.pid)).size, 6);

    proxy.strand();
    await assert.rejects(read(db), { message: "Query read timeout" });
    for (const from of [db, db, apart]) {
      const row = await read(from);
      assert.ok(row && !before.some((one) => one?.pid === row.pid));
      assert.deepEqual([row.idle, row.user_timeout], ["10", "20000"], "the server's end looks after itself too");
    }
    assert.equal(db.gauges().total, 1);
    assert.deepEqual(lost, []);
  });

  test("do not keep an API from ending in good order", async (t) => {
    const proxy = await startPostgresProxy(t, postgres.url);
    const api = await start(t, proxy.url, { DISPATCH_DB_STATEMENT_TIMEOUT_MS: String(statementTimeoutMs) });
    const follower = await openEvents(api);
    proxy.strand();
    assert.equal(await api.stop(), 0);
    await follower.ended();
  });
});

test("events come while every connection of the commands waits", async (t) => {
  const api = await start(t, postgres.url, {
    DISPATCH_DB_STATEMENT_TIMEOUT_MS: tooLongMs,
    DISPATCH_DB_LOCK_TIMEOUT_MS: tooLongMs,
  });
  // Enough for a full group on each connection.
  const made = await Promise.all(
    Array.from({ length: mostInGroup * poolMax }, () => post(api, createTicket(field), randomUUID())),
  );
  const follower = await openEvents(api, { query: "?subject=s.*" });
  // What waits here has written nothing yet, so that no event waits for it.
  const gate = await holdLock(t, postgres.url, "LOCK TABLE tickets IN EXCLUSIVE MODE");
  const waiting = made.map(({ body }) => post(api, triage(body.id ?? ""), randomUUID()));
  await gate.crowd(poolMax);
  await happen("s.meanwhile");
  assert.equal((await follower.next()).data["subject"], "s.meanwhile");
  await gate.open();
  for (const { status, text } of await Promise.all(waiting)) assert.equal(status, 200, text);
});
