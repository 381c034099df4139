// A connection of the pool in the hands of one user: what is queued on it leaves in flights, one at a time.

import pg from "pg";
import { Flight, isOrdinary, isStale, Passenger, type PreparedStatements } from "./flight.ts";
import { statement, type Statement } from "./statement.ts";

/** What outlives the user: what is prepared on the connection, the flight in the air, and the error that ended it. */
type Standing = {
  readonly known: PreparedStatements;
  flight: Flight | null;
  broken: Error | undefined;
  /** When the server last answered, in ms of performance.now(). */
  heardAt: number;
  /**
   * Ends a flight that takes too long. One timer for the connection's life, put off by every flight: pg's own query_timeout
   * makes one for each, and the garbage collector took a tenth of the time for what they kept alive.
   */
  readonly overdue: NodeJS.Timeout;
};

/**
 * What the pools of a process share: since when, in ms of performance.now(), no connection is believed to live that has said
 * nothing. Where one falls silent the others usually have too, and each by itself would take a whole time limit to say so.
 */
export type Doubt = { at: number };

const standings = new WeakMap<pg.PoolClient, Standing>();

/** Whether nothing has come from the server on this connection since connections are doubted. */
export const isDoubtful = (client: pg.PoolClient, doubt: Doubt): boolean =>
  (standings.get(client)?.heardAt ?? Infinity) < doubt.at;

/** Ends a connection without a farewell, which a silent network would never let through. */
export function hangUp(client: pg.PoolClient): void {
  client.query({ submit: ({ stream }) => void stream.destroy(), handleError: () => undefined });
  client.release(new Error("nothing has been heard on the connection since another fell silent"));
}

function standingOf(client: pg.PoolClient, flightTimeoutMs: number, doubt: Doubt): Standing {
  const known = standings.get(client);
  if (known) return known;
  const standing: Standing = {
    known: new Map(),
    flight: null,
    broken: undefined,
    heardAt: performance.now(),
    overdue: setTimeout(() => {
      if (!standing.flight) return;
      doubt.at = performance.now();
      standing.flight.land(new Error("Query read timeout"));
    }, flightTimeoutMs).unref(),
  };
  standings.set(client, standing);
  client.once("end", () => clearTimeout(standing.overdue));
  // A connection that dies between two flights says so here and nowhere else; without a listener it ends the process.
  client.on("error", (error) => (standing.broken ??= error));
  return standing;
}

const begin = statement("begin", "BEGIN");
const rollback = statement("rollback", "ROLLBACK");
const unheard = (): void => undefined;

export class Connection {
  readonly #client: pg.PoolClient;
  readonly #standing: Standing;
  #queue: Passenger[] = [];
  #scheduled = false;
  #transaction: "none" | "wanted" | "begun" | "ended";
  /** Whether nothing has been answered yet; a flight of stale statements is then sent again, and nobody notices. */
  #repeatable = true;
  /** Whether the server has said that no transaction is open. */
  #clean = true;
  #failure: { readonly error: unknown } | null = null;
  #givenBack = false;
  #released: (() => void) | null = null;

  /** @param inTransaction whether BEGIN goes before the first statement; without, each flight commits by itself */
  constructor(client: pg.PoolClient, inTransaction: boolean, flightTimeoutMs: number, doubt: Doubt) {
    this.#client = client;
    this.#standing = standingOf(client, flightTimeoutMs, doubt);
    this.#transaction = inTransaction ? "wanted" : "none";
  }

  /**
   * Queues a statement for the flight that leaves when this turn of the event loop is over. After a failure nothing more
   * is sent; whatever is asked then hears of the first failure.
   */
  send(
    asked: Statement<object>,
    values: readonly unknown[],
    resolve: (answered: Passenger) => void,
    reject: (error: unknown) => void,
  ): void {
    if (this.#failure) return reject(this.#failure.error);
    if (this.#givenBack) return reject(new Error("the connection was given back"));
    try {
      this.#push(new Passenger(asked, values, resolve, reject));
    } catch (error) {
      // What would have followed in the same transaction must not commit without it.
      this.#failure = { error };
      reject(error);
    }
  }

  /**
   * Gives the connection back as soon as nothing is in the air: to the pool when no transaction is open, after a
   * ROLLBACK when one is, and to nobody when its state is unknown.
   */
  release(): Promise<void> {
    this.#givenBack = true;
    return new Promise((resolve) => {
      this.#released = resolve;
      this.#releaseWhenIdle();
    });
  }

  #push(passenger: Passenger): void {
    if (this.#transaction === "wanted") {
      this.#transaction = "begun";
      this.#queue.push(new Passenger(begin, [], unheard, unheard));
    }
    this.#queue.push(passenger);
    if (this.#standing.flight || this.#scheduled) return;
    this.#scheduled = true;
    // Comes when no promise is left to run: whatever they queue shares the flight.
    process.nextTick(() => {
      this.#scheduled = false;
      this.#takeOff();
    });
  }

  #takeOff(): void {
    const passengers = this.#queue;
    this.#queue = [];
    try {
      this.#standing.flight = new Flight(this.#standing.known, passengers, (error) => this.#land(error, passengers));
    } catch (error) {
      // Two statements share a name, or a message would be larger than the protocol allows.
      this.#failure ??= { error };
      for (const { reject } of passengers) reject(error);
      return this.#releaseWhenIdle();
    }
    this.#clean = false;
    this.#standing.overdue.refresh();
    this.#client.query(this.#standing.flight);
  }

  #land(error: Error | null, passengers: readonly Passenger[]): "told" | "again" {
    this.#standing.flight = null;
    if (error === null || isOrdinary(error)) this.#standing.heardAt = performance.now();
    const repeats = this.#repeatable && isStale(error);
    this.#repeatable = false;
    if (repeats) {
      this.#queue.unshift(...(this.#transaction === "none" ? [] : [this.#rollback()]), ...passengers);
      this.#takeOff();
      return "again";
    }
    if (error) {
      // A statement that commits by itself and fails leaves no transaction behind.
      this.#clean = this.#transaction === "none" && isOrdinary(error);
      this.#failure ??= { error };
      if (!isOrdinary(error)) this.#standing.broken ??= error;
      for (const { reject } of this.#queue.splice(0)) reject(error);
    } else {
      this.#clean = this.#client.getTransactionStatus() === "I";
      if (this.#queue.length > 0) this.#takeOff();
    }
    this.#releaseWhenIdle();
    return "told";
  }

  #rollback(): Passenger {
    return new Passenger(rollback, [], unheard, unheard);
  }

  #releaseWhenIdle(): void {
    if (!this.#released || this.#standing.flight || this.#queue.length > 0) return;
    const { broken } = this.#standing;
    if (!broken && !this.#clean && this.#transaction === "begun") {
      this.#transaction = "ended";
      this.#queue.push(this.#rollback());
      return this.#takeOff();
    }
    const left = this.#clean ? undefined : new Error("a transaction was left open on the connection");
    this.#client.release(broken ?? left);
    this.#released();
    this.#released = null;
  }
}
