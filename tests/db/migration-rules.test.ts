// Every migration after the first keeps the rules of migration-rules.ts, and the rules find what they are there for.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { migrationsFolder, MigrationError } from "../../dispatch/db/migrate.ts";
import { oldestWorking, readMigrations, type MigrationFile } from "../../dispatch/db/migrate/files.ts";
import { findingsIn, rules } from "./migration-rules.ts";

async function read(t: TestContext, ...bodies: string[]): Promise<MigrationFile[]> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-migrations-"));
  t.after(() => rm(folder, { recursive: true }));
  for (const [at, sql] of bodies.entries()) await writeFile(join(folder, `000${at + 1}_step.sql`), sql);
  return readMigrations(folder);
}

async function rulesBroken(t: TestContext, sql: string): Promise<string[]> {
  const [file] = await read(t, sql);
  return file ? findingsIn(file).map(({ rule }) => rule) : [];
}

describe("migrations that run while a desk works", async () => {
  for (const file of (await readMigrations(migrationsFolder)).slice(1)) {
    test(`${file.name} keeps the rules, or says why not`, () => {
      const told = findingsIn(file).map(
        ({ rule, statement }) => `${rule}: ${rules.find((one) => one.rule === rule)?.why ?? ""}\n  ${statement}`,
      );
      assert.deepEqual(told, [], `${told.join("\n")}\nAn exemption is a line "-- dispatch: exempt <rule>: <reason>".`);
    });
  }

  const excused = "-- dispatch: exempt table-rewrite: no database of any size has this table yet\n";
  for (const [sql, broken] of [
    ["CREATE INDEX a ON tickets (id);", ["index-blocks-writes"]],
    ["CREATE UNIQUE INDEX a ON tickets (id) WHERE is_open;", ["index-blocks-writes"]],
    ["ALTER TABLE tickets ADD COLUMN a boolean GENERATED ALWAYS AS (state = 'NEW') STORED;", ["table-rewrite"]],
    ["ALTER TABLE tickets ADD COLUMN a int, ADD COLUMN b uuid DEFAULT gen_random_uuid();", ["table-rewrite"]],
    ["ALTER TABLE tickets ALTER COLUMN nte_cents TYPE numeric(12, 2);", ["table-rewrite"]],
    ["ALTER TABLE tickets ADD COLUMN a int NOT NULL;", ["old-code-breaks"]],
    ["ALTER TABLE tickets DROP COLUMN summary;", ["old-code-breaks"]],
    ["ALTER TABLE tickets RENAME COLUMN summary TO title;", ["old-code-breaks"]],
    ["ALTER TABLE tickets DROP CONSTRAINT a, ADD CONSTRAINT b CHECK (version > 0) NOT VALID;", ["old-code-breaks"]],
    ["DROP TABLE assets;", ["old-code-breaks"]],
    ["ALTER TABLE tickets ADD CONSTRAINT a CHECK (version > 0);", ["checks-every-row"]],
    ["ALTER TABLE tickets ADD COLUMN a uuid REFERENCES accounts;", ["checks-every-row"]],
    ["ALTER TABLE tickets ALTER COLUMN asset_id SET NOT NULL;", ["checks-every-row"]],
    ["ALTER TABLE tickets ADD UNIQUE (summary);", ["checks-every-row"]],
    ["UPDATE tickets SET version = 0;", ["long-change"]],
    ["CREATE INDEX CONCURRENTLY a ON tickets (id);", ["needs-no-transaction"]],
    [
      "-- dispatch: outside a transaction\nCREATE INDEX CONCURRENTLY a ON tickets (id);\nSELECT 1;",
      ["needs-no-transaction"],
    ],
    [`${excused}SELECT 1;`, ["idle-exemption"]],
    [
      "-- dispatch: old code works\n-- dispatch: exempt old-code-breaks: nobody has read it for two " +
        "releases\nALTER TABLE tickets DROP COLUMN a;",
      ["old-code-breaks"],
    ],
    // And what is allowed.
    ["ALTER TABLE tickets ADD COLUMN a int, ADD COLUMN b int NOT NULL DEFAULT 0;", []],
    ["ALTER TABLE tickets ADD CONSTRAINT a CHECK (version > 0) NOT VALID;", []],
    ["ALTER TABLE tickets DROP CONSTRAINT a, ADD CONSTRAINT a CHECK (version > 0) NOT VALID;", []],
    ["-- dispatch: outside a transaction\nCREATE INDEX CONCURRENTLY a ON tickets (id);", []],
    [
      "CREATE TABLE fresh (id int, up boolean GENERATED ALWAYS AS (id > 0) STORED); CREATE INDEX a ON " +
        "fresh (id); INSERT INTO fresh VALUES (1); UPDATE fresh SET id = 2;",
      [],
    ],
    [
      "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ UPDATE tickets SET version = 0; DROP TABLE assets; $$; -- DROP TABLE assets;",
      [],
    ],
    [`${excused}ALTER TABLE tickets ADD COLUMN a boolean GENERATED ALWAYS AS (state = 'NEW') STORED;`, []],
  ] as const) {
    test(`${broken.join(", ") || "nothing"} is found in: ${sql}`, async (t) =>
      assert.deepEqual(await rulesBroken(t, sql), broken));
  }

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
