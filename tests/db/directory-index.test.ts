// Among 20,000 contacts each way of the directory's search is read by its index, by one plan that Postgres keeps whatever is typed,
// and past few rows besides those that are found.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import pg from "pg";
import { searchFor } from "../../dispatch/directory/directory-search.ts";
import { seedDirectory } from "../../lab/bench/directory-desk.ts";
import { createTestDatabase } from "../support/database.ts";
import { readsOf, rowsRead } from "../support/query-plan.ts";

const asked = (q: string, kind: string | null = null) =>
  searchFor({ q, kind, accounts: null, sites: null, limit: 20, phoneRegion: "US" });

describe("among 20,000 contacts", async () => {
  const client = new pg.Client({ connectionString: (await createTestDatabase()).url });
  // The database may be dropped before.
  client.on("error", () => undefined);
  await client.connect();
  after(() => client.end());
  await seedDirectory(client, { accounts: 1_000, sites: 4_000, contacts: 20_000, assets: 4_000 });

  for (const [what, q, most] of [
    ["a phone number", "(550) 555-0040", 10],
    ["the end of a phone number", "0040", 10],
    ["a name", "Tara Weber", 500],
    ["a name of one in twenty", "Tara", 500],
    ["a street and number", "1 Elm", 100],
    ["a word of every street", "Street", 1_000],
    ["an e-mail address", "person17@customer.example", 10],
    ["a serial number", "SN-777", 20],
    ["another system's id", "C-4711", 10],
    ["a postal code", "10017", 20],
  ] as const) {
    test(`${what} is found past at most ${most} rows`, async () => {
      const { select, values } = asked(q);
      const { rows } = await client.query(select.text, [...values]);
      assert.ok(rows.length > 0, `${q} finds nothing`);
      for (const kind of ["custom", "generic"] as const)
        for (const table of ["accounts", "sites", "contacts", "assets"]) {
          const reads = await readsOf(client, table, { text: select.text, values, kind });
          for (const node of reads) assert.doesNotMatch(String(node["Node Type"]), /Seq Scan/, `${kind} ${table}`);
          if (table !== "accounts") {
            const read = reads.reduce((sum, node) => sum + rowsRead(node), 0);
            assert.ok(read <= most, `${read} rows of ${table} were read by a ${kind} plan`);
          }
        }
    });
  }

  test("Postgres keeps the plan, whatever is typed", async () => {
    const typed = ["0040", "Tara", "Street", "Nobody At All", "SN-777", "10017", "person17@", "41 Elm"];
    for (const q of typed) {
      const { select, values } = asked(q, q === "Tara" ? "contact" : null);
      await client.query({ name: "kept", text: select.text, values: [...values] });
    }
    const { rows } = await client.query(
      "SELECT custom_plans::int, generic_plans::int FROM pg_prepared_statements WHERE name = 'kept'",
    );
    assert.deepEqual(rows, [{ custom_plans: 5, generic_plans: typed.length - 5 }]);
  });

  test("what an archived account has is found in no way", async () => {
    // Of the accounts every hundredth is archived, with all that belongs to it.
    for (const q of ["person99@customer.example", "C-99", "S-99", "E-99", "A-99", "SN-693"]) {
      const { select, values } = asked(q);
      const { rows } = await client.query<{ account_id: string }>(select.text, [...values]);
      const { rows: gone } = await client.query(
        "SELECT FROM accounts WHERE id = ANY ($1) AND archived_at IS NOT NULL",
        [rows.map((row) => row.account_id)],
      );
      assert.equal(gone.length, 0, q);
    }
  });
});
