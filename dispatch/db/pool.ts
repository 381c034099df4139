// Connections to Postgres: the pool, and what is done on it. It knows no table.

import pg from "pg";
import { Connection, hangUp, isDoubtful, type Doubt } from "./connection.ts";
import { inTransaction, sessionOn, type Session, type Transaction } from "./transaction.ts";

export { isoTime } from "./columns.ts";
export { RolledBack, type Session, type Transaction } from "./transaction.ts";

export type Database = Session & {
  /** Runs `body` in a transaction; whatever is not committed when it ends is rolled back. */
  transaction<T>(body: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Waits for the ROLLBACKs under way; what a transaction that threw had locked is free then. */
  settled(): Promise<void>;
  gauges(): { total: number; idle: number; waiting: number };
  /**
   * Believes no connection any more that is idle now, also in pools made `apart`: for whoever has learned that the network to
   * Postgres fell silent. A flight that runs into its time limit does the same.
   */
  doubt(): void;
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
  /** Longest a connection may take to come about, or be waited for while all are in use; 10 s unless it says otherwise. */
  readonly connectTimeoutMs?: number;
  readonly onError: (error: Error) => void;
};

/**
 * The server's end of a silent connection: it is given up after 25 s, or 20 s after bytes that nobody confirmed, where it
 * would keep its place among max_connections for two hours. On a socket file, and on systems that cannot, they mean nothing.
 */
export const serverKeepAlive = [
  "-c tcp_keepalives_idle=10",
  "-c tcp_keepalives_interval=5",
  "-c tcp_keepalives_count=3",
  "-c tcp_user_timeout=20000",
];

/** Opens a pool; no connection is made before the first use. */
export const openDatabase = (options: DatabaseOptions): Database => openPool(options, { at: -Infinity });

function openPool(options: DatabaseOptions, doubt: Doubt): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolMax,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    // Without it Linux asks an idle connection after two hours; so it took 20 s until one whose network was gone was lost.
    keepAliveInitialDelayMillis: 10_000,
    options: [
      "-c timezone=UTC",
      "-c datestyle=ISO",
      `-c statement_timeout=${options.statementTimeoutMs}`,
      `-c lock_timeout=${options.lockTimeoutMs}`,
      `-c idle_in_transaction_session_timeout=${options.statementTimeoutMs + 5_000}`,
      ...serverKeepAlive,
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

  const flightTimeoutMs = options.statementTimeoutMs + 5_000;
  const connect = async (begins: boolean): Promise<Connection> => {
    let client = await pool.connect();
    while (isDoubtful(client, doubt)) {
      hangUp(client);
      client = await pool.connect();
    }
    return new Connection(client, begins, flightTimeoutMs, doubt);
  };

  const leaving = new Set<Promise<void>>();

  return {
    ...sessionOn(connect),
    transaction: async (body) => inTransaction(await connect(true), body, leaving),
    settled: async () => void (await Promise.all(leaving)),
    gauges: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    doubt: () => void (doubt.at = performance.now()),
    apart: (work, poolMax) =>
      openPool({ ...options, poolMax, applicationName: `${options.applicationName} ${work}` }, doubt),
    close: () => {
      closing = true;
      return pool.end();
    },
  };
}
