// Which GiST indexes there are, and that nobody but the constraint reads the constraint's; migration 0008 tells why.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import pg from "pg";
import { createTestDatabase } from "../support/database.ts";

test("reads and GiST indexes", async (t) => {
  const client = new pg.Client({ connectionString: (await createTestDatabase(t)).url });
  await client.connect();
  const lines = async (sql: string): Promise<string[]> =>
    (await client.query<Record<string, unknown>>(sql)).rows.flatMap((row) => Object.values(row).map(String));
  try {
    await t.test("the only ones are the constraints', and one that a recall goes through once", async () => {
      const names = await lines(
        "SELECT c.relname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'gist' ORDER BY 1",
      );
      assert.deepEqual(names, ["bookings_no_overlap", "room_words_apart", "tickets_awaiting_time"]);
    });

    await t.test(
      "the constraint's is given to no reader, not even one who asks its very question and has no other",
      async () => {
        const planOf = async (): Promise<string> =>
          (
            await lines(`EXPLAIN SELECT FROM bookings WHERE technician_id = '${randomUUID()}' AND exclusive
                      AND state IN ('tentative', 'firm') AND span && tstzrange('2030-01-01', '2030-02-01')`)
          ).join("\n");
        await client.query("BEGIN");
        await client.query("SET LOCAL enable_seqscan = off");
        assert.match(await planOf(), /bookings_live_(times|member)/);
        await client.query("DROP INDEX bookings_live_times, bookings_live_member");
        assert.doesNotMatch(await planOf(), /bookings_no_overlap/);
        await client.query(
          "CREATE INDEX inviting ON bookings USING gist (technician_id, span) WHERE state IN ('tentative', 'firm')",
        );
        assert.match(await planOf(), /inviting/);
        await client.query("ROLLBACK");
      },
    );

    await t.test("that of the rooms' words is given to no reader either", async () => {
      await client.query("BEGIN");
      await client.query("SET LOCAL enable_seqscan = off");
      const ask = "EXPLAIN SELECT FROM room_words WHERE word = 'office' AND is_group <> 1";
      assert.doesNotMatch((await lines(ask)).join("\n"), /room_words_apart/);
      await client.query("ALTER TABLE room_words DROP CONSTRAINT room_words_pkey");
      await client.query("DROP INDEX room_words_one");
      assert.doesNotMatch((await lines(ask)).join("\n"), /room_words_apart/);
      await client.query("ROLLBACK");
    });

    await t.test("a b-tree keeps every row when it grows while a statement reads it again and again", async (inner) => {
      const lost = { btree: await lostBy("btree"), gist: await lostBy("gist") };
      inner.diagnostic(`rows that a read by index does not find: ${lost.btree} by b-tree, ${lost.gist} by GiST`);
      assert.equal(lost.btree, 0);
    });

    /** Of 430 rows, how many an index no longer gives after one statement has read it six times, in whose midst it grew. */
    async function lostBy(method: "btree" | "gist"): Promise<number> {
      const table = `grown_by_${method}`;
      // Of a commit that is not flushed yet nobody knows for sure that it left a row dead.
      await client.query("SET synchronous_commit = on");
      await client.query(`
        CREATE TABLE ${table} (k uuid, span int4range);
        CREATE INDEX ON ${table} USING ${method} (k, ${method === "gist" ? "span" : "upper(span)"});
        CREATE FUNCTION key(n int) RETURNS uuid IMMUTABLE LANGUAGE sql RETURN md5((n % 5)::text)::uuid;
        CREATE FUNCTION grow(n int) RETURNS int VOLATILE LANGUAGE plpgsql AS $$ BEGIN
          IF n = 3 THEN INSERT INTO ${table} SELECT key(i), int4range(i * 10, i * 10 + 5) FROM generate_series(61, 460) AS i; END IF;
          RETURN n;
        END $$;
        INSERT INTO ${table} SELECT key(i), int4range(i * 10, i * 10 + 5) FROM generate_series(1, 60) AS i;
        DELETE FROM ${table} WHERE upper(span) <= 305;
        SET enable_seqscan = off; SET enable_bitmapscan = off`);
      const condition = method === "gist" ? "span && int4range(0, 100000)" : "upper(span) > 0";
      await client.query(
        `SELECT grow(n), (SELECT count(*) FROM ${table} WHERE k = key(n) AND ${condition}) FROM (SELECT n ` +
          "FROM generate_series(1, 6) AS n OFFSET 0) AS times",
      );
      const counts = await lines(
        `SELECT count(*) FROM generate_series(0, 4) AS n JOIN ${table} ON k = key(n) AND ${condition}`,
      );
      await client.query("RESET enable_seqscan; RESET enable_bitmapscan; DROP FUNCTION grow; DROP FUNCTION key");
      return 430 - Number(counts[0]);
    }
  } finally {
    await client.end();
  }
});
