// Which test file, or group of them, is begun next when there is an end to the time.

export type Limits<One> = {
  /** How many are begun whatever the time says, from the head. */
  readonly surely: number;
  /** When no further one should run any more, as Date.now() tells. */
  readonly until: number;
  readonly secondsOf: (one: One) => number;
};

/**
 * Takes the first of those waiting that will have ended in time. A long one is passed over and the shorter ones behind it still
 * have their turn.
 */
export function takeNext<One>(waiting: One[], begun: number, { surely, until, secondsOf }: Limits<One>, now: number) {
  if (begun < surely) return waiting.shift();
  const at = waiting.findIndex((one) => now + secondsOf(one) * 1_000 <= until);
  return at < 0 ? undefined : waiting.splice(at, 1)[0];
}
