// What there is to back up, read from the database's own catalog: a migration that adds a table needs no change here.
// It also writes the statements that name those tables, quoted by the server itself.

import type pg from "pg";

export type Table = {
  readonly name: string;
  /** Without the generated ones, which the database computes again. */
  readonly columns: readonly string[];
  /** Columns that hold transaction ids, which mean nothing in another cluster. */
  readonly xid_columns: readonly string[];
  readonly copy_out: string;
  readonly copy_in: string;
};

export type Sequence = { readonly name: string; readonly last_value: string; readonly is_called: boolean };

// schema_migrations stays out: the restore runs the migrations themselves.
const tables = `
  SELECT c.relname AS name,
         array_agg(a.attname::text ORDER BY a.attnum) AS columns,
         coalesce(array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.atttypid = 'xid8'::regtype), '{}') AS xid_columns,
         format('COPY public.%I (%s) TO STDOUT', c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)) AS copy_out,
         format('COPY public.%I (%s) FROM STDIN', c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)) AS copy_in
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'schema_migrations'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  GROUP BY c.oid, c.relname
  ORDER BY c.relname`;

const sequences = `
  SELECT c.relname AS name, format('SELECT last_value::text, is_called FROM public.%I', c.relname) AS question
  FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S' AND c.relname NOT LIKE 'schema\\_migrations%'
  ORDER BY c.relname`;

/** All tables of ours, by name. */
export async function readTables(client: pg.Client): Promise<Table[]> {
  return (await client.query<Table>(tables)).rows;
}

/** Where every sequence stands; read after the snapshot's begin it is never behind the rows of that snapshot. */
export async function readSequences(client: pg.Client): Promise<Sequence[]> {
  const { rows } = await client.query<{ name: string; question: string }>(sequences);
  const found: Sequence[] = [];
  for (const { name, question } of rows) {
    const [at] = (await client.query<Omit<Sequence, "name">>(question)).rows;
    if (at) found.push({ name, ...at });
  }
  return found;
}

/** How a restore takes a schema's own guards off and puts them on again, in the order to run them. */
export type Preparation = {
  /** Locks and empties all tables, and lets no trigger and no foreign key speak. */
  readonly before: readonly string[];
  /** Transaction ids to zero, triggers and foreign keys back, which checks every row. */
  readonly after: readonly string[];
};

const lock = `
  SELECT format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', string_agg(format('public.%I', name), ', ')) AS lock,
         format('TRUNCATE %s', string_agg(format('public.%I', name), ', ')) AS empty
  FROM unnest($1::text[]) AS name`;

const guards = `
  SELECT format('ALTER TABLE public.%I DISABLE TRIGGER USER', name) AS off,
         format('ALTER TABLE public.%I ENABLE TRIGGER USER', name) AS "on"
  FROM unnest($1::text[]) AS name`;

// Dropped and made again rather than deferred: the order of the tables then does not matter, nor do circles.
const foreignKeys = `
  SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS off,
         format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS "on"
  FROM pg_constraint
  WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0
  ORDER BY conrelid::regclass::text, conname`;

const zeroXids = `SELECT format('UPDATE public.%I SET %I = %L', $1::text, $2::text, '0') AS statement`;

/** What to run around the loading of `found`; the first statement of `before` locks. */
export async function preparation(client: pg.Client, found: readonly Table[]): Promise<Preparation> {
  const names = found.map(({ name }) => name);
  const [locking] = (await client.query<{ lock: string; empty: string }>(lock, [names])).rows;
  const triggers = (await client.query<{ off: string; on: string }>(guards, [names])).rows;
  const keys = (await client.query<{ off: string; on: string }>(foreignKeys)).rows;
  const zeroes: string[] = [];
  for (const { name, xid_columns } of found) {
    for (const column of xid_columns) {
      const [zero] = (await client.query<{ statement: string }>(zeroXids, [name, column])).rows;
      if (zero) zeroes.push(zero.statement);
    }
  }
  if (!locking) throw new Error("the server composed no statement");
  return {
    before: [locking.lock, ...triggers.map(({ off }) => off), locking.empty, ...keys.map(({ off }) => off)],
    after: [...zeroes, ...triggers.map(({ on }) => on), ...keys.map(({ on }) => on)],
  };
}
