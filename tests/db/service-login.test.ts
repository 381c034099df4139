// The login of API and workers on the embedded server, on a server of the test's own: roles are the whole server's.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../dispatch/db/embedded.ts";
import { lockHolders } from "../../dispatch/db/lock-holders.ts";
import { openDatabase } from "../../dispatch/db/pool.ts";
import { ensureServiceLogin } from "../../dispatch/db/service-login.ts";
import { openDesk } from "../../dispatch/process/open-desk.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { loadDatabase } from "../../dispatch/ops/backup/load.ts";
import { takeBackup } from "../../dispatch/ops/backup/take.ts";
import { quietWork, storeIn } from "../backup/used-desk.ts";
import { query, quiet } from "../support/data-folder.ts";
import { placeReadyCluster } from "../support/ready-cluster.ts";
import { memoryKept, throwAway } from "../support/server-settings.ts";

const roleRow = `SELECT xmin::text, rolsuper, rolcreaterole, rolpassword FROM pg_authid WHERE rolname = 'dispatch_service'`;
const memberships = `SELECT roleid::regrole::text AS of, admin_option FROM pg_auth_members
  WHERE member = 'dispatch_service'::regrole ORDER BY 1`;

describe("the login dispatch_service", () => {
  let dataDir: string;
  let server: EmbeddedPostgres;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "dsvc-"));
    await placeReadyCluster(dataDir);
    server = await startEmbeddedPostgres({ dataDir, log: quiet, settings: throwAway, environment: memoryKept });
  });
  after(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  test("is made once by processes that start side by side, without a password, and then left as it is", async () => {
    const urls = await Promise.all(Array.from({ length: 8 }, () => ensureServiceLogin(server.url)));
    assert.equal(new Set(urls).size, 1);
    assert.deepEqual(await query({ url: urls[0] ?? "" }, "SELECT session_user::text AS login"), [
      { login: "dispatch_service" },
    ]);
    const made = await query(server, roleRow);
    assert.deepEqual(
      made.map(({ rolsuper, rolcreaterole, rolpassword }) => ({ rolsuper, rolcreaterole, rolpassword })),
      [{ rolsuper: false, rolcreaterole: false, rolpassword: null }],
    );
    assert.deepEqual(await query(server, memberships), [
      { of: "dispatch_app", admin_option: false },
      { of: "pg_read_all_stats", admin_option: false },
    ]);
    // A start on a full disk must get by without writing.
    await ensureServiceLogin(server.url);
    assert.deepEqual(await query(server, roleRow), made);
  });

  test("is mended where it had become more or less than it should be", async () => {
    await ensureServiceLogin(server.url);
    for (const change of [
      "ALTER ROLE dispatch_service SUPERUSER CREATEROLE",
      "ALTER ROLE dispatch_service NOLOGIN",
      "REVOKE dispatch_app FROM dispatch_service",
    ]) {
      await query(server, change);
      const url = await ensureServiceLogin(server.url);
      assert.deepEqual(
        await query({ url }, "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = session_user"),
        [{ rolsuper: false, rolcreaterole: false }],
        change,
      );
      await query({ url }, "SELECT 1 FROM tickets LIMIT 1");
    }
  });

  test("becomes nobody else and changes no history, whatever role it asks for", async () => {
    const client = new pg.Client({ connectionString: await ensureServiceLogin(server.url) });
    await client.connect();
    try {
      for (const first of ["RESET ROLE", "SET ROLE NONE", "SET ROLE dispatch_app"]) {
        await client.query(first);
        for (const statement of [
          "SET ROLE dispatch_owner",
          "ALTER ROLE dispatch_service SUPERUSER",
          "DELETE FROM audit_events",
          "UPDATE webhook_endpoints SET url = 'https://elsewhere.example'",
          "CREATE TABLE mine ()",
          "COPY tickets TO PROGRAM 'true'",
        ])
          await assert.rejects(client.query(statement), { code: "42501" }, `${first}; ${statement}`);
      }
    } finally {
      await client.end();
    }
  });

  test("sees of a lock's holder what it does and since when", async () => {
    const url = await ensureServiceLogin(server.url);
    const holder = new pg.Client({ connectionString: server.url, application_name: "a console" });
    await holder.connect();
    const limits = { statementTimeoutMs: 60_000, lockTimeoutMs: 60_000, poolMax: 1, role: null };
    const db = openDatabase({ url, applicationName: "watch", onError: quiet, ...limits });
    try {
      await holder.query("BEGIN; LOCK TABLE tickets");
      const [seen] = await lockHolders(db, 5);
      assert.deepEqual([seen?.application, seen?.state], ["a console", "idle in transaction"]);
      assert.equal(typeof seen?.seconds, "number");
    } finally {
      await db.close();
      await holder.end();
    }
  });

  test("is what a process has that starts or finds the embedded server by itself", async () => {
    const desk = await openDesk({
      settings: readSettings({ DISPATCH_DATA_DIR: dataDir }),
      applicationName: "by itself",
      apiUrl: () => "",
      log: { info: quiet, warn: quiet },
    });
    try {
      await desk.desk.db.transaction(async () => undefined);
      const sessions =
        "SELECT DISTINCT usename::text AS login FROM pg_stat_activity WHERE application_name = 'by itself'";
      assert.deepEqual(await query(server, sessions), [{ login: "dispatch_service" }]);
    } finally {
      await desk.close();
    }
  });

  test("reads and writes what a backup brought back, into a database that was emptied after the login was made", async () => {
    await query(server, "INSERT INTO accounts (id, name) VALUES (gen_random_uuid(), 'Kept')");
    await ensureServiceLogin(server.url);
    const [out, work, store] = [join(dataDir, "kept"), quietWork(), await storeIn(dataDir)];
    const manifest = await takeBackup({ databaseUrl: server.url, store, copyObjects: false, out }, work);
    await query(server, "DROP SCHEMA public CASCADE");
    await query(server, "CREATE SCHEMA public");
    await loadDatabase(server.url, out, manifest, work);
    const service = { url: await ensureServiceLogin(server.url) };
    assert.deepEqual(await query(service, "SELECT name FROM accounts"), [{ name: "Kept" }]);
    await query(service, "INSERT INTO write_probes (process, written_at) VALUES (gen_random_uuid(), now())");
  });
});
