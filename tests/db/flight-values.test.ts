// What values become on their way to Postgres and back.

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { isoTime, openDatabase, type Database } from "../../dispatch/db/pool.ts";
import { createEmptyDatabase } from "../support/database.ts";
import { testStatement } from "../support/statement.ts";

async function open(t: TestContext): Promise<Database> {
  const db = openDatabase({
    url: (await createEmptyDatabase(t)).url,
    poolMax: 1,
    applicationName: "values",
    role: null,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 60_000,
    onError: () => undefined,
  });
  t.after(() => db.close());
  return db;
}

test("a value is read back as what it was", async (t) => {
  const db = await open(t);
  const nasty = ["", " ", "null", "NULL", 'a "word"', String.raw`C:\temp\"`, "{a,b}", "naïve 👷 \u0001", "tab\tline\n"];
  const cases: readonly (readonly [type: string, value: unknown, read?: unknown])[] = [
    ["text", "plain"],
    ["text", "x".repeat(3_000_000)],
    ...nasty.map((text) => ["text", text] as const),
    ["text[]", nasty],
    ["text[]", []],
    ["text[]", ["a", null, undefined, "null"], ["a", null, null, "null"]],
    [
      "text[]",
      [
        ["a", 'b"'],
        ["c", null],
      ],
    ],
    ["int[]", [1, -2, 3]],
    ["bool[]", [true, false]],
    ["jsonb[]", [{ a: 'b"' }]],
    ["bytea[]", [Buffer.from([0, 255]), new Uint8Array([7])], [Buffer.from([0, 255]), Buffer.from([7])]],
    ["uuid[]", ["0be9c000-0000-4000-8000-000000000001"]],
    ["int2", 7],
    ["int8", 9_007_199_254_740_991],
    ["int8", 9_007_199_254_740_991n, 9_007_199_254_740_991],
    ["int8", -1],
    ["float8", 0.1],
    ["numeric", "12345678901234567890.5"],
    ["bool", true],
    ["bool", false],
    ["json", { a: [1, "b", null], "c d": { e: true } }],
    ["jsonb", "null", null],
    ["bytea", Buffer.from([0, 1, 254, 255])],
    ["bytea", new Uint8Array([0, 9]).subarray(1), Buffer.from([9])],
    ["timestamptz", new Date("2026-01-02T03:04:05.678Z"), "2026-01-02T03:04:05.678Z"],
    ["timestamptz", "2026-01-02T03:04:05.600+02:00", "2026-01-02T01:04:05.600Z"],
    ["text", null],
    ["int", undefined, null],
  ];
  for (const [i, [type, value, read = value]] of cases.entries()) {
    const echo = testStatement<{ value: unknown }>(`test_echo_${i}`, `SELECT $1::${type} AS value, $2::int AS i`);
    // Once as it is described, and once as it is remembered.
    for (const _ of [1, 2]) assert.deepEqual(await db.row(echo, [value, i]), { value: read, i }, `${type} ${i}`);
  }
});

test("text and bytes go together in one statement", async (t) => {
  const db = await open(t);
  const mixed = testStatement("test_mixed", "SELECT $1::text AS a, $2::bytea AS b, $3::int AS c, $4::bytea AS d");
  const values = ["a", Buffer.from("b"), 3, null];
  assert.deepEqual(await db.row(mixed, values), { a: "a", b: Buffer.from("b"), c: 3, d: null });
});

test("no rows, no columns, nothing to do", async (t) => {
  const db = await open(t);
  const none = testStatement("test_none", "SELECT 1 AS one WHERE false");
  const bare = testStatement("test_bare", "SELECT FROM generate_series(1, 2)");
  const empty = testStatement("test_empty", "");
  const set = testStatement("test_set", "SET application_name = 'other'");
  for (const _ of [1, 2]) {
    assert.deepEqual(await db.rows(none), []);
    assert.equal(await db.row(none), null);
    assert.deepEqual(await db.rows(bare), [{}, {}]);
    assert.deepEqual(await db.rows(empty), []);
    assert.deepEqual(await db.rows(set), []);
  }
});

test("rows come in their order, in any number", async (t) => {
  const db = await open(t);
  const series = testStatement<{ n: number; text: string | null }>(
    "test_series",
    "SELECT n, CASE WHEN n % 3 > 0 THEN repeat('x', n % 100) END AS text FROM generate_series(1, $1::int) n",
  );
  const expected = Array.from({ length: 20_000 }, (_, i) => ({
    n: i + 1,
    text: (i + 1) % 3 > 0 ? "x".repeat((i + 1) % 100) : null,
  }));
  assert.deepEqual(await db.rows(series, [20_000]), expected);
});

test("a list that holds itself is refused, and the connection goes on", async (t) => {
  const db = await open(t);
  const echo = testStatement<{ value: string }>("test_echo", "SELECT $1::text AS value");
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  await assert.rejects(db.row(echo, [loop]), TypeError);
  await assert.rejects(db.row(echo, [new Date(Number.NaN)]), RangeError);
  await assert.rejects(db.row(echo, [() => "text"]), TypeError);
  await assert.rejects(db.row(echo, ["a\0b"]), { code: "22021" });
  assert.deepEqual(await db.row(echo, ["good"]), { value: "good" });
});

test("the server's time as ISO 8601 in UTC with milliseconds", () => {
  assert.equal(isoTime("2026-01-02 03:04:05+00"), "2026-01-02T03:04:05.000Z");
  assert.equal(isoTime("2026-01-02 03:04:05.6+00"), "2026-01-02T03:04:05.600Z");
  assert.equal(isoTime("2026-01-02 03:04:05.678901+00"), "2026-01-02T03:04:05.678Z");
  assert.equal(isoTime("2026-01-02 03:04:05.678+05:30"), "2026-01-01T21:34:05.678Z");
  assert.throws(() => isoTime("infinity"), RangeError);
});
