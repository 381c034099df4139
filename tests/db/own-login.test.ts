// The API's own login: a member of dispatch_app and nothing else. All of a ticket's work is done with it, a second such login
// takes its place without a gap, and whoever steals its address is no owner of the history.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { after, before, describe, test, type TestContext } from "node:test";
import pg from "pg";
import { openLockWatch } from "../../dispatch/api/lock-watch.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { databaseUrl } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const runbook = join(import.meta.dirname, "../../ops/runbooks/key_rotation.md");

describe("a login that is a member of dispatch_app alone", async () => {
  const owning = await startTestApi();
  const logins = ["one", "two"].map((name) => `dispatch_${name}_${randomBytes(4).toString("hex")}`);
  // As the runbook has it made, under names of the test's own: roles are the whole server's.
  before(async () => {
    const [statement, password = ""] =
      /CREATE ROLE dispatch_login_2 LOGIN PASSWORD (\S+) IN ROLE dispatch_app/.exec(await readFile(runbook, "utf8")) ??
      [];
    assert.ok(statement !== undefined, "the runbook makes no login");
    for (const login of logins)
      await owning.owner.query(statement.replace("dispatch_login_2", login).replace(password, "'word'"));
  });
  after(async () => {
    // The test's own database is gone by then.
    const server = new pg.Client({ connectionString: databaseUrl(owning.databaseUrl, "postgres") });
    await server.connect();
    for (const login of logins) await server.query(`DROP ROLE IF EXISTS ${login}`);
    await server.end();
  });
  const addressOf = (login: string): string => {
    const url = new URL(owning.databaseUrl);
    url.username = login;
    url.password = "word";
    return url.href;
  };
  const startAs = (login: string): Promise<TestApi> =>
    startTestApi({ beside: owning, databaseUrl: () => addressOf(login) });

  /** A session of the owner's. */
  const reportOf = async (t: TestContext): Promise<{ client: pg.Client; pid: number }> => {
    const client = new pg.Client({ connectionString: owning.databaseUrl, application_name: "a report" });
    client.on("error", () => undefined);
    await client.connect();
    t.after(() => client.end());
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    return { client, pid: rows[0]?.pid ?? 0 };
  };
  const endTransaction = async (pid: number, login = logins[0] ?? ""): Promise<{ code: number; err: string }> => {
    const args = [join(import.meta.dirname, "../../scripts/alerts.ts"), "--end-transaction", String(pid)];
    const env = { ...bareEnvironment, DISPATCH_DATABASE_URL: addressOf(login), DISPATCH_DATA_DIR: owning.dataDir };
    return promisify(execFile)(process.execPath, args, { env }).then(
      ({ stderr }) => ({ code: 0, err: stderr }),
      (error: unknown) => {
        assert.ok(error instanceof Error && "code" in error && "stderr" in error);
        return { code: Number(error.code), err: String(error.stderr) };
      },
    );
  };

  test("does all of a ticket's work, and so does the second one that takes its place", async () => {
    const apis = await Promise.all(logins.map(startAs));
    for (const api of apis) await ticketIn(api, "CLOSED");
    const { rows } = await owning.owner.query<{ login: string }>(
      "SELECT DISTINCT usename AS login FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY ($1) ORDER BY 1",
      [logins],
    );
    assert.deepEqual(
      rows.map(({ login }) => login),
      logins.toSorted(),
    );
  });

  test("is told in a sentence that a backup wants the owner's, and leaves nothing behind", async () => {
    const out = join(owning.dataDir, "refused-backup");
    const script = join(import.meta.dirname, "../../scripts/backup.ts");
    const env = {
      ...bareEnvironment,
      DISPATCH_DATABASE_URL: addressOf(logins[0] ?? ""),
      DISPATCH_DATA_DIR: owning.dataDir,
    };
    await assert.rejects(promisify(execFile)(process.execPath, [script, "--out", out], { env }), (error: unknown) => {
      assert.ok(error instanceof Error && "stderr" in error);
      const said = String(error.stderr);
      assert.match(said, /A backup reads all of the database, which this login may not \(permission denied for /);
      assert.doesNotMatch(said, /^\s+at /m);
      return true;
    });
    await assert.rejects(stat(out), { code: "ENOENT" });
  });

  test("is told of others' locks and for how long, though it may not see since when they work", async (t) => {
    let now = 0;
    const watch = openLockWatch(addressOf(logins[0] ?? ""), () => now);
    t.after(() => watch.close());
    const later = (seconds: number): Promise<number | null> => {
      now += seconds * 1_000;
      return watch.longestSeconds();
    };
    const { client, pid } = await reportOf(t);
    assert.equal(await later(1), 0);
    await client.query("BEGIN; LOCK TABLE tickets");
    assert.equal(await later(1), 0);
    assert.deepEqual(
      (await watch.holders())?.map(({ seconds, tables }) => ({ seconds, tables })),
      [{ seconds: null, tables: "tickets" }],
    );
    assert.equal(await later(11), 11);
    // Its next transaction is another one.
    await client.query("COMMIT; BEGIN; LOCK TABLE tickets");
    assert.equal(await later(1), 0);

    const { code, err } = await endTransaction(pid);
    assert.equal(code, 1);
    assert.match(
      err,
      new RegExp(`^This login may neither see into process ${pid} \\(a report, \\w+\\) nor end it\\. Give .*\n$`),
    );
  });

  test("is told in a sentence that it may not end what it may see", async (t) => {
    const login = logins[1] ?? "";
    await owning.owner.query(`GRANT pg_read_all_stats TO ${login}`);
    const { client, pid } = await reportOf(t);
    await client.query("BEGIN; LOCK TABLE tickets");
    await eventually(
      "it has run for long enough",
      async () => !/No transaction/.test((await endTransaction(pid, login)).err),
    );
    const { code, err } = await endTransaction(pid, login);
    assert.equal(code, 1);
    assert.match(
      err,
      new RegExp(`^This login may not end process ${pid} \\(42501: permission denied .*\\)\\. Give .*\n$`),
    );
  });

  test("changes no history, whatever role it asks for", async () => {
    await ticketIn(owning, "NEW");
    const client = new pg.Client({ connectionString: addressOf(logins[0] ?? "") });
    await client.connect();
    try {
      for (const first of ["RESET ROLE", "SET ROLE NONE", "SET ROLE dispatch_app"]) {
        await client.query(first);
        for (const statement of [
          "UPDATE audit_events SET actor_id = 'x'",
          "DELETE FROM evidence_items",
          "TRUNCATE state_transitions",
          "UPDATE webhook_endpoints SET url = 'https://elsewhere.example'",
        ]) {
          await assert.rejects(client.query(statement), { code: "42501" }, `${first}; ${statement}`);
        }
      }
      const { rows } = await owning.owner.query<{ role: string }>("SELECT current_user AS role");
      await assert.rejects(client.query(`SET ROLE "${rows[0]?.role}"`), { code: "42501" });
    } finally {
      await client.end();
    }
  });
});
