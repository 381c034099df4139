// Puts together the cheapest solution that known routes allow: each visit in one of them or left out at its penalty, each
// technician with one at most. By the prices of visits it tries first what costs least beyond the bound, and gives up after a
// given amount of work, so that the outcome depends on no clock.

import { int, num } from "./arrays.ts";
import type { Compiled } from "./compiled.ts";
import { RoutePrices } from "./route-prices.ts";
import { RouteTable, type KnownRoute } from "./route-table.ts";

export class Recombine {
  readonly #c: Compiled;
  /** By kind: how many technicians there are of it. */
  readonly #ofKind: Int32Array;
  readonly #prices: RoutePrices;
  #table = new RouteTable([], 0);
  /** By number of decisions taken: routes that still fit, cheapest first. */
  #lists: Int32Array[] = [];
  /** By kind: technicians without a route. */
  #left = new Int32Array(0);
  /** A mask: visits in a chosen route or left out. */
  #done = new Int32Array(0);
  /** By visit: how many routes at hand serve it. */
  readonly #serving: Int32Array;
  readonly #chosen: number[] = [];
  #penalties = 0;
  #found: readonly number[] | undefined;
  /** What a solution must cost less than. */
  #limit = 0;
  #work = 0;

  constructor(compiled: Compiled) {
    this.#c = compiled;
    this.#ofKind = new Int32Array(compiled.technicians);
    for (const kind of compiled.kind) this.#ofKind[kind] = int(this.#ofKind, kind) + 1;
    this.#prices = new RoutePrices(compiled, this.#ofKind);
    this.#serving = new Int32Array(compiled.visits);
  }

  /**
   * Routes that together, with penalties for visits in none of them, cost less than `cost`; undefined when none were found.
   * @param work how many times a route may be looked at; some 25 ns each
   */
  run(routes: readonly KnownRoute[], cost: number, work: number): KnownRoute[] | undefined {
    this.#table = new RouteTable(routes, this.#c.visits);
    this.#prices.find(this.#table, cost);
    const { bound, extra } = this.#prices;
    const order = Array.from(extra.keys())
      .filter((i) => bound + num(extra, i) < cost)
      .sort((a, b) => num(extra, a) - num(extra, b) || a - b);
    this.#begin(order, work);
    // Little beyond the bound first: there are few ways to spend little, and the cheapest solution is among them.
    for (let share = 1 / 8; share <= 1 && this.#found === undefined; share *= 2) {
      this.#limit = bound + share * (cost - bound);
      this.#dive(0, order.length, bound);
    }
    return this.#found?.flatMap((i) => routes[i] ?? []);
  }

  #begin(order: readonly number[], work: number): void {
    this.#lists = [Int32Array.from(order)];
    this.#left = this.#ofKind.slice();
    this.#done = new Int32Array(this.#table.words);
    this.#found = undefined;
    this.#work = work;
  }

  /** Tries all ways to serve the visit that the fewest of the first `count` routes at this depth serve, and to leave it out. */
  #dive(depth: number, count: number, bound: number): void {
    const visit = this.#hardest(depth, count);
    if (visit < 0) {
      this.#keepIfCheaper();
      return;
    }
    const { mask, words } = this.#table;
    const { extra, price } = this.#prices;
    const list = this.#list(depth);
    const word = visit >> 5;
    const bit = 1 << (visit & 31);
    for (let at = 0; at < count && this.#work > 0; at++) {
      const i = int(list, at);
      const reached = bound + num(extra, i);
      if (reached >= this.#limit) break;
      if ((int(mask, i * words + word) & bit) === 0) continue;
      this.#choose(i, -1);
      this.#chosen.push(i);
      this.#dive(depth + 1, this.#filter(depth, count, reached), reached);
      this.#chosen.pop();
      this.#choose(i, 1);
    }
    const penalty = num(this.#c.penalty, visit);
    const reached = bound + penalty - num(price, visit);
    if (reached >= this.#limit || this.#work <= 0) return;
    this.#done[word] = int(this.#done, word) ^ bit;
    this.#penalties += penalty;
    this.#dive(depth + 1, this.#filter(depth, count, reached), reached);
    this.#penalties -= penalty;
    this.#done[word] = int(this.#done, word) ^ bit;
  }

  #keepIfCheaper(): void {
    const total = this.#chosen.reduce((sum, i) => sum + num(this.#table.cost, i), this.#penalties);
    if (total >= this.#limit) return;
    this.#found = this.#chosen.slice();
    this.#limit = total;
  }

  #list(depth: number): Int32Array {
    return (this.#lists[depth] ??= new Int32Array(this.#table.count));
  }

  /** Takes the route (`change` -1) or gives it back (1): its visits and a technician of its kind. */
  #choose(i: number, change: number): void {
    const { kind: kinds, mask, words } = this.#table;
    const kind = int(kinds, i);
    this.#left[kind] = int(this.#left, kind) + change;
    for (let word = 0; word < words; word++) this.#done[word] = int(this.#done, word) ^ int(mask, i * words + word);
  }

  /** Lists for the next depth which of the first `count` routes at this one still fit; answers how many. */
  #filter(depth: number, count: number, bound: number): number {
    const { kind, mask, words } = this.#table;
    const { extra } = this.#prices;
    const done = this.#done;
    const from = this.#list(depth);
    const to = this.#list(depth + 1);
    this.#work -= count;
    let kept = 0;
    for (let at = 0; at < count; at++) {
      const i = int(from, at);
      if (bound + num(extra, i) >= this.#limit) break;
      if (int(this.#left, int(kind, i)) === 0) continue;
      let word = 0;
      while (word < words && (int(mask, i * words + word) & int(done, word)) === 0) word += 1;
      if (word === words) to[kept++] = i;
    }
    return kept;
  }

  /** Of the visits not done the one that the fewest of these routes serve; -1 when all are done. */
  #hardest(depth: number, count: number): number {
    const { visitsAt, visit: visits } = this.#table;
    const serving = this.#serving.fill(0);
    const list = this.#list(depth);
    for (let at = 0; at < count; at++) {
      const i = int(list, at);
      const end = int(visitsAt, i + 1);
      for (let v = int(visitsAt, i); v < end; v++) serving[int(visits, v)] = int(serving, int(visits, v)) + 1;
    }
    let hardest = -1;
    for (let visit = 0; visit < serving.length; visit++) {
      if ((int(this.#done, visit >> 5) & (1 << (visit & 31))) !== 0) continue;
      if (hardest < 0 || int(serving, visit) < int(serving, hardest)) hardest = visit;
    }
    return hardest;
  }
}
