// A process that starts while Postgres has no connection free waits a while, says the server's own words, and works once there is one.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openDesk } from "../../dispatch/process/open-desk.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { createTestDatabase, databaseUrl } from "../support/database.ts";
import { query } from "../support/data-folder.ts";

test("a start without a connection free waits, in the server's words, and goes on", async (t) => {
  const { url } = await createTestDatabase(t);
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-start-"));
  t.after(() => rm(dataDir, { recursive: true }));
  const login = `dispatch_start_${randomBytes(4).toString("hex")}`;
  const owner = { url: databaseUrl(url, "postgres") };
  await query(owner, `CREATE ROLE ${login} LOGIN PASSWORD 'word' CONNECTION LIMIT 0 IN ROLE dispatch_app`);
  t.after(() => query(owner, `DROP ROLE ${login}`));
  const address = new URL(url);
  address.username = login;
  address.password = "word";
  const environment = { DISPATCH_DATABASE_URL: address.href, DISPATCH_DATA_DIR: dataDir };
  const warned: string[] = [];
  const open = (env: Record<string, string>, onWarning: () => Promise<unknown>) =>
    openDesk({
      settings: readSettings({ ...environment, ...env }),
      applicationName: "start-wait",
      apiUrl: () => "",
      log: {
        info: () => undefined,
        warn: (message) => {
          warned.push(message);
          void onWarning();
        },
      },
    });
  const words = /^Cannot connect to the database .*: too many connections for role/;
  await assert.rejects(
    open({ DISPATCH_DB_START_WAIT_SECONDS: "0" }, async () => undefined),
    { name: "MigrationError", message: words },
  );
  assert.deepEqual(warned, []);
  const desk = await open({}, () => query(owner, `ALTER ROLE ${login} CONNECTION LIMIT -1`));
  await desk.close();
  assert.equal(warned.length, 1);
  assert.match(warned[0] ?? "", words);
  assert.match(warned[0] ?? "", /tried again for up to 30 s\.$/);
});

test("a pool that is larger than what the server has left is said at the start", async (t) => {
  const { url } = await createTestDatabase(t);
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-start-"));
  t.after(() => rm(dataDir, { recursive: true }));
  const warned: string[] = [];
  const desk = await openDesk({
    settings: readSettings({ DISPATCH_DATABASE_URL: url, DISPATCH_DATA_DIR: dataDir, DISPATCH_DB_POOL_MAX: "500" }),
    applicationName: "start-wait",
    apiUrl: () => "",
    log: { info: () => undefined, warn: (message) => void warned.push(message) },
  });
  await desk.close();
  assert.match(
    warned.join("\n"),
    /^This process may need up to 503 connections .* the server has -?\d+ left: \d+ of \d+ are in use\./,
  );
});
