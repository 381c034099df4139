// ops/reference/schema.md is what the migrations make: whoever changes the schema changes that page, and a reader of the
// change sees what became of every table, index and right.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { schemaPage } from "../../lab/generate/schema-page.ts";
import { createTestDatabase } from "../support/database.ts";

test("the page of the schema equals what the migrations make", async (t) => {
  const client = new pg.Client({ connectionString: (await createTestDatabase(t)).url });
  await client.connect();
  try {
    const kept = await readFile(join(import.meta.dirname, "../../ops/reference/schema.md"), "utf8");
    const made = await schemaPage(client);
    assert.equal(made, kept, "Run pnpm generate and commit the page.");
    await client.query("ALTER TABLE tickets ADD COLUMN unseen int");
    assert.notEqual(await schemaPage(client), kept);
  } finally {
    await client.end();
  }
});
