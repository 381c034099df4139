// What a process has little of, shared out: so much for all together, and of it so much for each who asks, so that one of them
// leaves some to the others. It counts; what is counted (bytes, searches, streams) is the business of whoever asks.

import type { Desk } from "./desk.ts";
import { Refusal } from "./refusal.ts";

export type ShareLimits = {
  /** Held by all together. */
  readonly most: number;
  /** Held by one. */
  readonly each: number;
};

export class Shares {
  readonly #limits: ShareLimits;
  /** Only those who hold something. */
  readonly #held = new Map<string, number>();
  #total = 0;

  constructor(limits: ShareLimits) {
    this.#limits = limits;
  }

  /** What all hold together. */
  get total(): number {
    return this.#total;
  }

  /** Takes for a holder what is given back later. @returns which limit stands in the way, if one does; nothing is taken then */
  take(holder: string, amount = 1): "taken" | "most" | "each" {
    const held = (this.#held.get(holder) ?? 0) + amount;
    if (held > this.#limits.each) return "each";
    if (this.#total + amount > this.#limits.most) return "most";
    this.#held.set(holder, held);
    this.#total += amount;
    return "taken";
  }

  give(holder: string, amount = 1): void {
    const left = (this.#held.get(holder) ?? 0) - amount;
    if (left > 0) this.#held.set(holder, left);
    else this.#held.delete(holder);
    this.#total -= amount;
  }

  /**
   * Runs work that holds one of them.
   * @param what several of it, as in "searches for plans", for the refusal
   * @throws Refusal RATE_LIMITED with the seconds to wait
   */
  async during<T>(holder: string, what: string, retryAfterSeconds: number, work: () => Promise<T>): Promise<T> {
    const taken = this.take(holder);
    if (taken !== "taken") throw this.refusal(taken, what, retryAfterSeconds);
    try {
      return await work();
    } finally {
      this.give(holder);
    }
  }

  /** The refusal of one more. */
  refusal(limit: "most" | "each", what: string, retryAfterSeconds: number): Refusal {
    const most = this.#limits[limit];
    const whose =
      limit === "each" ? `You have ${most} ${what} under way` : `This process has ${most} ${what} under way`;
    const wayOut = limit === "each" ? "let one of them end, or repeat" : "repeat";
    return new Refusal(
      "RATE_LIMITED",
      { limit: most, window_seconds: 0 },
      {
        message: `${whose} already, as many as it may be; ${wayOut} this after Retry-After.`,
        headers: { "retry-after": String(retryAfterSeconds) },
      },
    );
  }
}

/** What each desk has for itself, made when it is first asked for. */
export function perDesk<T>(make: () => T): (desk: Desk) => T {
  const made = new WeakMap<Desk, T>();
  return (desk) => {
    const known = made.get(desk) ?? make();
    made.set(desk, known);
    return known;
  };
}
