// Readers who ask the same question at the same time share one read. Nobody gets rows older than their own request: who
// asks while a read is running waits for the next one, which begins after all who wait for it have asked. Nothing is kept
// once it is answered, so at most two reads of a question are held, and no more questions than there are requests.

type Waiting<T> = { readonly begin: () => Promise<T>; readonly answer: PromiseWithResolvers<T> };

export class JoinedReads<T> {
  /** Questions of which a read is running, each with the read that follows it once somebody waits for one. */
  readonly #running = new Map<string, Waiting<T> | null>();

  /** How many questions are being read now. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Reads, or waits for the next read of the same question.
   * @param question everything the answer depends on: what it leaves out, one reader would be shown of another
   * @param begin starts the read; of those who wait together only the first one's is called
   */
  read(question: string, begin: () => Promise<T>): Promise<T> {
    const next = this.#running.get(question);
    if (next === undefined) return this.#run(question, begin);
    if (next !== null) return next.answer.promise;
    const waiting = { begin, answer: Promise.withResolvers<T>() };
    this.#running.set(question, waiting);
    return waiting.answer.promise;
  }

  async #run(question: string, begin: () => Promise<T>): Promise<T> {
    this.#running.set(question, null);
    try {
      return await begin();
    } finally {
      // A failed read fails those who shared it and nobody else; the next one begins all the same.
      const next = this.#running.get(question);
      if (next) next.answer.resolve(this.#run(question, next.begin));
      else this.#running.delete(question);
    }
  }
}
