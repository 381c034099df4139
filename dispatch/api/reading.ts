// Something that is read now and then and shown with its age: when it cannot be read, what was known stays. A value that
// vanishes tells nobody anything, least of all an alert's rule.

export type Reading<T> = {
  /** What was read last, renewed where it is no longer fresh and can be read; null before the first time. */
  readonly value: () => Promise<T | null>;
  /** How old that is; null before the first time. */
  readonly ageSeconds: () => number | null;
};

export type ReadingLimits = {
  /** Whoever asks within this time is shown what is known. */
  readonly freshForMs: number;
  /** Nobody waits for longer than this; the reading goes on, and whoever asks next may find it done. */
  readonly withinMs: number;
  /** A clock that never goes back, in ms. */
  readonly now: () => number;
};

/** Makes a reading of what `read` gives; it is asked once at a time, whoever wants to know. */
export function readingOf<T>(read: () => Promise<T>, { freshForMs, withinMs, now }: ReadingLimits): Reading<T> {
  let known: { readonly value: T; readonly at: number } | null = null;
  let reading: Promise<void> | null = null;
  const readAgain = async (): Promise<void> => {
    try {
      const value = await read();
      known = { value, at: now() };
    } catch {
      // What was known stays, and its age says that it is old.
    } finally {
      reading = null;
    }
  };
  const ageMs = (): number | null => (known === null ? null : now() - known.at);
  return {
    value: async () => {
      if ((ageMs() ?? Infinity) > freshForMs) {
        const late = Promise.withResolvers<void>();
        const timer = setTimeout(late.resolve, withinMs);
        await Promise.race([(reading ??= readAgain()), late.promise]);
        clearTimeout(timer);
      }
      return known === null ? null : known.value;
    },
    ageSeconds: () => {
      const age = ageMs();
      return age === null ? null : age / 1_000;
    },
  };
}
