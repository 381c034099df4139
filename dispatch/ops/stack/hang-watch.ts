// Notices that a process of the stack hangs: it is there, is asked again and again, and answers nothing. A machine that slept, or a
// supervisor that did not get to ask, is no fault of the process.

import { setTimeout as delay } from "node:timers/promises";

/** Into so many looks the time is parted; all of them in a row must go unanswered. */
const looks = 4;
/** A look that ends so much later than it should says that this process itself stood still. */
const mostLateMs = 1_000;

/** Counts looks in a row that went unanswered. Pure. */
export class UnansweredLooks {
  readonly #lookMs: number;
  #count = 0;

  /** @param hangMs after how long without an answer it counts as hanging */
  constructor(hangMs: number) {
    this.#lookMs = hangMs / looks;
  }

  /** How long one look takes. */
  get lookMs(): number {
    return this.#lookMs;
  }

  /** Looks without an answer, in a row. */
  get count(): number {
    return this.#count;
  }

  /**
   * @param tookMs how long the look took, pause included
   * @returns whether it hangs
   */
  looked(answered: boolean, tookMs: number): boolean {
    const weStoodStill = tookMs > this.#lookMs + mostLateMs;
    this.#count = answered || weStoodStill ? 0 : this.#count + 1;
    return this.#count >= looks;
  }
}

export type HangWatch = {
  /** Whether it answers within so many ms; nothing but the process itself may be needed for that. */
  readonly answers: (withinMs: number) => Promise<boolean>;
  readonly hangMs: number;
  /** Is told when a first look goes unanswered, and when one is answered again. */
  readonly silent: (isSilent: boolean) => void;
  /** Ends the watch. */
  readonly signal: AbortSignal;
};

/** Resolves with true once it hangs, with false when the watch is ended. */
export async function untilItHangs({ answers, hangMs, silent, signal }: HangWatch): Promise<boolean> {
  const unanswered = new UnansweredLooks(hangMs);
  const { lookMs } = unanswered;
  while (!signal.aborted) {
    const begun = performance.now();
    // A look that could not be made, in want of a file descriptor say, tells nothing of the process.
    const answered = await answers(lookMs).catch(() => true);
    const left = begun + lookMs - performance.now();
    if (left > 0) await delay(left, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return false;
    const before = unanswered.count;
    const hangs = unanswered.looked(answered, performance.now() - begun);
    if (before > 0 !== unanswered.count > 0) silent(unanswered.count > 0);
    if (hangs) return true;
  }
  return false;
}
