// A flight: the statements queued on one connection in one turn of the event loop, sent as one write with one Sync at its
// end. To pg it is one query of a class of its own, like pg-cursor's: pg hands it the connection when it is its turn, then the
// server's answers, and keeps its time (query_timeout). tests/db/flights.test.ts holds what is relied on here.

import pg from "pg";
import { columnsOf, noColumns, rowOf, type Columns } from "./columns.ts";
import { Messages } from "./messages.ts";
import type { Parameter } from "./parameters.ts";

/** What a statement answered: its rows, and the server's word for what was done, such as COMMIT or INSERT 0 1. */
export type Answered = { readonly rows: readonly Record<string, unknown>[]; readonly tag: string };

export type Queued = {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Parameter[];
  readonly resolve: (answered: Answered) => void;
  readonly reject: (error: unknown) => void;
};

/** `columns` is null until the server has described the statement; `doubtful`: whether the server knows it is not known. */
type Prepared = { readonly text: string; columns: Columns | null; doubtful: boolean };

/** Statements of one connection by name, as far as the server has told. */
export type PreparedStatements = Map<string, Prepared>;

type Passenger = Queued & {
  readonly prepared: Prepared;
  rows: Record<string, unknown>[];
  tag: string;
  unreadable?: unknown;
};

const messages = new Messages();
// 0A000: "cached plan must not change result type", after a migration. 26000: no such prepared statement, after DISCARD ALL.
const staleCodes = new Set<string | undefined>(["0A000", "26000"]);

export class Flight implements pg.Submittable {
  /** pg puts its timer around this and calls it itself, with an error, when the time is over. */
  callback: (error: Error | null) => void;
  readonly #bytes: Buffer;
  readonly #passengers: Passenger[];
  readonly #known: PreparedStatements;
  #answered = 0;
  #landed = false;

  /**
   * @param landed called once, before any statement hears its outcome; with the error that ended the flight, if one did
   * @throws what cannot be put into messages
   */
  constructor(known: PreparedStatements, queued: readonly Queued[], landed: (error: Error | null) => void) {
    this.#known = known;
    this.#passengers = [];
    try {
      for (const one of queued) this.#board(one);
      messages.sync();
    } finally {
      this.#bytes = messages.take();
    }
    this.callback = (error) => {
      if (this.#landed) return;
      this.#landed = true;
      if (error) this.#doubt(error);
      landed(error);
      this.#settle(error);
    };
  }

  #board(queued: Queued): void {
    const { name, text, values } = queued;
    let prepared = this.#known.get(name);
    if (prepared && prepared.text !== text) throw new Error(`two statements share the name ${name}`);
    const unknown = !prepared || prepared.doubtful;
    if (prepared?.doubtful) messages.close(name);
    if (!prepared) this.#known.set(name, (prepared = { text, columns: null, doubtful: false }));
    prepared.doubtful = false;
    if (unknown) messages.parse(name, text);
    messages.bind(name, values);
    if (unknown) messages.describe();
    messages.execute();
    this.#passengers.push({ ...queued, prepared, rows: [], tag: "" });
  }

  submit(connection: pg.Connection): void {
    connection.stream.write(this.#bytes);
  }

  handleRowDescription({ fields }: { readonly fields: readonly pg.FieldDef[] }): void {
    const passenger = this.#passengers[this.#answered];
    if (passenger) passenger.prepared.columns = columnsOf(fields);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const passenger = this.#passengers[this.#answered];
    if (!passenger) return;
    try {
      passenger.rows.push(rowOf(passenger.prepared.columns ?? noColumns, fields));
    } catch (error) {
      passenger.unreadable ??= error;
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const passenger = this.#passengers[this.#answered++];
    if (!passenger) return;
    passenger.prepared.columns ??= noColumns;
    passenger.tag = text;
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: "" });
  }

  handlePortalSuspended(connection: pg.Connection): void {
    connection.stream.destroy(new Error("a flight asks for all rows at once, and the server kept some back"));
  }

  handleCopyInResponse(connection: pg.Connection): void {
    connection.stream.destroy(new Error("COPY needs a connection of its own"));
  }

  handleCopyData(_message: unknown, connection: pg.Connection): void {
    this.handleCopyInResponse(connection);
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  /** Whether a statement behind the failure was still parsed is not told; it is closed and parsed again at its next use. */
  #doubt(error: Error): void {
    for (const { prepared } of this.#passengers) prepared.doubtful ||= prepared.columns === null;
    if (!(error instanceof pg.DatabaseError) || !staleCodes.has(error.code)) return;
    for (const prepared of this.#known.values()) prepared.doubtful = true;
  }

  #settle(error: Error | null): void {
    const done = error === null || isOrdinary(error) ? this.#answered : 0;
    for (const [i, { resolve, reject, rows, tag, unreadable }] of this.#passengers.entries()) {
      if (i >= done) reject(error ?? new Error("the server passed over a statement"));
      else if (unreadable !== undefined) reject(unreadable);
      else resolve({ rows, tag });
    }
  }
}

/** True for a failure of a statement alone: the server goes on with the connection. A server that speaks another language than English makes it false. */
export function isOrdinary(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === "ERROR";
}
