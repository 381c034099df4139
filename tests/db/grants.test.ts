// What the role of API and workers may do to the database: no more than their statements need. A right that no statement needs is
// one that only whoever steals the login would use.

import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { startApi } from "../../dispatch/api/start.ts";
import { startWorker } from "../../dispatch/worker/start.ts";
import { declaredStatements } from "../../dispatch/db/statement.ts";
import { createTestDatabase } from "../support/database.ts";

const grants = `
  SELECT c.relname AS table, a.privilege_type AS right, NULL AS column
  FROM pg_class c, aclexplode(c.relacl) AS a
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'S') AND a.grantee = 'dispatch_app'::regrole
  UNION ALL
  SELECT c.relname, a.privilege_type, t.attname
  FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) AS a
  WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = 'dispatch_app'::regrole
  ORDER BY 1, 2, 3`;
type Grant = { readonly table: string; readonly right: string; readonly column: string | null };

/** What is assigned in a list of assignments: the names before the equals signs that are in no parenthesis. */
function assigned(list: string): string[] {
  let depth = 0;
  const own = [...list].map((char) => {
    if (char === "(") depth++;
    if (char === ")") depth--;
    return depth > 0 ? " " : char;
  });
  return own
    .join("")
    .split(",")
    .flatMap((one) => /^\s*(\w+)\s*=/.exec(one)?.[1] ?? []);
}

/** `FOR UPDATE` asks for the right to update a column, of a table that is otherwise only added to and taken from. */
const forLocksAlone = "availability_changes.changed_at";
/** Read by name in no statement: the API looks at its start whether the schema is the one it knows. */
const readAtStart = "schema_migrations";

/** What the texts of statements and of the functions they call write. */
function needsOf(texts: readonly string[]) {
  const inserted = new Set<string>();
  const deleted = new Set<string>();
  const updated = new Set([forLocksAlone]);
  const setList = /(.*?)(?=\bFROM\b|\bWHERE\b|\bRETURNING\b|;|$)/s;
  for (const text of texts) {
    for (const [, table = ""] of text.matchAll(/\bINSERT INTO (\w+)/g)) inserted.add(table);
    for (const [, table = ""] of text.matchAll(/\bDELETE FROM (\w+)/g)) deleted.add(table);
    for (const { 1: table = "", index, 0: match } of text.matchAll(/\bUPDATE (\w+)(?: \w+)?\s+SET /g))
      for (const column of assigned(setList.exec(text.slice(index + match.length))?.[1] ?? ""))
        updated.add(`${table}.${column}`);
    for (const { index, 0: match } of text.matchAll(/\bDO UPDATE\s+SET /g)) {
      const table = [...text.slice(0, index).matchAll(/\bINSERT INTO (\w+)/g)].at(-1)?.[1] ?? "";
      for (const column of assigned(setList.exec(text.slice(index + match.length))?.[1] ?? ""))
        updated.add(`${table}.${column}`);
    }
  }
  return { inserted, deleted, updated };
}

test("dispatch_app may do what API and workers do, and nothing else", async (t) => {
  const { url } = await createTestDatabase(t);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const functions = await client.query<{ text: string }>(
      "SELECT prosrc AS text FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    );
    assert.ok(typeof startApi === "function" && typeof startWorker === "function", "they declare the statements");
    const texts = [...declaredStatements().map(({ text }) => text), ...functions.rows.map(({ text }) => text)];
    const { inserted, deleted, updated } = needsOf(texts);
    const all = texts.join("\n");
    const isNeeded = ({ table, right, column }: Grant): boolean => {
      if (right === "INSERT") return inserted.has(table);
      if (right === "DELETE") return deleted.has(table);
      if (right === "UPDATE") return column !== null && updated.has(`${table}.${column}`);
      return (
        (right === "SELECT" || right === "USAGE") && (table === readAtStart || new RegExp(`\\b${table}\\b`).test(all))
      );
    };
    const granted = (await client.query<Grant>(grants)).rows;
    assert.ok(granted.length > 50, "the grants were not read");
    const unneeded = granted.filter((grant) => !isNeeded(grant));
    assert.deepEqual(
      unneeded.map(({ table, right, column }) => `${right} on ${table} ${column ?? ""}`),
      [],
    );
    const given = new Set(granted.map(({ table, right, column }) => `${right} ${table}.${column}`));
    const lacking = [...updated].filter((column) => !given.has(`UPDATE ${column}`));
    assert.deepEqual(lacking, []);
  } finally {
    await client.end();
  }
});
