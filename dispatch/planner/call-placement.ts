// Where in its route the call at the depot is best, once the visits are placed; and whether it is needed at all.

import { int, num } from "./arrays.ts";
import type { Insertion } from "./insertion.ts";
import { allKept } from "./row-times.ts";
import type { Solution } from "./solution.ts";

export class CallPlacement {
  readonly #solution: Solution;
  readonly #insertion: Insertion;
  readonly #parts: Float64Array;

  constructor(solution: Solution, insertion: Insertion) {
    this.#solution = solution;
    this.#insertion = insertion;
    this.#parts = new Float64Array(solution.compiled.partKinds);
  }

  /** The calls of all changed routes move to their best places. */
  settle(): void {
    const { compiled, changed, changedCount, tried, routes } = this.#solution;
    if (!compiled.hasDepot) return;
    for (let i = 0; i < changedCount; i++) {
      const technician = int(changed, i);
      const row = int(tried, technician);
      if (int(routes.callAt, row) > 0) this.#move(row, technician);
      else if (compiled.callShortens && int(routes.length, row) > 2)
        this.#tryCall(row, technician, num(routes.cost, row), nowhere);
    }
  }

  #move(row: number, technician: number): void {
    const { routes, compiled } = this.#solution;
    const position = int(routes.callAt, row);
    const cost = num(routes.cost, row);
    routes.remove(row, position);
    if (routes.measure(row, technician) !== allKept) {
      routes.insert(row, position - 1, compiled.call);
      routes.measure(row, technician);
      return;
    }
    const idle = this.#lastGap(row, technician) === int(routes.length, row) - 2;
    if (idle && num(routes.cost, row) <= cost) return;
    this.#tryCall(row, technician, Number.POSITIVE_INFINITY, position - 1);
  }

  /** Puts the call at its best place when the route then costs less than `most`; otherwise after `fallback`, if anywhere. */
  #tryCall(row: number, technician: number, most: number, fallback: number): void {
    const { routes, compiled } = this.#solution;
    const bound = most - num(routes.cost, row);
    this.#insertion.find(row, technician, compiled.call, bound, this.#lastGap(row, technician));
    const gap = this.#insertion.delta < bound ? this.#insertion.gap : fallback;
    if (gap === nowhere) return;
    routes.insert(row, gap, compiled.call);
    if (routes.measure(row, technician) === allKept || fallback === nowhere || gap === fallback) return;
    // Binary rounding at the very edge of a window: back to where it was.
    routes.remove(row, gap + 1);
    routes.insert(row, fallback, compiled.call);
    routes.measure(row, technician);
  }

  /** The position after which the call comes at the latest: the next stop lacks a tool or a part. */
  #lastGap(row: number, technician: number): number {
    const { routes, compiled: c } = this.#solution;
    const base = row * routes.stride;
    const last = int(routes.length, row) - 1;
    for (let kind = 0; kind < c.partKinds; kind++)
      this.#parts[kind] = num(c.partsCarried, technician * c.partKinds + kind);
    for (let i = 1; i < last; i++) {
      const visit = int(routes.node, base + i);
      if (int(c.ownTools, visit * c.technicians + technician) === 0) return i - 1;
      for (let kind = 0; kind < c.partKinds; kind++) {
        const left = num(this.#parts, kind) - num(c.partsNeeded, visit * c.partKinds + kind);
        if (left < 0) return i - 1;
        this.#parts[kind] = left;
      }
    }
    return last - 1;
  }
}

const nowhere = -1;
