// One question shared by all who ask it within a moment: what anybody may ask must not cost a look for each who does.

/**
 * Makes the function that asks at most once in so many ms, by a clock in ms, and gives everybody that answer; a failure too.
 * A clock that was set back does not keep an answer longer.
 */
export function freshFor<T>(forMs: number, now: () => number, ask: () => Promise<T>): () => Promise<T> {
  let askedAt = -Infinity;
  let answer: Promise<T> | null = null;
  return () => {
    if (!answer || Math.abs(now() - askedAt) >= forMs) {
      askedAt = now();
      answer = ask();
    }
    return answer;
  };
}
