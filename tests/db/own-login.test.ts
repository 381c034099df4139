// The API's own login: a member of dispatch_app and nothing else. All of a ticket's work is done with it, a second such login
// takes its place without a gap, and whoever steals its address is no owner of the history.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { databaseUrl } from "../support/database.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const runbook = join(import.meta.dirname, "../../ops/runbooks/key_rotation.md");

describe("a login that is a member of dispatch_app alone", async () => {
  const owning = await startTestApi();
  const logins = ["one", "two"].map((name) => `dispatch_${name}_${randomBytes(4).toString("hex")}`);
  // As the runbook has it made, under names of the test's own: roles are the whole server's.
  before(async () => {
    const [, statement = ""] =
      /^```sql\n(CREATE ROLE dispatch_login_2 .*?)^```$/ms.exec(await readFile(runbook, "utf8")) ?? [];
    for (const login of logins)
      await owning.owner.query(statement.replace("dispatch_login_2", login).replace("'…'", "'word'"));
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
