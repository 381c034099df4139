// ops/reference/schema.md: what the migrations make, read back from the database's catalog. Tables, columns, keys,
// indexes, triggers, functions and rights; a change of schema shows here as a difference that a person reads.

import type pg from "pg";

const made = "<!-- Written by `pnpm generate` from a database that all migrations made. -->";

const columns = `
  SELECT c.relname AS of, format('%s %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
           CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
           CASE WHEN a.attidentity = 'a' THEN ' GENERATED ALWAYS AS IDENTITY'
                WHEN a.attgenerated = 's' THEN ' GENERATED ALWAYS AS ' || pg_get_expr(d.adbin, d.adrelid)
                WHEN d.oid IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) ELSE '' END) AS line
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  ORDER BY c.relname, a.attnum`;

// Since 18 NOT NULL is a constraint of its own too; the columns tell of it already.
const constraints = `
  SELECT conrelid::regclass::text AS of, conname || ' ' || pg_get_constraintdef(oid) AS line
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype <> 'n' ORDER BY 1, 2`;

const indexes = `
  SELECT indrelid::regclass::text AS of, pg_get_indexdef(indexrelid) AS line
  FROM pg_index JOIN pg_class c ON c.oid = indexrelid
  WHERE c.relnamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
  ORDER BY 1, 2`;

const triggers = `
  SELECT tgrelid::regclass::text AS of, pg_get_triggerdef(oid) ||
         CASE tgenabled WHEN 'O' THEN '' ELSE ' (' || tgenabled::text || ')' END AS line
  FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2`;

const rights = `
  SELECT c.relname AS of, format('%s: %s', grantee.rolname, string_agg(acl.privilege_type, ', ' ORDER BY acl.privilege_type)) AS line
  FROM pg_class c, aclexplode(c.relacl) AS acl JOIN pg_roles grantee ON grantee.oid = acl.grantee
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S') AND acl.grantee <> c.relowner
  GROUP BY c.relname, grantee.rolname
  UNION ALL
  SELECT c.relname, format('%s: %s (%s)', grantee.rolname, acl.privilege_type, string_agg(a.attname, ', ' ORDER BY a.attname))
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) AS acl JOIN pg_roles grantee ON grantee.oid = acl.grantee
  WHERE c.relnamespace = 'public'::regnamespace AND acl.grantee <> c.relowner
  GROUP BY c.relname, grantee.rolname, acl.privilege_type ORDER BY 1, 2`;

const sequences = `
  SELECT c.relname AS of, format('sequence of %s', format_type(s.seqtypid, NULL)) AS line
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
  WHERE c.relnamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype IN ('a', 'i') AND refobjsubid > 0)
  ORDER BY 1`;

// The bodies' hashes alone: the text is in the migration.
const functions = `
  SELECT format('%s(%s) returns %s, md5 %s', p.proname, pg_get_function_identity_arguments(p.oid),
                pg_get_function_result(p.oid), md5(p.prosrc)) AS line
  FROM pg_proc p
  WHERE p.pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  ORDER BY 1`;

type Row = { readonly of: string; readonly line: string };

const sections = {
  Columns: columns,
  Constraints: constraints,
  Indexes: indexes,
  Triggers: triggers,
  Rights: rights,
} as const;

/** The page for the schema of a database. */
export async function schemaPage(client: pg.Client): Promise<string> {
  const parts: string[] = ["# Schema", "", made, ""];
  const bySection: (readonly [string, readonly Row[]])[] = [];
  for (const [title, question] of Object.entries(sections))
    bySection.push([title, (await client.query<Row>(question)).rows]);
  const columnRows = bySection[0]?.[1] ?? [];
  for (const table of new Set(columnRows.map((row) => row.of))) {
    parts.push(`## ${table}`, "");
    for (const [title, rows] of bySection) {
      const lines = rows.filter((row) => row.of === table).map(({ line }) => line);
      if (lines.length > 0) parts.push(`${title}:`, "", "```text", ...lines, "```", "");
    }
  }
  const loose = [
    ...(await client.query<Row>(sequences)).rows,
    ...(bySection.at(-1)?.[1] ?? []).filter((row) => !columnRows.some((one) => one.of === row.of)),
  ];
  parts.push("## Sequences", "", "```text", ...loose.map((row) => `${row.of}: ${row.line}`), "```", "");
  parts.push(
    "## Functions",
    "",
    "```text",
    ...(await client.query<Row>(functions)).rows.map(({ line }) => line),
    "```",
    "",
  );
  return parts.join("\n");
}
