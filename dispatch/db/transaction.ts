// What a session of statements and a transaction are on a connection of the pool.

import type { Connection } from "./connection.ts";
import type { Passenger } from "./flight.ts";
import { statement, type Statement } from "./statement.ts";

/** Runs statements on one connection; several may be queued at once and travel together. */
export type Session = {
  /** All rows of a statement. */
  rows<Row extends object>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]>;
  /** The first row, or null. */
  row<Row extends object>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row | null>;
};

/** A session inside BEGIN; `commit` is queued behind whatever was queued before and proves the outcome. */
export type Transaction = Session & { commit(): Promise<void> };

/** Thrown when COMMIT answered ROLLBACK: an earlier statement of the transaction had failed. */
export class RolledBack extends Error {
  override readonly name = "RolledBack";
}

const commit = statement("commit", "COMMIT");

/** A session whose every statement takes a connection of its own and commits by itself. */
export function sessionOn(connect: (inTransaction: boolean) => Promise<Connection>): Session {
  return sessionOf((asked, values, resolve, reject) => {
    connect(false).then((connection) => {
      connection.send(asked, values, resolve, reject);
      void connection.release();
    }, reject);
  });
}

/**
 * Runs `body` between BEGIN, which travels with its first flight, and what it makes of it; COMMIT travels with the last.
 * @param leaving holds the connection's return for as long as it takes when `body` has thrown
 */
export async function inTransaction<T>(
  connection: Connection,
  body: (tx: Transaction) => Promise<T>,
  leaving: Set<Promise<void>>,
): Promise<T> {
  let result: T;
  try {
    result = await body({
      ...sessionOf((asked, values, resolve, reject) => connection.send(asked, values, resolve, reject)),
      commit: () =>
        new Promise((resolve, reject) => {
          const settle = ({ tag }: Passenger): void =>
            tag === "COMMIT" ? resolve() : reject(new RolledBack("the transaction was rolled back"));
          connection.send(commit, [], settle, reject);
        }),
    });
  } catch (error) {
    // Nobody waits for the ROLLBACK; the connection is given to nobody before the server has answered it.
    const left = connection.release();
    leaving.add(left);
    void left.then(() => leaving.delete(left));
    throw error;
  }
  // Without COMMIT the caller goes on with what was read, and may at once want the locks that were held for it.
  await connection.release();
  return result;
}

function sessionOf(send: Connection["send"]): Session {
  return {
    // What a statement's rows look like its declaration says, and nobody else can know.
    rows: <Row extends object>(asked: Statement<Row>, values: readonly unknown[] = []) =>
      new Promise<Row[]>((resolve, reject) => send(asked, values, ({ rows }) => resolve(rows as Row[]), reject)),
    row: <Row extends object>(asked: Statement<Row>, values: readonly unknown[] = []) =>
      new Promise<Row | null>((resolve, reject) =>
        send(asked, values, ({ rows }) => resolve((rows[0] as Row | undefined) ?? null), reject),
      ),
  };
}
