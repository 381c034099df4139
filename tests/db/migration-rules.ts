// What a migration must not do to tables that a desk works on while it runs. Each rule is a question to the catalog of a
// database on which the migration has just run, so it is Postgres that says what was done, inside a DO block too. A finding
// may be excused in the file by `-- dispatch: exempt <rule>: <reason>`; an excuse that excuses nothing is a finding too.

import pg from "pg";
import type { MigrationFile } from "../../dispatch/db/migrate/files.ts";
import { beginWatch, catalog, endWatch } from "./migration-watch.ts";

export type Finding = { readonly rule: string; readonly what: string };

type Rule = {
  readonly rule: string;
  readonly why: string;
  /** Answers a row for each breach, as `what`; null for a rule that is no matter of the catalog. */
  readonly breaches: string | null;
};

/** What is there now, to be held against what was. */
const is = Object.entries(catalog)
  .map(([name, question]) => `is_${name} AS (${question})`)
  .join(", ");

/** True in the transaction of a migration, which alone knows what it locked and read. */
const inTransaction = "(SELECT pg_current_xact_id_if_assigned() IS NOT NULL)";

const blockingLock = (table: string): string => `
  EXISTS (SELECT FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.relation = ${table}
          AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))`;

export const rules: readonly Rule[] = [
  {
    rule: "index-blocks-writes",
    why: "an index on a table in use is made CONCURRENTLY, in a file of its own that says `outside a transaction`",
    breaches: `
      SELECT format('%s, a new index of %s', i.name, t.name) AS what
      FROM is_relation i JOIN was_relation t ON t.oid = i.of
      WHERE ${inTransaction} AND i.oid NOT IN (SELECT oid FROM was_relation)
        AND NOT EXISTS (SELECT FROM is_constraint k WHERE k.index = i.oid AND k.of = i.of)
      UNION ALL
      SELECT format('%s, an index of %s that is built again', i.name, t.name)
      FROM is_relation i JOIN was_relation was ON was.oid = i.oid JOIN was_relation t ON t.oid = i.of
      JOIN is_relation now ON now.oid = t.oid
      WHERE i.file <> was.file AND now.file = t.file`,
  },
  {
    rule: "table-rewrite",
    why: "a stored generated column, a volatile default, another type or storage rewrites the table while nobody may read it",
    breaches: `
      SELECT t.name AS what FROM is_relation t JOIN was_relation was ON was.oid = t.oid
      WHERE t.kind IN ('r', 'm') AND t.file <> was.file
        AND NOT EXISTS (SELECT FROM changed_rows c WHERE c.of = t.oid AND c.how = 'TRUNCATE')`,
  },
  {
    rule: "checks-every-row",
    why:
      "a new constraint reads the whole table under a lock: add it NOT VALID and VALIDATE it in a later file; SET NOT NULL " +
      "wants a valid CHECK first",
    breaches: `
      SELECT format('%s of %s', k.name, t.name) AS what
      FROM is_constraint k JOIN was_relation t ON t.oid = k.of
      WHERE k.oid NOT IN (SELECT oid FROM was_constraint) AND k.valid AND k.kind IN ('c', 'f', 'p', 'u', 'x')
        AND (k.kind IN ('c', 'f') OR k.index NOT IN (SELECT oid FROM was_relation))
        -- Another type makes a column's constraints again, while it rewrites the table.
        AND NOT EXISTS (SELECT FROM was_constraint was, is_relation now
                        WHERE (was.of, was.name, was.kind) = (k.of, k.name, k.kind) AND now.oid = k.of AND now.file <> t.file)
      UNION ALL
      SELECT format('%s of %s is validated under a lock', k.name, t.name)
      FROM is_constraint k JOIN was_constraint was ON was.oid = k.oid JOIN was_relation t ON t.oid = k.of
      WHERE k.valid AND NOT was.valid AND ${blockingLock("k.of")}
      UNION ALL
      SELECT format('%s of the domain %s', k.name, k.of_domain::regtype)
      FROM is_constraint k JOIN was_type y ON y.oid = k.of_domain
      WHERE k.valid AND NOT EXISTS (SELECT FROM was_constraint was WHERE was.oid = k.oid AND was.valid)
      UNION ALL
      SELECT format('NOT NULL of %s.%s', t.name, c.name)
      FROM is_column c JOIN was_column was ON (was.of, was.number) = (c.of, c.number) JOIN was_relation t ON t.oid = c.of
      JOIN pg_stat_xact_user_tables s ON s.relid = c.of
      WHERE c.not_null AND NOT was.not_null AND s.seq_scan > 0`,
  },
  {
    rule: "old-code-breaks",
    why:
      "the release before still runs: what it reads and writes must stay; a new NOT NULL column needs a default, dropping " +
      "waits one release",
    breaches: `
      SELECT format('%s.%s is NOT NULL and has no default', t.name, c.name) AS what
      FROM is_column c JOIN was_relation t ON t.oid = c.of LEFT JOIN was_column was ON (was.of, was.number) = (c.of, c.number)
      WHERE c.not_null AND NOT c.has_default AND (was.number IS NULL OR was.not_null AND was.has_default)
      UNION ALL
      SELECT format('%s.%s %s', t.name, was.name, CASE WHEN c.of IS NULL THEN 'was there'
               WHEN c.name <> was.name THEN 'is called ' || c.name ELSE format('was %s and is %s', was.type, c.type) END)
      FROM was_column was JOIN is_relation t ON t.oid = was.of LEFT JOIN is_column c ON (c.of, c.number) = (was.of, was.number)
      WHERE (c.name, c.type) IS DISTINCT FROM (was.name, was.type)
      UNION ALL
      SELECT format('%s, a constraint of %s, was there', was.name, t.name)
      FROM was_constraint was JOIN is_relation t ON t.oid = was.of
      WHERE NOT EXISTS (SELECT FROM is_constraint k WHERE (k.of, k.name, k.kind) = (was.of, was.name, was.kind))
      UNION ALL
      SELECT format('%s was there', was.name) FROM was_relation was
      WHERE (was.kind <> 'i' OR was.is_unique) AND NOT EXISTS (SELECT FROM was_constraint k WHERE k.index = was.oid)
        AND NOT EXISTS (SELECT FROM is_relation r WHERE r.name = was.name AND (r.oid = was.oid OR was.kind = 'i' AND r.is_unique))
      UNION ALL
      SELECT format('%s was there', name) FROM was_function
      WHERE name NOT IN (SELECT name FROM is_function)
      UNION ALL
      SELECT format('the type %s was there', name) FROM was_type WHERE (oid, name) NOT IN (SELECT oid, name FROM is_type)
      UNION ALL
      SELECT format('the schema %s was there', name) FROM was_schema WHERE (oid, name) NOT IN (SELECT oid, name FROM is_schema)`,
  },
  {
    rule: "right-taken",
    why: "a right that a statement of the release before uses must stay; one that none uses may go, and the file says so",
    breaches: `
      SELECT format('%s may no longer %s the %s', was.grantee::regrole, was.privilege, was.kind) AS what
      FROM was_right was WHERE was.of IN (SELECT of FROM is_right)
        AND (was.of, was.grantee, was.privilege) NOT IN (SELECT of, grantee, privilege FROM is_right)`,
  },
  {
    rule: "long-change",
    why: "changing all rows at once holds locks and doubles the table: do it in small parts by a duty of the worker",
    breaches: `
      SELECT format('%s of %s', c.how, t.name) AS what FROM changed_rows c JOIN was_relation t ON t.oid = c.of
      UNION ALL
      SELECT format('%s is locked and nothing about it changes', t.name)
      FROM was_relation t JOIN was_mark was ON was.relid = t.oid JOIN is_mark now ON now.relid = t.oid
      WHERE t.kind IN ('r', 'p') AND was.mark = now.mark AND ${blockingLock("t.oid")}`,
  },
  {
    rule: "needs-no-transaction",
    why: "CONCURRENTLY runs outside a transaction and must be the only statement of its file; whatever can run inside one does",
    breaches: null,
  },
];

/** Postgres' answer to a statement that cannot run inside a transaction, or not beside others. */
const notInTransaction = "25001";

/**
 * Runs a migration that comes after the first, and says what breaks a rule; empty when all is well.
 * @param keep false to undo what ran in a transaction; what ran outside stays
 * @throws pg.DatabaseError when the migration does not run at all
 */
export async function findingsOf(client: pg.Client, file: MigrationFile, keep = true): Promise<Finding[]> {
  await beginWatch(client);
  try {
    const found: Finding[] = [];
    await client.query("BEGIN");
    const inside = await runs(client, file.sql);
    if (inside) found.push(...(await breachesSeen(client)));
    await client.query(inside && keep ? "COMMIT" : "ROLLBACK");
    if (inside !== file.inTransaction)
      found.push({ rule: "needs-no-transaction", what: inside ? "it can run inside" : "it cannot run inside" });
    else if (!inside && !(await runs(client, file.sql)))
      found.push({ rule: "needs-no-transaction", what: "it is more than one statement" });
    else if (!inside) found.push(...(await breachesSeen(client)));
    return judged(file, found);
  } finally {
    await endWatch(client);
  }
}

async function runs(client: pg.Client, sql: string): Promise<boolean> {
  try {
    await client.query(sql);
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === notInTransaction) return false;
    await client.query("ROLLBACK");
    throw error;
  }
}

async function breachesSeen(client: pg.Client): Promise<Finding[]> {
  const found: Finding[] = [];
  // The planner knows nothing of the tables kept before: left to loop over them, the questions took three times the CPU.
  await client.query("SET enable_nestloop = off");
  for (const { rule, breaches } of rules) {
    if (breaches === null) continue;
    const { rows } = await client.query<{ what: string }>(`WITH ${is} ${breaches} ORDER BY what`);
    found.push(...rows.map(({ what }) => ({ rule, what })));
  }
  await client.query("RESET enable_nestloop");
  return found;
}

/** What is left of the findings after the file's exemptions. */
function judged(file: MigrationFile, found: readonly Finding[]): Finding[] {
  const open = found.filter(({ rule }) => !file.exempt.has(rule));
  for (const rule of file.exempt.keys()) {
    if (!found.some((one) => one.rule === rule))
      open.push({ rule: "idle-exemption", what: `nothing here breaks ${rule}` });
  }
  // What old code does not survive may not say that it does.
  const breaking = found.filter(({ rule }) => rule === "old-code-breaks");
  if (file.oldCodeWorks) open.push(...breaking.filter((one) => !open.includes(one)));
  return open;
}
