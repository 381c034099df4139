// A connection of the pool in the hands of one user: what is queued on it leaves in flights, one at a time.

import pg from "pg";
import { Flight, isOrdinary, type Answered, type PreparedStatements, type Queued } from "./flight.ts";
import { parameterOf } from "./parameters.ts";
import type { Statement } from "./statement.ts";

/** What outlives the user: what is prepared on the connection, and the error that ended it. */
type Standing = { readonly known: PreparedStatements; broken: Error | undefined };

const standings = new WeakMap<pg.PoolClient, Standing>();

function standingOf(client: pg.PoolClient): Standing {
  const known = standings.get(client);
  if (known) return known;
  const standing: Standing = { known: new Map(), broken: undefined };
  standings.set(client, standing);
  // A connection that dies between two flights says so here and nowhere else; without a listener it ends the process.
  client.on("error", (error) => (standing.broken ??= error));
  return standing;
}

const begin = { name: "begin", text: "BEGIN" };
const rollback = { name: "rollback", text: "ROLLBACK" };
const unheard = { values: [], resolve: () => undefined, reject: () => undefined };

export class Connection {
  readonly #client: pg.PoolClient;
  readonly #standing: Standing;
  #queue: Queued[] = [];
  #flying = false;
  #scheduled = false;
  #transaction: "none" | "wanted" | "begun" | "ended";
  /** Whether the server has said that no transaction is open. */
  #clean = true;
  #failure: { readonly error: unknown } | null = null;
  #released: (() => void) | null = null;

  /** @param inTransaction whether BEGIN goes before the first statement; without, each flight commits by itself */
  constructor(client: pg.PoolClient, inTransaction: boolean) {
    this.#client = client;
    this.#standing = standingOf(client);
    this.#transaction = inTransaction ? "wanted" : "none";
  }

  /**
   * Queues a statement for the flight that leaves when this turn of the event loop is over. After a failure nothing more
   * is sent; whatever is asked then hears of the first failure.
   */
  send({ name, text }: Statement<object>, values: readonly unknown[]): Promise<Answered> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure.error);
      try {
        this.#push({ name, text, values: values.map(parameterOf), resolve, reject });
      } catch (error) {
        // What would have followed in the same transaction must not commit without it.
        this.#failure = { error };
        reject(error);
      }
    });
  }

  /**
   * Gives the connection back as soon as nothing is in the air: to the pool when no transaction is open, after a
   * ROLLBACK when one is, and to nobody when its state is unknown.
   */
  release(): Promise<void> {
    this.#failure ??= { error: new Error("the connection was given back") };
    return new Promise((resolve) => {
      this.#released = resolve;
      this.#releaseWhenIdle();
    });
  }

  #push(queued: Queued): void {
    if (this.#transaction === "wanted") {
      this.#transaction = "begun";
      this.#queue.push({ ...begin, ...unheard });
    }
    this.#queue.push(queued);
    if (this.#flying || this.#scheduled) return;
    this.#scheduled = true;
    // Comes when no promise is left to run: whatever they queue shares the flight.
    process.nextTick(() => {
      this.#scheduled = false;
      this.#takeOff();
    });
  }

  #takeOff(): void {
    const queued = this.#queue;
    this.#queue = [];
    this.#flying = true;
    this.#clean = false;
    try {
      this.#client.query(new Flight(this.#standing.known, queued, (error) => this.#land(error)));
    } catch (error) {
      // It has not left: two statements share a name, or a message would be larger than the protocol allows.
      this.#flying = false;
      this.#failure ??= { error };
      for (const { reject } of queued) reject(error);
      this.#releaseWhenIdle();
    }
  }

  #land(error: Error | null): void {
    this.#flying = false;
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
  }

  #releaseWhenIdle(): void {
    if (!this.#released || this.#flying || this.#queue.length > 0) return;
    const { broken } = this.#standing;
    if (!broken && !this.#clean && this.#transaction === "begun") {
      this.#transaction = "ended";
      this.#queue.push({ ...rollback, ...unheard });
      return this.#takeOff();
    }
    const left = this.#clean ? undefined : new Error("a transaction was left open on the connection");
    this.#client.release(broken ?? left);
    this.#released();
    this.#released = null;
  }
}
