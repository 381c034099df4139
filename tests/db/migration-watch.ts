// A database on which a migration is run to see what it does: what the catalog said before is kept in temporary tables beside
// it, and triggers note which tables had rows changed. The names begin with was_, for the questions of migration-rules.ts.

import pg from "pg";

/** Lines of a table's own catalog rows: they differ when anything about the table was changed, and a mere lock leaves them. */
const marks = `
  SELECT relid, md5(string_agg(mark, ',' ORDER BY mark)) AS mark FROM (
    SELECT oid AS relid, 'c' || ctid || xmin AS mark FROM pg_class
    UNION ALL SELECT attrelid, 'a' || ctid || xmin FROM pg_attribute
    UNION ALL SELECT adrelid, 'd' || ctid || xmin FROM pg_attrdef
    UNION ALL SELECT conrelid, 'k' || ctid || xmin FROM pg_constraint
    UNION ALL SELECT confrelid, 'f' || ctid || xmin FROM pg_constraint
    UNION ALL SELECT tgrelid, 't' || ctid || xmin FROM pg_trigger
    UNION ALL SELECT indrelid, 'i' || ctid || xmin FROM pg_index
    UNION ALL SELECT indrelid, 'x' || c.ctid || c.xmin FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    UNION ALL SELECT ev_class, 'r' || ctid || xmin FROM pg_rewrite
    UNION ALL SELECT polrelid, 'p' || ctid || xmin FROM pg_policy
  ) AS lines WHERE relid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) GROUP BY relid`;

/** What somebody may do, by the object's kind and identity; NULL is what an object of that kind starts with. */
const rights = `
  SELECT of, kind, grantee, privilege_type AS privilege FROM (
    SELECT c.oid::text AS of, 'table ' || c.relname AS kind, coalesce(c.relacl, acldefault('r', c.relowner)) AS acl
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
    UNION ALL
    SELECT c.oid::text, 'sequence ' || c.relname, coalesce(c.relacl, acldefault('s', c.relowner))
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'
    UNION ALL
    SELECT a.attrelid || '.' || a.attnum, format('column %s of %s', a.attname, a.attrelid::regclass), a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped
    UNION ALL
    SELECT p.oid::regprocedure::text, 'function ' || p.oid::regprocedure, coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT n.nspname, 'schema ' || n.nspname, coalesce(n.nspacl, acldefault('n', n.nspowner)) FROM pg_namespace n
  ) AS objects, aclexplode(acl) AS one`;

export const catalog = {
  relation: `
    SELECT c.oid, c.relname AS name, c.relkind AS kind, c.relfilenode AS file, i.indrelid AS of,
           coalesce(i.indisunique, false) AS is_unique
    FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace`,
  column: `
    SELECT a.attrelid AS of, a.attnum AS number, a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS not_null,
           a.atthasdef OR a.attidentity <> '' AS has_default
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped`,
  // NOT NULL is a constraint of its own since 18; the columns tell of it for every version.
  constraint: `
    SELECT oid, conname AS name, conrelid AS of, contypid AS of_domain, contype AS kind, convalidated AS valid, conindid AS index
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'`,
  function: "SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
  type: "SELECT oid, typname AS name FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')",
  schema: "SELECT oid, nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_'",
  right: rights,
  mark: marks,
} as const;

const noteChanges = `
  CREATE TEMP TABLE changed_rows (of oid, how text);
  CREATE FUNCTION public.note_changed_rows() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO pg_temp.changed_rows VALUES (TG_RELID, TG_OP);
    RETURN NULL;
  END $$;
  DO $$
  DECLARE one regclass;
  BEGIN
    FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
      EXECUTE format('CREATE TRIGGER note_changed_rows AFTER UPDATE OR DELETE OR TRUNCATE ON %s
                      FOR EACH STATEMENT EXECUTE FUNCTION public.note_changed_rows()', one);
    END LOOP;
  END $$;`;

/** Keeps what is there now, and begins to note changed rows. It must be ended before it is begun again. */
export async function beginWatch(client: pg.Client): Promise<void> {
  await client.query(noteChanges);
  // As where they are compared: the planner would loop over the catalog.
  await client.query("SET enable_nestloop = off");
  for (const [name, question] of Object.entries(catalog))
    await client.query(`CREATE TEMP TABLE was_${name} AS ${question}`);
  await client.query("RESET enable_nestloop");
  // Else the scans counted for the migration's transaction would be those of the last second.
  await client.query("SELECT pg_stat_force_next_flush()");
}

export async function endWatch(client: pg.Client): Promise<void> {
  const kept = Object.keys(catalog).map((name) => `pg_temp.was_${name}`);
  await client.query(
    `DROP FUNCTION public.note_changed_rows() CASCADE; DROP TABLE pg_temp.changed_rows, ${kept.join(", ")}`,
  );
}
