// Connections to Postgres: the pool, transactions in pipelined flights, and the types values come back as.
// It knows no table.

import pg from "pg";
import { FlightSocket } from "./flight-socket.ts";
import type { Statement } from "./statement.ts";

/** Runs statements on one connection; several may be queued at once and travel together. */
export type Session = {
  /** All rows of a statement. */
  rows<Row extends object>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]>;
  /** The first row, or null. */
  row<Row extends object>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row | null>;
};

/** A session inside BEGIN; `commit` is queued behind whatever was queued before and proves the outcome. */
export type Transaction = Session & { commit(): Promise<void> };

export type Database = Session & {
  /** Runs `body` in a transaction; whatever is not committed when it ends is rolled back. */
  transaction<T>(body: (tx: Transaction) => Promise<T>): Promise<T>;
  gauges(): { total: number; idle: number; waiting: number };
  /** A pool of its own like this one, for `work` that must not wait for the rest. Whoever asks for it closes it. */
  apart(work: string, poolMax: number): Database;
  close(): Promise<void>;
};

export type DatabaseOptions = {
  readonly url: string;
  readonly poolMax: number;
  readonly applicationName: string;
  /** Role to act as; null keeps the login's own rights. */
  readonly role: string | null;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly onError: (error: Error) => void;
};

/** Thrown when COMMIT answered ROLLBACK: an earlier statement of the transaction had failed. */
export class RolledBack extends Error {
  override readonly name = "RolledBack";
}

/** Timestamps come as ISO 8601 text in UTC with milliseconds, 64-bit integers as numbers (all of ours are exact). */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (format !== "binary") {
      if (oid === pg.types.builtins.TIMESTAMPTZ) return isoTime;
      if (oid === pg.types.builtins.INT8) return Number;
    }
    return pg.types.getTypeParser(oid, format);
  },
};

/** Turns the server's `2026-01-02 03:04:05.6+00` into `2026-01-02T03:04:05.600Z`; the session runs in UTC. */
export function isoTime(text: string): string {
  const dot = text.indexOf(".");
  if (text.length < 22 || !text.endsWith("+00")) return new Date(text).toISOString();
  const seconds = text.slice(0, 10) + "T" + text.slice(11, 19);
  return dot === -1 ? `${seconds}.000Z` : `${seconds}.${text.slice(20, -3).padEnd(3, "0").slice(0, 3)}Z`;
}

/** Opens a pool; no connection is made before the first use. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolMax,
    pipeline: true,
    stream: () => new FlightSocket(),
    types,
    application_name: options.applicationName,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    query_timeout: options.statementTimeoutMs + 5_000,
    keepAlive: true,
    // Without it Linux asks an idle connection after two hours; so it took 20 s until one whose network was gone was lost.
    keepAliveInitialDelayMillis: 10_000,
    options: [
      "-c timezone=UTC",
      "-c datestyle=ISO",
      `-c statement_timeout=${options.statementTimeoutMs}`,
      `-c lock_timeout=${options.lockTimeoutMs}`,
      `-c idle_in_transaction_session_timeout=${options.statementTimeoutMs + 5_000}`,
      ...(options.role === null ? [] : [`-c role=${options.role}`]),
    ].join(" "),
  });
  // end() resolves while the last connections still say goodbye; a server that stops just then is no news.
  let closing = false;
  pool.on("error", (error) => closing || options.onError(error));
  // The pool takes its own listener off before it hands a connection over, and whoever asked gets it a moment later. When
  // Postgres says goodbye in the same breath as "ready", that error falls between the two, and with nobody to hear it ends
  // the process (2 of 168 times that Postgres was killed under load). What the connection is used for then fails of itself.
  pool.on("connect", (client) => client.on("error", () => undefined));

  return {
    ...sessionOn(pool),
    transaction: (body) => inTransaction(pool, body),
    gauges: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    apart: (work, poolMax) =>
      openDatabase({ ...options, poolMax, applicationName: `${options.applicationName} ${work}` }),
    close: () => {
      closing = true;
      return pool.end();
    },
  };
}

function sessionOn(client: pg.Pool | pg.PoolClient, causeOf: (error: unknown) => unknown = (error) => error): Session {
  const rows = async <Row extends object>({ name, text }: Statement<Row>, values?: readonly unknown[]) => {
    try {
      return (await client.query<Row>({ name, text, values: values === undefined ? [] : [...values] })).rows;
    } catch (error) {
      throw causeOf(error);
    }
  };
  return { rows, row: async (statement, values) => (await rows(statement, values))[0] ?? null };
}

async function inTransaction<T>(pool: pg.Pool, body: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let open = true;
  let broken: Error | undefined;
  // A connection that dies between two flights says so here and nowhere else; without a listener it ends the process.
  const onError = (error: Error) => (broken = error);
  client.on("error", onError);
  // What travels behind a statement that fails is refused by Postgres for that alone, and the caller may hear of any of
  // them first; each tells the failure that began it.
  let first: unknown;
  const causeOf = (error: unknown): unknown => (first ??= error);
  const begun = client.query("BEGIN");
  begun.catch(() => undefined);
  try {
    return await body({
      ...sessionOn(client, causeOf),
      commit: async () => {
        const { command } = await client.query("COMMIT").catch((error: unknown) => {
          throw causeOf(error);
        });
        open = false;
        if (command !== "COMMIT") throw first ?? new RolledBack("the transaction was rolled back");
      },
    });
  } finally {
    if (open && !broken) await client.query("ROLLBACK").catch((error: Error) => (broken = error));
    client.off("error", onError);
    client.release(broken);
  }
}
