// Work that goes one after the other for each holder, in the order it came; that of different holders does not wait.

export class Turns {
  /** Settles when the newest work of a holder has ended, never with an error; only of those who have some. */
  readonly #last = new Map<string, Promise<void>>();

  /** Runs the work when all of the same holder before it has ended, well or not. @throws what the work throws */
  async take<T>(holder: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(holder);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    this.#last.set(holder, ended);
    try {
      await before;
      return await work();
    } finally {
      end();
      if (this.#last.get(holder) === ended) this.#last.delete(holder);
    }
  }
}
