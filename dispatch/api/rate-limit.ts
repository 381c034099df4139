// How often somebody may do a thing in any minute: an exact sliding window, kept in this process alone.

import type { Clock } from "../kernel/clock.ts";
import { Refusal } from "../kernel/refusal.ts";

export const windowSeconds = 60;
const windowMs = windowSeconds * 1_000;

/**
 * How many are remembered at most; beyond it the one heard of longest ago is forgotten. Each costs 8 bytes for every time
 * in its last minute, rounded up to a power of two, so ten thousand busy ones at 120 a minute hold 10 MB.
 */
const maxRemembered = 10_000;

export class RateLimit {
  readonly #limit: number;
  readonly #clock: Clock;
  /** In the order they were last heard of. */
  readonly #times = new Map<string, TimeRing>();

  /** @param limit times a minute for each; 0 lets everything pass */
  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /**
   * Counts once for whoever this is. What is refused does not count.
   * @throws Refusal RATE_LIMITED with the seconds until the next may pass
   */
  take(who: string): void {
    if (this.#limit === 0) return;
    const now = this.#clock.now().getTime();
    const times = this.#times.get(who) ?? new TimeRing(this.#limit);
    this.#times.delete(who);
    this.#times.set(who, times);
    this.#forgetIdle(now);
    // A clock set back must not lock anybody out for as long as it jumped.
    times.dropUntil((time) => time > now - windowMs && time <= now);
    if (times.length >= this.#limit) {
      const seconds = Math.max(1, Math.ceil((times.oldest + windowMs - now) / 1_000));
      throw new Refusal(
        "RATE_LIMITED",
        { limit: this.#limit, window_seconds: windowSeconds },
        { headers: { "retry-after": String(seconds) } },
      );
    }
    times.push(now);
  }

  /** How many are remembered now. */
  get size(): number {
    return this.#times.size;
  }

  #forgetIdle(now: number): void {
    for (const [who, times] of this.#times) {
      if (this.#times.size <= maxRemembered && times.newest > now - windowMs) return;
      if (this.#times.size === 1) return;
      this.#times.delete(who);
    }
  }
}

/** Times in order, in a ring that grows up to a capacity. */
class TimeRing {
  readonly #capacity: number;
  #times = new Float64Array(4);
  #start = 0;
  length = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get oldest(): number {
    return this.#times[this.#start] ?? 0;
  }

  get newest(): number {
    return this.#times[(this.#start + this.length - 1) % this.#times.length] ?? 0;
  }

  /** Drops times from the oldest on, until one may stay. */
  dropUntil(mayStay: (time: number) => boolean): void {
    while (this.length > 0 && !mayStay(this.oldest)) {
      this.#start = (this.#start + 1) % this.#times.length;
      this.length--;
    }
  }

  push(time: number): void {
    if (this.length === this.#times.length) this.#grow();
    this.#times[(this.#start + this.length) % this.#times.length] = time;
    this.length++;
  }

  #grow(): void {
    const larger = new Float64Array(Math.max(this.length + 1, Math.min(this.length * 2, this.#capacity)));
    for (let i = 0; i < this.length; i++) larger[i] = this.#times[(this.#start + i) % this.#times.length] ?? 0;
    this.#times = larger;
    this.#start = 0;
  }
}
