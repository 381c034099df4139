// Runs one duty: woken by the tick or by news, never twice at once, again when it was woken meanwhile or has more to do.
// A duty that fails waits for the next tick; the others do not notice.

import { setTimeout as delay } from "node:timers/promises";
import type { Duty } from "./duty.ts";
import type { Trouble } from "./trouble.ts";

/** News may come with every commit of the desk; a duty that has nothing to do begins to look at most once in so many ms. */
const restMs = 10;

export class Lane {
  readonly #duty: Duty;
  readonly #trouble: Trouble;
  #running: Promise<void> | null = null;
  #again = false;
  #stopping = false;

  constructor(duty: Duty, trouble: Trouble) {
    this.#duty = duty;
    this.#trouble = trouble;
  }

  /** Resolves when the duty has nothing more to do for now. */
  wake(): Promise<void> {
    if (this.#stopping) return this.#running ?? Promise.resolve();
    if (this.#running) this.#again = true;
    else this.#running = this.#run();
    return this.#running;
  }

  /** Resolves when what is in hand is finished; at once when nothing is. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Takes up nothing more; resolves when what is in hand is finished. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Not before wake() has set #running, or an empty round would be over too early to be noticed.
    await Promise.resolve();
    let more = true;
    while (more && !this.#stopping) {
      this.#again = false;
      const begunAt = performance.now();
      try {
        ({ more } = await this.#duty.round(() => this.#stopping));
        this.#trouble.worked(this.#duty.name);
      } catch (error) {
        this.#trouble.failed(this.#duty.name, error);
        more = false;
      }
      if (more || !this.#again) continue;
      await delay(Math.max(0, begunAt + restMs - performance.now()));
      more = true;
    }
    this.#running = null;
  }
}
