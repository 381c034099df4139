// Keeps the stack's record current on a disk that may refuse it: a change that cannot be written is no reason for the
// supervisor to end, and is written as soon as there is room.

import { messageOf } from "../../process/command-line.ts";

const againAfterMs = 1_000;

export class KeptRecord {
  readonly #write: () => void;
  readonly #say: (line: string) => void;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param write writes how all stands at the moment it is called */
  constructor(write: () => void, say: (line: string) => void) {
    this.#write = write;
    this.#say = say;
  }

  /** Writes it now, or else every second until it could be written. */
  changed(): void {
    if (this.#closed) return;
    const failedBefore = this.#again !== undefined;
    clearTimeout(this.#again);
    this.#again = undefined;
    try {
      this.#write();
      if (failedBefore) this.#say("the stack's record is written again");
    } catch (error) {
      if (!failedBefore)
        this.#say(`the stack's record cannot be written (${messageOf(error)}); it is tried again every second`);
      this.#again = setTimeout(() => this.changed(), againAfterMs).unref();
    }
  }

  /** Writes no more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
  }
}
