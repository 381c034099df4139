// An upgrade beside a working desk: the next release's migrations run while commands go on, and the code of today works
// on the schema of tomorrow when that says it may.

import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import pg from "pg";
import {
  assertSchemaCurrent,
  migrate,
  migrationsFolder,
  MigrationError,
  schemaVersion,
} from "../../dispatch/db/migrate.ts";
import { readMigrations } from "../../dispatch/db/migrate/files.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { createTestDatabase } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { ticketIn } from "../support/ticket-builder.ts";
import { findingsOf } from "./migration-rules.ts";

const additive = `-- dispatch: old code works
ALTER TABLE tickets ADD COLUMN tomorrow integer NOT NULL DEFAULT 7, ADD COLUMN remark text;
CREATE TABLE remarks (id uuid PRIMARY KEY, ticket_id uuid NOT NULL, remark text NOT NULL);
GRANT SELECT, INSERT ON remarks TO dispatch_app;
`;
const index = `-- dispatch: old code works
-- dispatch: outside a transaction
CREATE INDEX CONCURRENTLY tickets_tomorrow ON tickets (tomorrow) WHERE is_open;
`;

/** This release's migrations and further ones behind them. */
async function nextRelease(t: TestContext, ...further: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-next-"));
  t.after(() => rm(folder, { recursive: true }));
  await cp(migrationsFolder, folder, { recursive: true });
  const last = (await readdir(folder)).length;
  for (const [at, sql] of further.entries())
    await writeFile(join(folder, `${String(last + at + 1).padStart(4, "0")}_next_${at}.sql`), sql);
  return folder;
}

async function connected(t: TestContext, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // The database may be dropped before.
  client.on("error", () => undefined);
  await client.connect();
  t.after(() => client.end());
  return client;
}

/** Takes tickets from call to dispatch until told to stop. */
function load(api: TestApi): { stop(): Promise<number> } {
  let going = true;
  let tickets = 0;
  const lane = async () => {
    for (; going; tickets++) await ticketIn(api, "SCHEDULED");
  };
  const lanes = [lane(), lane(), lane()];
  return {
    stop: async () => {
      going = false;
      await Promise.all(lanes);
      return tickets;
    },
  };
}

describe("the next release's migrations", () => {
  test("run while commands go on: none fails, and today's API works on before, during and after", async (t) => {
    const api = await startTestApi({ t });
    const folder = await nextRelease(t, additive, index);
    const rehearsal = await connected(t, (await createTestDatabase(t)).url);
    for (const file of (await readMigrations(folder)).slice(-2))
      assert.deepEqual(await findingsOf(rehearsal, file), []);
    const working = load(api);
    const { applied } = await migrate({ databaseUrl: api.databaseUrl, folder, log: () => undefined });
    await ticketIn(api, "DISPATCHED");
    const tickets = await working.stop();
    assert.equal(applied.length, 2);
    assert.ok(tickets > 0);
    // And an API of today that starts only now.
    const late = await startTestApi({ t, beside: api });
    await ticketIn(late, "INVOICED");
    const { rows } = await api.owner.query("SELECT bool_and(tomorrow = 7) AS filled FROM tickets");
    assert.deepEqual(rows, [{ filled: true }]);
  });

  test("let commands pass while a long transaction holds a table, and end once it does", async (t) => {
    const api = await startTestApi({ t });
    const folder = await nextRelease(t, additive);
    const holder = await connected(t, api.databaseUrl);
    await holder.query("BEGIN");
    await holder.query("SELECT count(*) FROM tickets");
    const told: string[] = [];
    const migrating = migrate({ databaseUrl: api.databaseUrl, folder, log: (message) => told.push(message) });
    await eventually("it let go once", () => told.some((message) => message.includes("waits: another session holds")));
    await ticketIn(api, "SCHEDULED");
    await holder.query("COMMIT");
    assert.equal((await migrating).applied.length, 1);
  });

  test("give up in the end and name the way out, with nothing changed", async (t) => {
    const { url } = await createTestDatabase(t);
    const holder = await connected(t, url);
    const before = await schemaVersion(holder);
    await holder.query("BEGIN");
    await holder.query("LOCK TABLE tickets IN ACCESS SHARE MODE");
    const attempt = migrate({
      databaseUrl: url,
      folder: await nextRelease(t, additive),
      log: () => undefined,
      tries: 1,
    });
    await assert.rejects(
      attempt,
      (error) => error instanceof MigrationError && error.code === "busy" && /pg_stat_activity/.test(error.message),
    );
    await holder.query("COMMIT");
    assert.equal(await schemaVersion(holder), before);
  });

  test("by three at once make an index without a transaction, and nobody waits for ever", async (t) => {
    const { url } = await createTestDatabase(t);
    const folder = await nextRelease(t, additive, index);
    const results = await Promise.all([1, 2, 3].map(() => migrate({ databaseUrl: url, folder, log: () => undefined })));
    assert.equal(results.flatMap(({ applied }) => applied).length, 2);
    const client = await connected(t, url);
    assert.deepEqual(
      (await client.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'tickets_tomorrow'::regclass")).rows,
      [{ indisvalid: true }],
    );
  });
});

describe("code of the release before", () => {
  for (const [what, further, works] of [
    ["starts on a schema that says it may", [additive], true],
    ["starts two such steps later too", [additive, index], true],
    ["does not start where a step says nothing", ["CREATE TABLE silent ();"], false],
    ["does not start when any step since says nothing", ["CREATE TABLE silent ();", additive], false],
  ] as const) {
    test(what, async (t) => {
      const { url } = await createTestDatabase(t);
      const { version } = await migrate({
        databaseUrl: url,
        folder: await nextRelease(t, ...further),
        log: () => undefined,
      });
      const client = await connected(t, url);
      const starts = assertSchemaCurrent(client);
      if (!works)
        return assert.rejects(starts, (error) => error instanceof MigrationError && error.code === "schema_newer");
      await starts;
      assert.deepEqual(await migrate({ databaseUrl: url, log: () => undefined }), {
        applied: [],
        version,
        path: migrationsFolder,
      });
    });
  }
});
