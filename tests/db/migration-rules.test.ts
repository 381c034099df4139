// Every migration after the first keeps the rules of migration-rules.ts, and the rules find what they are there for.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test, type TestContext } from "node:test";
import pg from "pg";
import { migrate, migrationsFolder, MigrationError } from "../../dispatch/db/migrate.ts";
import { oldestWorking, readMigrations, type MigrationFile } from "../../dispatch/db/migrate/files.ts";
import { createEmptyDatabase, createTestDatabase } from "../support/database.ts";
import { findingsOf, rules, type Finding } from "./migration-rules.ts";

async function read(t: TestContext, ...bodies: string[]): Promise<MigrationFile[]> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-migrations-"));
  t.after(() => rm(folder, { recursive: true }));
  for (const [at, sql] of bodies.entries()) await writeFile(join(folder, `000${at + 1}_step.sql`), sql);
  return readMigrations(folder);
}

async function opened(): Promise<{ client: pg.Client; end(): Promise<void> }> {
  // Dropped here, behind its connection.
  const { url, drop } = await createTestDatabase({ after: () => undefined });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return { client, end: () => client.end().then(drop) };
}

const shared = await opened();
after(shared.end);

/** The rules a migration breaks on this release's database: a copy of its own where it runs after `before`, or cannot be undone. */
async function rulesBroken(t: TestContext, sql: string, before?: string): Promise<string[]> {
  const [file] = await read(t, sql);
  assert.ok(file);
  const own = file.inTransaction && before === undefined ? null : await opened();
  try {
    const { client } = own ?? shared;
    if (before !== undefined) await client.query(before);
    const findings = await findingsOf(client, file, false);
    return [...new Set(findings.map(({ rule }) => rule))].toSorted();
  } finally {
    await own?.end();
  }
}

/** What each of this release's migrations does, one after the other, on a database of theirs. */
async function findingsOfEach(files: readonly MigrationFile[]): Promise<[string, Finding[]][]> {
  const { url, drop } = await createEmptyDatabase();
  await migrate({ databaseUrl: url, upTo: files[0]?.name ?? "", log: () => undefined });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const found: [string, Finding[]][] = [];
  for (const file of files.slice(1)) found.push([file.name, await findingsOf(client, file)]);
  await client.end();
  await drop();
  return found;
}

describe("migrations that run while a desk works", async () => {
  const files = await readMigrations(migrationsFolder);
  for (const [name, findings] of await findingsOfEach(files)) {
    test(`${name} keeps the rules, or says why not`, () => {
      const told = findings.map(
        ({ rule, what }) => `${rule}: ${rules.find((one) => one.rule === rule)?.why ?? ""}\n  ${what}`,
      );
      assert.deepEqual(told, [], `${told.join("\n")}\nAn exemption is a line "-- dispatch: exempt <rule>: <reason>".`);
    });
  }

  test("each of them was looked at", async () => {
    assert.ok(files.length > 8);
  });

  const excused = "-- dispatch: exempt table-rewrite: no database of any size has this table yet\n";
  const unread = "-- dispatch: exempt old-code-breaks: nobody has read it for two releases\n";
  const madeAgain = "DROP CONSTRAINT tickets_nte_cents_check, ADD CONSTRAINT tickets_nte_cents_check";
  const fresh = "CREATE TABLE fresh (id int, up boolean GENERATED ALWAYS AS (id > 0) STORED);";
  const off = "-- dispatch: outside a transaction\n";
  for (const [sql, broken] of [
    ["CREATE INDEX a ON tickets (id);", ["index-blocks-writes"]],
    ["CREATE UNIQUE INDEX a ON tickets (id) WHERE is_open;", ["index-blocks-writes"]],
    ["REINDEX TABLE tickets;", ["index-blocks-writes"]],
    ["DO $$ BEGIN CREATE INDEX a ON tickets (id); END $$;", ["index-blocks-writes"]],
    ["DO $$ BEGIN EXECUTE format('CREATE INDEX a ON %I (id)', 'tickets'); END $$;", ["index-blocks-writes"]],
    ["ALTER TABLE tickets ADD COLUMN a boolean GENERATED ALWAYS AS (state = 'NEW') STORED;", ["table-rewrite"]],
    ["ALTER TABLE tickets ADD COLUMN a int, ADD COLUMN b uuid DEFAULT gen_random_uuid();", ["table-rewrite"]],
    [
      "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'; ALTER TABLE tickets ADD a int DEFAULT f();",
      ["table-rewrite"],
    ],
    ["ALTER TABLE tickets ADD COLUMN a bigint GENERATED ALWAYS AS IDENTITY;", ["table-rewrite"]],
    ["ALTER TABLE tickets ALTER COLUMN nte_cents TYPE numeric(12, 2);", ["old-code-breaks", "table-rewrite"]],
    [
      "ALTER TABLE tickets ALTER description TYPE jsonb USING to_jsonb(description);",
      ["old-code-breaks", "table-rewrite"],
    ],
    ["DO $$ BEGIN ALTER TABLE completions SET UNLOGGED; END $$;", ["table-rewrite"]],
    ["CLUSTER tickets USING tickets_pkey;", ["table-rewrite"]],
    [`${off}VACUUM FULL tickets;`, ["table-rewrite"]],
    ["ALTER TABLE tickets ADD COLUMN a int NOT NULL;", ["old-code-breaks"]],
    ["ALTER TABLE tickets ALTER COLUMN priority DROP DEFAULT;", ["old-code-breaks"]],
    ["ALTER TABLE tickets DROP COLUMN summary;", ["old-code-breaks"]],
    ["ALTER TABLE tickets RENAME COLUMN summary TO title;", ["old-code-breaks"]],
    ["ALTER TABLE tickets RENAME TO jobs;", ["old-code-breaks"]],
    [
      "ALTER TABLE tickets DROP CONSTRAINT tickets_nte_cents_check, ADD CONSTRAINT b CHECK (nte_cents > 0) NOT VALID;",
      ["old-code-breaks"],
    ],
    ["DROP TABLE assets CASCADE;", ["old-code-breaks"]],
    ["DROP FUNCTION latest_window_end(jsonb) CASCADE;", ["old-code-breaks"]],
    ["REVOKE INSERT ON tickets FROM dispatch_app;", ["right-taken"]],
    ["ALTER TABLE tickets ADD CONSTRAINT a CHECK (version >= 0);", ["checks-every-row"]],
    [
      "ALTER TABLE tickets ADD CONSTRAINT a FOREIGN KEY (pending_approval_id) REFERENCES accounts;",
      ["checks-every-row"],
    ],
    ["ALTER TABLE tickets ADD a int CHECK (a > 0);", ["checks-every-row"]],
    ["ALTER TABLE tickets ADD COLUMN a uuid REFERENCES accounts;", ["checks-every-row"]],
    ["ALTER TABLE tickets ALTER COLUMN asset_id SET NOT NULL;", ["checks-every-row"]],
    ["ALTER TABLE tickets ADD UNIQUE (summary);", ["checks-every-row"]],
    [
      "ALTER TABLE tickets ADD CONSTRAINT a CHECK (version >= 0) NOT VALID; ALTER TABLE tickets VALIDATE CONSTRAINT a;",
      ["checks-every-row"],
    ],
    ["UPDATE tickets SET version = 0;", ["long-change"]],
    ["DELETE FROM tickets WHERE id IN (SELECT ticket_id FROM uploads);", ["long-change"]],
    ["TRUNCATE recommendation_snapshots;", ["long-change"]],
    ["MERGE INTO sites USING accounts ON account_id = accounts.id WHEN MATCHED THEN DELETE;", ["long-change"]],
    ["CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'UPDATE tickets SET version = 0'; SELECT f();", ["long-change"]],
    ["LOCK TABLE tickets IN SHARE MODE;", ["long-change"]],
    ["CREATE INDEX CONCURRENTLY a ON tickets (id);", ["needs-no-transaction"]],
    [`${off}CREATE INDEX CONCURRENTLY a ON tickets (id);\nSELECT 1;`, ["needs-no-transaction"]],
    [`${off}ALTER TABLE tickets ADD COLUMN a int;`, ["needs-no-transaction"]],
    [`${excused}SELECT 1;`, ["idle-exemption"]],
    [`-- dispatch: old code works\n${unread}ALTER TABLE tickets DROP COLUMN summary;`, ["old-code-breaks"]],
    // And what is allowed.
    ["ALTER TABLE tickets ADD COLUMN a int, ADD COLUMN b int NOT NULL DEFAULT 0;", []],
    ["ALTER TABLE tickets ADD COLUMN a timestamptz NOT NULL DEFAULT now();", []],
    ["ALTER TABLE tickets ADD CONSTRAINT a CHECK (version > 0) NOT VALID;", []],
    [`ALTER TABLE tickets ${madeAgain} CHECK (nte_cents > 0) NOT VALID;`, []],
    [`${off}CREATE INDEX CONCURRENTLY a ON tickets (id);`, []],
    [`${off}REINDEX TABLE CONCURRENTLY tickets;`, []],
    ["DROP INDEX tickets_in_work;", []],
    [`${fresh} CREATE INDEX a ON fresh (id); INSERT INTO fresh VALUES (1); UPDATE fresh SET id = 2;`, []],
    ["CREATE TABLE fresh (id uuid PRIMARY KEY, ticket_id uuid NOT NULL REFERENCES tickets);", []],
    ["INSERT INTO accounts (id, name) VALUES (gen_random_uuid(), 'A');", []],
    [
      "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ UPDATE tickets SET version = 0; DROP TABLE assets; $$; -- DROP TABLE assets;",
      [],
    ],
    [
      "CREATE OR REPLACE FUNCTION latest_window_end(windows jsonb) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT NULL';",
      [],
    ],
    ["GRANT DELETE ON tickets TO dispatch_app; COMMENT ON TABLE tickets IS 'work';", []],
    [`${excused}ALTER TABLE tickets ADD COLUMN a boolean GENERATED ALWAYS AS (state = 'NEW') STORED;`, []],
  ] as const) {
    test(`${broken.join(", ") || "nothing"} is found in: ${sql}`, async (t) =>
      assert.deepEqual(await rulesBroken(t, sql), broken));
  }

  const notValid = "ALTER TABLE tickets ADD CONSTRAINT known CHECK (asset_id IS NOT NULL) NOT VALID";
  const valid = "ALTER TABLE tickets ADD CONSTRAINT known CHECK (asset_id IS NOT NULL)";
  for (const [name, before, sql, broken] of [
    ["VALIDATE in a file of its own", notValid, "ALTER TABLE tickets VALIDATE CONSTRAINT known;", []],
    [
      "VALIDATE behind a change that locks the table",
      notValid,
      "ALTER TABLE tickets ADD COLUMN a int; ALTER TABLE tickets VALIDATE CONSTRAINT known;",
      ["checks-every-row"],
    ],
    ["SET NOT NULL that a valid CHECK proves", valid, "ALTER TABLE tickets ALTER COLUMN asset_id SET NOT NULL;", []],
    [
      "SET NOT NULL that a CHECK NOT VALID does not prove",
      notValid,
      "ALTER TABLE tickets ALTER COLUMN asset_id SET NOT NULL;",
      ["checks-every-row"],
    ],
    [
      "UNIQUE that takes an index over",
      "CREATE UNIQUE INDEX words ON tickets (summary)",
      "ALTER TABLE tickets ADD UNIQUE USING INDEX words;",
      [],
    ],
  ] as const) {
    test(`${broken.join(", ") || "nothing"} is found in ${name}`, async (t) =>
      assert.deepEqual(await rulesBroken(t, sql, before), broken));
  }

  test("a migration that does not run is no finding", async (t) => {
    await assert.rejects(rulesBroken(t, "ALTER TABLE no_such_table ADD COLUMN a int;"), { code: "42P01" });
  });

  test("a line that means nothing, or an exemption without a reason, is refused", async (t) => {
    for (const said of ["old code work", "exempt table-rewrite", "exempt table-rewrite: because"]) {
      await assert.rejects(
        read(t, `-- dispatch: ${said}\nSELECT 1;`),
        (error) => error instanceof MigrationError && error.code === "bad_files" && error.message.includes(said),
      );
    }
  });

  test("code is old enough up to the last step that breaks it", async (t) => {
    const works = "-- dispatch: old code works\nSELECT 1;";
    assert.equal(oldestWorking(await read(t, "SELECT 1;", works, works)), "0001_step");
    assert.equal(oldestWorking(await read(t, "SELECT 1;", works, "SELECT 1;")), "0003_step");
    assert.equal(oldestWorking(await read(t, "SELECT 1;", "SELECT 1;", works)), "0002_step");
  });
});
