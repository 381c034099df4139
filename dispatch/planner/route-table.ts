// Known routes laid out flat, the form in which they are put together anew.

import { int } from "./arrays.ts";

export type KnownRoute = {
  /** Of its technician, see Compiled. */
  readonly kind: number;
  /** Visits in the order they are served, and the call at the depot if there is one. */
  readonly stops: Int32Array;
  readonly cost: number;
};

export class RouteTable {
  readonly count: number;
  readonly kind: Int32Array;
  readonly cost: Float64Array;
  /** Visits of route i: from index visitsAt[i] to visitsAt[i + 1]. */
  readonly visitsAt: Int32Array;
  readonly visit: Int32Array;
  /** Words of 32 visits in a mask; the mask of route i begins at i * words. */
  readonly words: number;
  readonly mask: Int32Array;

  /** @param visits how many there are; stops numbered higher are none */
  constructor(routes: readonly KnownRoute[], visits: number) {
    this.count = routes.length;
    this.kind = Int32Array.from(routes, ({ kind }) => kind);
    this.cost = Float64Array.from(routes, ({ cost }) => cost);
    this.visitsAt = new Int32Array(routes.length + 1);
    this.visit = new Int32Array(routes.reduce((sum, { stops }) => sum + stops.length, 0));
    this.words = (visits + 31) >> 5;
    this.mask = new Int32Array(routes.length * this.words);
    let at = 0;
    for (const [i, { stops }] of routes.entries()) {
      for (let s = 0; s < stops.length; s++) {
        const stop = int(stops, s);
        if (stop >= visits) continue;
        this.visit[at++] = stop;
        const word = i * this.words + (stop >> 5);
        this.mask[word] = int(this.mask, word) | (1 << (stop & 31));
      }
      this.visitsAt[i + 1] = at;
    }
  }
}
