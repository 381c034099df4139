// A process that is started again whenever it has ended, as by a process manager; whoever kills it waits until it is there again.

import { setTimeout as delay } from "node:timers/promises";
import { CommandFailure } from "../../dispatch/process/command-line.ts";

type Running = { readonly ended: Promise<unknown>; kill(): Promise<void> };

const againMs = 200;

export class KeptUp<P extends Running> {
  readonly #start: () => Promise<P>;
  readonly #running: Promise<void>;
  #isOver = false;
  #up = Promise.withResolvers<P>();
  #now: P | null = null;
  /** How often it ended although nobody killed it. */
  ownEnds = 0;
  #killed = false;

  /** @param start may fail with a CommandFailure: it is tried again */
  constructor(start: () => Promise<P>) {
    this.#start = start;
    this.#running = this.#live();
  }

  /** The process there is, as soon as there is one. */
  get up(): Promise<P> {
    return this.#up.promise;
  }

  get now(): P | null {
    return this.#now;
  }

  /** SIGKILL to the process there is, as soon as there is one. */
  async kill(): Promise<void> {
    const one = await this.#up.promise;
    this.#killed = true;
    await one.kill();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#now?.kill();
    await this.#running;
  }

  async #live(): Promise<void> {
    while (!this.#isOver) {
      const one = await this.#start().catch((error: unknown) => {
        if (!(error instanceof CommandFailure)) throw error;
      });
      if (!one) {
        await delay(againMs);
        continue;
      }
      if (this.#isOver) return one.kill();
      this.#now = one;
      this.#up.resolve(one);
      await one.ended;
      if (!this.#killed && !this.#isOver) this.ownEnds++;
      this.#killed = false;
      this.#now = null;
      this.#up = Promise.withResolvers<P>();
    }
  }
}
