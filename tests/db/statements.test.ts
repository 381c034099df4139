// Every statement of the product, described by a migrated Postgres: none asks for what is not there, and the rows it is
// declared with are those that come back. The rows are compared by the compiler, see dispatch/db/statement.ts.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import pg from "pg";
import { columnsOf } from "../../dispatch/db/columns.ts";
import { statement, type StatementName } from "../../dispatch/db/statement.ts";
import { describe, loadStatements, statementRowsFile, typesRead } from "../../lab/generate/statement-rows.ts";
import { createTestDatabase } from "../support/database.ts";
import { testStatement } from "../support/statement.ts";

async function onSchema(t: TestContext, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: (await createTestDatabase(t)).url });
  await client.connect();
  await use(client).finally(() => client.end());
}

test("the rows the compiler compares with are those of the migrated schema", (t) =>
  onSchema(t, async (client) => {
    const kept = await readFile(join(import.meta.dirname, "../../dispatch/db/statement-rows.generated.ts"), "utf8");
    assert.equal(await statementRowsFile(client), kept, "Run pnpm generate and commit the file.");
    await client.query("ALTER TABLE webhook_endpoints ALTER COLUMN url DROP NOT NULL");
    assert.notEqual(await statementRowsFile(client), kept);
  }));

test("Postgres understands every statement, its parameters have no gap and its columns names of their own", (t) =>
  onSchema(t, async (client) => {
    const statements = await loadStatements();
    assert.ok(statements.length > 150, `only ${statements.length} statements were found`);
    for (const one of statements) {
      const { parameters, columns } = await describe(client, one);
      const used = new Set([...one.text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
      const expected = parameters.map((_, i) => i + 1);
      assert.deepEqual(
        [...used].toSorted((a, b) => a - b),
        expected,
        `the parameters of ${one.name}`,
      );
      assert.equal(
        new Set(columns.map(({ name }) => name)).size,
        columns.length,
        `two columns of ${one.name} share a name`,
      );
    }
  }));

test("a statement that asks for what is not there is told by its name, and the next is described all the same", (t) =>
  onSchema(t, async (client) => {
    const wrong = testStatement("test_wrong", "SELECT ticket_id FROM rejections");
    await assert.rejects(describe(client, wrong), /^Error: test_wrong: column "ticket_id" does not exist$/);
    const gap = testStatement("test_gap", "SELECT $1::text AS a, $3::text AS c");
    await assert.rejects(describe(client, gap), /could not determine data type of parameter \$2/);
    const right = await describe(client, testStatement("test_right", "SELECT $1::text AS a"));
    assert.deepEqual([right.parameters.length, right.columns.map(({ name }) => name)], [1, ["a"]]);
  }));

test("a name is declared once", async () => {
  await loadStatements();
  assert.throws(() => statement("ticket_select", "SELECT 1"), /two statements have the name ticket_select/);
  assert.throws(() => statement("x".repeat(64), "SELECT 1"), /a statement's name is too long/);
});

test("what is read of a type is what the rows are declared with", (t) =>
  onSchema(t, async (client) => {
    const samples: Record<string, string> = {
      bool: "t",
      int2: "1",
      int4: "1",
      int8: "1",
      float8: "0.5",
      text: "a",
      name: "a",
      uuid: "0be9c000-0000-4000-8000-000000000001",
      timestamptz: "2026-01-02 03:04:05.6+00",
      _text: "{a}",
      _uuid: "{0be9c000-0000-4000-8000-000000000001}",
      _int4: "{1}",
    };
    for (const [type, declared] of Object.entries(typesRead)) {
      if (declared === "unknown") continue;
      const { columns } = await describe(client, testStatement("test_type", `SELECT NULL::${type} AS value`));
      const read = columnsOf(columns).readers[0]?.(samples[type] ?? assert.fail(`no sample of ${type}`));
      const [, item] = /^readonly (\w+)\[\]$/.exec(declared) ?? [];
      if (item !== undefined) assert.deepEqual([Array.isArray(read), typeof [read].flat()[0]], [true, item]);
      else assert.equal(typeof read, declared, type);
    }
  }));

/** Whether the compiler takes `ticket_heads`, which returns `id`, `seq`, `hash` and `state`, for a statement of these rows. */
type TakesHeads<Row extends object> = "ticket_heads" extends StatementName<Row> ? true : false;
type Heads = { id: string; seq: number; hash: string; state: string };
/** The same for `backup_evidence`, whose `checksum` may be null. */
type TakesEvidence<Row extends object> = "backup_evidence" extends StatementName<Row> ? true : false;

// Compiled and never run: where the compiler takes what it should refuse, or the other way round, `tsc` fails.
export const compiled = {
  exact: true satisfies TakesHeads<Heads>,
  union: true satisfies TakesHeads<Omit<Heads, "state"> & { state: "NEW" | "CLOSED" }>,
  branded: true satisfies TakesHeads<Omit<Heads, "id"> & { id: string & { readonly brand: "ticket" } }>,
  nullable: true satisfies TakesHeads<Omit<Heads, "state"> & { state: string | null }>,
  missing: false satisfies TakesHeads<Omit<Heads, "state">>,
  extra: false satisfies TakesHeads<Heads & { account_id: string }>,
  optional: false satisfies TakesHeads<Heads & { account_id?: string }>,
  wrongType: false satisfies TakesHeads<Omit<Heads, "seq"> & { seq: string }>,
  wrongPart: false satisfies TakesHeads<Omit<Heads, "seq"> & { seq: number | string }>,
  nullDeclared: true satisfies TakesEvidence<{ id: string; uri: string; checksum: string | null }>,
  nullForgotten: false satisfies TakesEvidence<{ id: string; uri: string; checksum: string }>,
};
