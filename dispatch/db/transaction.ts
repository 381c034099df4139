// What a session of statements and a transaction are on a connection of the pool.

import type pg from "pg";
import { Connection } from "./connection.ts";
import type { Answered } from "./flight.ts";
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
export function sessionOn(pool: pg.Pool): Session {
  return sessionOf(async (asked, values) => {
    const connection = new Connection(await pool.connect(), false);
    const answered = connection.send(asked, values);
    void connection.release();
    return answered;
  });
}

/** Runs `body` between BEGIN, which travels with its first flight, and what it makes of it; COMMIT travels with the last. */
export async function inTransaction<T>(pool: pg.Pool, body: (tx: Transaction) => Promise<T>): Promise<T> {
  const connection = new Connection(await pool.connect(), true);
  let result: T;
  try {
    result = await body({
      ...sessionOf((asked, values) => connection.send(asked, values)),
      commit: async () => {
        const { tag } = await connection.send(commit, []);
        if (tag !== "COMMIT") throw new RolledBack("the transaction was rolled back");
      },
    });
  } catch (error) {
    // Nobody waits for the ROLLBACK; the connection is given to nobody before the server has answered it.
    void connection.release();
    throw error;
  }
  // Without COMMIT the caller goes on with what was read, and may at once want the locks that were held for it.
  await connection.release();
  return result;
}

function sessionOf(send: (asked: Statement<object>, values: readonly unknown[]) => Promise<Answered>): Session {
  const rows = async <Row extends object>(asked: Statement<Row>, values: readonly unknown[] = []): Promise<Row[]> => {
    try {
      // What a statement's rows look like its declaration says; nobody else can know.
      return (await send(asked, values)).rows as Row[];
    } catch (error) {
      throw located(error);
    }
  };
  return { rows, row: async (asked, values) => (await rows(asked, values))[0] ?? null };
}

const alreadyLocated = new WeakSet<Error>();

/** An error of the server is made where its message is read; its stack shall lead to the statement that failed first. */
function located(error: unknown): unknown {
  if (!(error instanceof Error) || alreadyLocated.has(error)) return error;
  alreadyLocated.add(error);
  Error.captureStackTrace(error, located);
  return error;
}
