// A flight: the statements queued on one connection in one turn of the event loop, sent as one write with one Sync at its
// end. To pg it is one query of a class of its own, like pg-cursor's: pg hands it the connection when it is its turn, and then
// the server's answers. tests/db/flights.test.ts holds what is relied on here.

import pg from "pg";
import { columnsOf, noColumns, rowOf, type Columns } from "./columns.ts";
import { Messages } from "./messages.ts";
import { parameterOf, type Parameter } from "./parameters.ts";
import type { Statement } from "./statement.ts";

/** A statement on its way: what it asks, who waits for it, and what the server has answered so far. */
export class Passenger {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Parameter[];
  readonly resolve: (answered: Passenger) => void;
  readonly reject: (error: unknown) => void;
  rows: Record<string, unknown>[] = [];
  /** The server's word for what was done, such as COMMIT or INSERT 0 1. */
  tag = "";
  /** Why a row could not be read. */
  unreadable: unknown = undefined;
  prepared: Prepared = unprepared;

  constructor(
    { name, text }: Statement<object>,
    values: readonly unknown[],
    resolve: (answered: Passenger) => void,
    reject: (error: unknown) => void,
  ) {
    this.name = name;
    this.text = text;
    this.values = values.map(parameterOf);
    this.resolve = resolve;
    this.reject = reject;
  }
}

/** `columns` is null until the server has described the statement; `doubtful`: whether the server knows it is not known. */
type Prepared = { readonly text: string; columns: Columns | null; doubtful: boolean };

const unprepared: Prepared = { text: "", columns: null, doubtful: true };

/** Statements of one connection by name, as far as the server has told. */
export type PreparedStatements = Map<string, Prepared>;

const messages = new Messages();
export class Flight implements pg.Submittable {
  readonly #bytes: Buffer;
  readonly #passengers: readonly Passenger[];
  readonly #known: PreparedStatements;
  readonly #onLanding: (error: Error | null) => "told" | "again";
  #answered = 0;
  #landed = false;

  /**
   * @param onLanding called once, before any statement hears its outcome; with the error that ended the flight, if one did.
   *   After "again" nobody is told: another flight takes the same passengers
   * @throws what cannot be put into messages
   */
  constructor(
    known: PreparedStatements,
    passengers: readonly Passenger[],
    onLanding: (error: Error | null) => "told" | "again",
  ) {
    this.#known = known;
    this.#passengers = passengers;
    this.#onLanding = onLanding;
    try {
      for (const one of passengers) this.#board(one);
      messages.sync();
    } catch (error) {
      this.#doubt(error);
      throw error;
    } finally {
      this.#bytes = messages.take();
    }
  }

  #board(passenger: Passenger): void {
    const { name, text, values } = passenger;
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
    passenger.prepared = prepared;
    passenger.rows = [];
    passenger.unreadable = undefined;
  }

  submit(connection: pg.Connection): void {
    if (!this.#landed) connection.stream.write(this.#bytes);
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
    this.land(null);
  }

  handleError(error: Error): void {
    this.land(error);
  }

  /** Ends the flight for those who wait. The server's later answers, if any come, are heard by nobody. */
  land(error: Error | null): void {
    if (this.#landed) return;
    this.#landed = true;
    if (error) this.#doubt(error);
    if (this.#onLanding(error) === "told") this.#settle(error);
  }

  /** Whether a statement behind the failure was still parsed is not told; it is closed and parsed again at its next use. */
  #doubt(error: unknown): void {
    for (const { prepared } of this.#passengers) prepared.doubtful ||= prepared.columns === null;
    if (isStale(error)) for (const prepared of this.#known.values()) prepared.doubtful = true;
  }

  #settle(error: Error | null): void {
    const done = error === null || isOrdinary(error) ? this.#answered : 0;
    const failed = this.#passengers[this.#answered];
    // An error of the server is made where its message is read; its stack shall lead to the statement.
    if (error && failed) error.stack = `${String(error)}\n    at the statement ${failed.name}`;
    for (let i = 0; i < this.#passengers.length; i++) {
      const passenger = this.#passengers[i];
      if (!passenger) break;
      if (i >= done) passenger.reject(error ?? new Error("the server passed over a statement"));
      else if (passenger.unreadable !== undefined) passenger.reject(passenger.unreadable);
      else passenger.resolve(passenger);
    }
  }
}

/**
 * True for a failure of a statement alone; with FATAL and PANIC the server gives the connection up. A server that says these
 * in another language is believed to go on, which the next flight finds out.
 */
export function isOrdinary(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity !== "FATAL" && error.severity !== "PANIC";
}

/** True when what was prepared is no longer good: its columns have changed in a migration, or the server has forgotten it. */
export function isStale(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.routine === "RevalidateCachedQuery" || error.code === "26000");
}
