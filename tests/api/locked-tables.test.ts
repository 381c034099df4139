// Somebody locks a table in Postgres, past Dispatch: what reads it says so and by whom, and not that a call of its own is
// still running; what the alerts count stays known.

import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import pg from "pg";
import { lockHolders } from "../../dispatch/db/lock-holders.ts";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { isObject } from "../../dispatch/kernel/json.ts";
import { objectOf, objectsIn, refusalOf, startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { ticketIn } from "../support/ticket-builder.ts";

type Held = { readonly pid: number; letGo(): Promise<unknown> };

/** Holds a lock until it lets go, or `t` ends. */
async function holding(t: TestContext, api: TestApi, statement: string, values: string[] = []): Promise<Held> {
  const holder = new pg.Client({ connectionString: api.databaseUrl, application_name: "a report" });
  // A database that is dropped under it says so here.
  holder.on("error", () => undefined);
  await holder.connect();
  t.after(() => holder.end());
  const { rows } = await holder.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  // Whoever asked for the holders is answered with the same ones for a second.
  api.clock.advanceMs(1_000);
  await holder.query("BEGIN");
  await holder.query(statement, values);
  return { pid: rows[0]?.pid ?? 0, letGo: () => holder.query("ROLLBACK") };
}

const wholeTable = "LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE";

/** The holders in a refusal, without what depends on the time. */
const holdersIn = (error: object): unknown =>
  "locked_by" in error
    ? objectsIn(error.locked_by).map(({ pid, application, state, tables }) => ({ pid, application, state, tables }))
    : null;
const aReport = (pid: number) => [{ pid, application: "a report", state: "idle in transaction", tables: "tickets" }];

describe("a table that another session has locked", async () => {
  const env = { DISPATCH_DB_LOCK_TIMEOUT_MS: "100" };
  const api = await startTestApi({ env, logged: true });
  const ticket = await ticketIn(api, "NEW");

  test("a query is 503 and names the holder; it never says that a call is still running", async (t) => {
    const { pid } = await holding(t, api, wholeTable);
    for (const refused of [await api.refuse("ticket.search"), await api.refuse("ticket.get", { ticket: ticket.id })]) {
      const { code, dependency, reason } = refused.error;
      assert.deepEqual(
        [refused.status, code, dependency, reason],
        [503, "DEPENDENCY_UNAVAILABLE", "postgres", "locked"],
      );
      assert.equal(refused.headers["retry-after"], "1");
      assert.deepEqual(holdersIn(refused.error), aReport(pid));
    }
    const line = api.log.findLast(({ error_code }) => error_code === "DEPENDENCY_UNAVAILABLE");
    assert.equal(line?.["said"], "55P03: canceling statement due to lock timeout");
    assert.deepEqual(holdersIn(line), aReport(pid));
  });

  test("a customer reads nothing of the sessions", async (t) => {
    await holding(t, api, wholeTable);
    const refused = await api.refuse("ticket.get", { ticket: ticket.id, as: "customer" });
    assert.deepEqual([refused.status, refused.error["reason"], holdersIn(refused.error)], [503, "locked", null]);
  });

  test("a command keeps the contract's code, and names the holder too", async (t) => {
    const { pid } = await holding(t, api, wholeTable);
    const refused = await api.refuse("ticket.cancel", { ticket: ticket.id, body: { reason: "called off" } });
    assert.deepEqual([refused.status, refused.error.code], [409, "IDEMPOTENCY_IN_FLIGHT"]);
    assert.match(refused.error.message, /^Another session of Postgres, none of Dispatch's, holds a lock/);
    assert.deepEqual(holdersIn(refused.error), aReport(pid));
  });

  test("a statement that runs into its time limit behind a lock says so as well", async (t) => {
    const slow = { DISPATCH_DB_LOCK_TIMEOUT_MS: "60000", DISPATCH_DB_STATEMENT_TIMEOUT_MS: "2000" };
    const patient = await startTestApi({ t, beside: api, env: slow });
    const { pid, letGo } = await holding(t, api, wholeTable);
    // Another waits for it still when the first has given up.
    const waiting = api.owner.query("SELECT FROM tickets LIMIT 1");
    const refused = await patient.refuse("ticket.search");
    assert.deepEqual([refused.status, refused.error["reason"]], [503, "locked"]);
    assert.deepEqual(holdersIn(refused.error), aReport(pid));
    await letGo();
    await waiting;
  });
});

test("/ops/alerts says that a lock keeps it from reading, and what it knew last; by whom is told to the log alone", async (t) => {
  const api = await startTestApi({ t, env: { DISPATCH_DB_LOCK_TIMEOUT_MS: "100" }, logged: true });
  const ask = () => {
    api.clock.advanceMs(1_000);
    return api.send("GET", "/ops/alerts");
  };
  const early = await holding(t, api, wholeTable);
  const first = refusalOf(await ask()).error;
  assert.deepEqual([first["reason"], holdersIn(first), first["last_known"]], ["locked", null, null]);
  assert.deepEqual(holdersIn(api.log.at(-1) ?? {}), aReport(early.pid));
  await early.letGo();

  const report = objectOf(await ask());
  await holding(t, api, wholeTable);
  const reply = await ask();
  const { code, reason, last_known: last, ...rest } = refusalOf(reply).error;
  assert.deepEqual([reply.status, code, reason], [503, "DEPENDENCY_UNAVAILABLE", "locked"]);
  assert.deepEqual(holdersIn(rest), null);
  assert.ok(isObject(last) && typeof last["age_seconds"] === "number");
  assert.deepEqual(
    [last["generated_at"], last["signals"], last["alerts"]],
    [report["generated_at"], report["signals"], report["alerts"]],
  );
});

test("holders are listed with the table while nobody waits, and with how many wait for a row; the root comes first", async (t) => {
  const api = await startTestApi({ t });
  const db = openDatabase({
    url: api.databaseUrl,
    poolMax: 1,
    applicationName: "test",
    role: null,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 60_000,
    onError: () => undefined,
  });
  t.after(() => db.close());
  const listed = async () => (await lockHolders(db, 5)).map(({ pid, tables, waiting }) => ({ pid, tables, waiting }));
  assert.deepEqual(await listed(), []);
  const whole = await holding(t, api, wholeTable);
  assert.deepEqual(await listed(), [{ pid: whole.pid, tables: "tickets", waiting: 0 }]);
  await whole.letGo();
  for (const made of ["TEMPORARY TABLE aside", "SCHEMA reports CREATE TABLE days"])
    await api.owner.query(`CREATE ${made} (day date)`);
  await api.owner.query("BEGIN; LOCK TABLE aside; LOCK TABLE reports.days");
  assert.deepEqual(await listed(), [], "what nobody needs and nobody waits for");
  await api.owner.query("ROLLBACK");

  const { id } = await ticketIn(api, "NEW");
  const row = await holding(t, api, "SELECT FROM tickets WHERE id = $1 FOR UPDATE", [id]);
  const cancelled = api.call("ticket.cancel", { ticket: id, body: { reason: "called off" } });
  await eventually("a command waits for the row", async () => (await listed()).length > 0);
  assert.deepEqual((await listed())[0], { pid: row.pid, tables: "tickets", waiting: 1 });
  await row.letGo();
  assert.equal((await cancelled).status, 200);
});
