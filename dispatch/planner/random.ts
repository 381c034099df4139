// The planner's only source of chance: sfc32, seeded, the same numbers on every machine.

export class Random {
  #a: number;
  #b: number;
  #c = 0x9e3779b9 | 0;
  #d = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    for (let i = 0; i < 16; i++) this.#next();
  }

  /** From 0 inclusive to 1 exclusive. */
  fraction(): number {
    return (this.#next() >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to `end`, `end` excluded. */
  below(end: number): number {
    return Math.floor(this.fraction() * end);
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum;
  }
}
