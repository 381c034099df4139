// What each visit is worth, by Lagrangian relaxation: prices under which choosing the cheapest of known routes, each visit in as
// many of them as it likes, costs nearly as much as the cheapest solution does. That choice is a bound: no solution made of
// these routes costs less.

import { int, num } from "./arrays.ts";
import type { Compiled } from "./compiled.ts";
import type { RouteTable } from "./route-table.ts";

// On generated problems with 2,400 and 4,000 routes these came within 0.1 and 0.4 % of the linear program's bound, where as many
// plain subgradient steps stayed 0.7 and 1.8 % below it.
const steps = 300;
/** Steps without a better bound before they become half as long. */
const patience = 10;
/** How far a step turns away from the last one's direction. */
const turn = 0.1;

export class RoutePrices {
  /** By visit; kept from one run to the next, which begins better for it. */
  readonly price: Float64Array;
  bound = Number.NEGATIVE_INFINITY;
  /** By route: what choosing it adds to the bound. */
  extra = new Float64Array(0);
  readonly #c: Compiled;
  readonly #ofKind: Int32Array;
  readonly #tried: Float64Array;
  readonly #direction: Float64Array;
  /** By visit: how many routes of the relaxed choice serve it. */
  readonly #covered: Int32Array;
  /** By kind of only one technician: the route that is worth most, or -1 when none is worth its cost. */
  readonly #cheapest: Int32Array;

  /** @param ofKind by kind: how many technicians there are of it */
  constructor(compiled: Compiled, ofKind: Int32Array) {
    this.#c = compiled;
    this.#ofKind = ofKind;
    this.price = new Float64Array(compiled.visits).fill(Number.POSITIVE_INFINITY);
    this.#tried = new Float64Array(compiled.visits);
    this.#direction = new Float64Array(compiled.visits);
    this.#covered = new Int32Array(compiled.visits);
    this.#cheapest = new Int32Array(ofKind.length);
  }

  /** Finds prices for these routes; stops as soon as the bound says that nothing below `cost` can be made of them. */
  find(table: RouteTable, cost: number): void {
    const tried = this.#tried;
    for (let visit = 0; visit < tried.length; visit++) {
      const known = num(this.price, visit);
      tried[visit] = Math.min(
        known === Number.POSITIVE_INFINITY ? cost / tried.length : known,
        num(this.#c.penalty, visit),
      );
    }
    this.#direction.fill(0);
    this.extra = new Float64Array(table.count);
    this.bound = Number.NEGATIVE_INFINITY;
    let eagerness = 1;
    let idle = 0;
    for (let step = 0; step < steps && this.bound < cost; step++) {
      const bound = this.#boundAt(table, tried);
      if (bound > this.bound) {
        this.bound = bound;
        this.price.set(tried);
        idle = 0;
      } else if (++idle === patience) {
        idle = 0;
        eagerness /= 2;
        tried.set(this.price);
      }
      if (!this.#move(eagerness * (cost - bound))) break;
    }
    this.#boundAt(table, this.price);
    this.#measureExtra(table);
  }

  /** From reduced costs: what the relaxed choice contains already adds nothing. */
  #measureExtra(table: RouteTable): void {
    const extra = this.extra;
    const least = Float64Array.from(this.#cheapest, (i) => (i < 0 ? 0 : num(extra, i)));
    for (let i = 0; i < table.count; i++) {
      const kind = int(table.kind, i);
      extra[i] = int(this.#ofKind, kind) > 1 ? Math.max(0, num(extra, i)) : num(extra, i) - num(least, kind);
    }
  }

  /** A step against what the relaxed choice gets wrong: dearer what nobody serves, cheaper what several do. */
  #move(gain: number): boolean {
    const direction = this.#direction;
    const tried = this.#tried;
    let norm = 0;
    for (let visit = 0; visit < tried.length; visit++) {
      const along = turn * (1 - int(this.#covered, visit)) + (1 - turn) * num(direction, visit);
      direction[visit] = along;
      norm += along ** 2;
    }
    if (norm < 1e-9) return false;
    const stride = gain / norm;
    for (let visit = 0; visit < tried.length; visit++) {
      tried[visit] = Math.min(num(this.#c.penalty, visit), num(tried, visit) + stride * num(direction, visit));
    }
    return true;
  }

  /** The bound at these prices; leaves the reduced cost of each route in `extra`. */
  #boundAt(table: RouteTable, price: Float64Array): number {
    const { visitsAt, visit: visits, kind: kinds } = table;
    const cheapest = this.#cheapest.fill(-1);
    this.#covered.fill(0);
    let bound = 0;
    for (let visit = 0; visit < price.length; visit++) bound += num(price, visit);
    for (let i = 0; i < table.count; i++) {
      let reduced = num(table.cost, i);
      const end = int(visitsAt, i + 1);
      for (let at = int(visitsAt, i); at < end; at++) reduced -= num(price, int(visits, at));
      this.extra[i] = reduced;
      if (reduced >= 0) continue;
      const kind = int(kinds, i);
      if (int(this.#ofKind, kind) > 1) bound += this.#take(table, i);
      else if (int(cheapest, kind) < 0 || reduced < num(this.extra, int(cheapest, kind))) cheapest[kind] = i;
    }
    for (let kind = 0; kind < cheapest.length; kind++)
      if (int(cheapest, kind) >= 0) bound += this.#take(table, int(cheapest, kind));
    return bound;
  }

  #take({ visitsAt, visit: visits }: RouteTable, i: number): number {
    for (let at = int(visitsAt, i); at < int(visitsAt, i + 1); at++) {
      const visit = int(visits, at);
      this.#covered[visit] = int(this.#covered, visit) + 1;
    }
    return num(this.extra, i);
  }
}
