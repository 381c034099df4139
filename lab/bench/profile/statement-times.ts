// Where Postgres's time goes: what pg_stat_statements counted. A statement's time holds what it caused (foreign keys,
// triggers), which is also listed by itself; it does not hold the flush of its commit, which the log's figures tell.

import type pg from "pg";

export type StatementTime = {
  readonly text: string;
  /** False for what a statement caused. */
  readonly sent: boolean;
  readonly calls: number;
  readonly plan_ms: number;
  readonly run_ms: number;
  readonly wal_bytes: number;
};

/** The throw-away server's, so that it counts. */
export const countingSettings = {
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track": "all",
  "pg_stat_statements.track_planning": "on",
  track_wal_io_timing: "on",
};

export async function countsStatements(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ loaded: boolean }>(
    "SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%' AS loaded",
  );
  if (rows[0]?.loaded !== true) return false;
  await client.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
  return true;
}

export const forgetStatements = (client: pg.Client): Promise<unknown> =>
  client.query("SELECT pg_stat_statements_reset()");

/** Those of this database, the most time first. */
export async function statementTimes(client: pg.Client): Promise<StatementTime[]> {
  const { rows } = await client.query<StatementTime>(
    `SELECT regexp_replace(btrim(query), '\\s+', ' ', 'g') AS text, toplevel AS sent, calls::float8 AS calls,
            total_plan_time AS plan_ms, total_exec_time AS run_ms, wal_bytes::float8 AS wal_bytes
     FROM pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND calls > 0
     ORDER BY total_plan_time + total_exec_time DESC`,
  );
  return rows;
}

/** The look of a foreign key at the row it names. */
export const isForeignKeyLook = ({ text, sent }: StatementTime): boolean =>
  !sent && /^SELECT \S+ FROM ONLY .* FOR KEY SHARE OF x$/.test(text);

/** Counters of the server since it began. Sessions add to them now and then, and when they end. */
export type Counters = {
  readonly flushes: number;
  readonly flush_ms: number;
  readonly page_images: number;
  readonly ticket_updates: number;
  readonly ticket_hot_updates: number;
};

export async function countersOf(client: pg.Client): Promise<Counters> {
  const { rows } = await client.query<Counters>(
    `SELECT flushes, flush_ms, (SELECT wal_fpi FROM pg_stat_wal)::float8 AS page_images,
            n_tup_upd::float8 AS ticket_updates, n_tup_hot_upd::float8 AS ticket_hot_updates
     FROM (SELECT sum(fsyncs)::float8 AS flushes, sum(fsync_time) AS flush_ms
           FROM pg_stat_io WHERE object = 'wal' AND context = 'normal') AS log
     CROSS JOIN pg_stat_user_tables WHERE relname = 'tickets'`,
  );
  const [counters] = rows;
  if (!counters) throw new RangeError("the server has no counters of tickets");
  return counters;
}

export async function logPosition(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ at: number }>("SELECT (pg_current_wal_insert_lsn() - '0/0')::float8 AS at");
  return rows[0]?.at ?? 0;
}
