// Lets requests wait until something was committed on the desk: each waits in memory alone.

export class News {
  readonly #waiting = new Set<() => void>();

  /** Something was committed, or may have been. */
  tell(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const go of waiting) go();
  }

  /** Resolves with the next news, or when `until` is aborted. */
  next(until: AbortSignal): Promise<void> {
    if (until.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const go = () => {
        this.#waiting.delete(go);
        until.removeEventListener("abort", go);
        resolve();
      };
      this.#waiting.add(go);
      until.addEventListener("abort", go);
    });
  }
}
