// Greedy insertion with blinks: the visits taken out come back one by one, each to its cheapest place, now and then to the
// second cheapest. What a visit costs in a route that nobody touched is remembered until somebody does.

import { int, num } from "./arrays.ts";
import { Insertion, noCall } from "./insertion.ts";
import type { Random } from "./random.ts";
import { CallPlacement } from "./call-placement.ts";
import { allKept } from "./row-times.ts";
import { noTechnician, type Solution } from "./solution.ts";
import type { Tuning } from "./tuning.ts";
import { VisitOrder } from "./visit-order.ts";

export class Recreate {
  /** Visits that the last run could not place: the first `failedCount`. */
  readonly failed: Int32Array;
  failedCount = 0;
  readonly #solution: Solution;
  readonly #random: Random;
  readonly #tuning: Tuning;
  readonly #insertion: Insertion;
  readonly #order: VisitOrder;
  readonly #placement: CallPlacement;
  // Answers by [visit * technicians + technician], true while the route has the stamp; what adds more than the limit is not known.
  readonly #stamp: Float64Array;
  readonly #limit: Float64Array;
  readonly #delta: Float64Array;
  readonly #place: Int32Array;
  readonly #call: Int32Array;
  readonly #secondDelta: Float64Array;
  readonly #secondPlace: Int32Array;
  /** [visit * visits + rank]: visits by nearness. */
  readonly #near: Int32Array;
  /** How many of them say which routes come near a visit. */
  readonly #nearCount: number;
  /** Technicians still without a route, one of each kind. */
  readonly #open: Int32Array;
  #openCount = 0;
  /** Technicians who serve anybody, at most. */
  #usedCount = 0;
  /** Technicians to look at for the visit at hand; by technician, the look that listed it. */
  readonly #listed: Int32Array;
  #listedCount = 0;
  readonly #listedIn: Float64Array;
  #looks = 0;
  /** By kind: the run in which an unused technician of that kind was listed as open. */
  readonly #kindOpenIn: Float64Array;
  #runs = 0;
  #zeal = 1;
  #bestDelta = 0;
  #bestTechnician = noTechnician;
  #bestGap = 0;
  #bestCall = noCall;

  constructor(solution: Solution, near: Int32Array, random: Random, tuning: Tuning) {
    const { compiled } = solution;
    const pairs = compiled.visits * compiled.technicians;
    this.failed = new Int32Array(compiled.visits);
    this.#solution = solution;
    this.#random = random;
    this.#tuning = tuning;
    this.#insertion = new Insertion(solution.routes);
    this.#order = new VisitOrder(compiled, random);
    this.#placement = new CallPlacement(solution, this.#insertion);
    this.#stamp = new Float64Array(pairs);
    this.#limit = new Float64Array(pairs);
    this.#delta = new Float64Array(pairs);
    this.#place = new Int32Array(pairs);
    this.#call = new Int32Array(pairs);
    this.#secondDelta = new Float64Array(pairs);
    this.#secondPlace = new Int32Array(pairs);
    this.#near = near;
    this.#nearCount = Math.min(compiled.visits, tuning.nearVisits);
    this.#open = new Int32Array(2 * compiled.technicians);
    this.#listed = new Int32Array(compiled.technicians);
    this.#listedIn = new Float64Array(compiled.technicians);
    this.#kindOpenIn = new Float64Array(compiled.technicians);
  }

  get rules(): number {
    return this.#order.rules;
  }

  /**
   * Places the first `count` visits; those that found no place worth its cost are left in `failed`. Gives up, and answers false,
   * as soon as that has added more than `most` to the cost: what follows would hardly make it less.
   * @param zeal above 1, a place may cost more than leaving the visit out: two visits may be worth a journey that neither is alone
   * @param rule the order, below `rules`; drawn when absent
   */
  run(visits: Int32Array, count: number, most: number, zeal: number, rule?: number): boolean {
    this.#zeal = zeal;
    this.#order.sort(visits, count, rule);
    this.#listOpen();
    this.failedCount = 0;
    let added = 0;
    for (let i = 0; i < count; i++) {
      const visit = int(visits, i);
      const found = this.#findPlace(visit);
      // Nothing is written for a place that is too dear anyway.
      if (found && added + this.#bestDelta > most) return false;
      if (found && this.#placeBest(visit)) added += this.#bestDelta;
      else {
        this.failed[this.failedCount++] = visit;
        added += num(this.#solution.compiled.penalty, visit);
        if (added > most) return false;
      }
    }
    this.#placement.settle();
    return true;
  }

  /** Puts a visit, whatever it costs, where it is cheapest in one technician's route; false where it has no place there. */
  placeWith(visit: number, technician: number): boolean {
    const insertion = this.#insertion;
    insertion.find(int(this.#solution.tried, technician), technician, visit, Number.POSITIVE_INFINITY);
    if (insertion.delta === Number.POSITIVE_INFINITY) return false;
    this.#choose(technician, insertion.delta, insertion.gap, insertion.call);
    return this.#placeBest(visit);
  }

  /**
   * Routes that come near the visit are looked at first, and others only when those have no place for it. What is remembered
   * comes first, then the routes under change, then what is not remembered: each finds the best cost so far as its bound, and a
   * low bound spares most of the work.
   */
  #findPlace(visit: number): boolean {
    const { compiled, changed, changedCount } = this.#solution;
    this.#bestDelta = this.#zeal * num(compiled.penalty, visit);
    this.#bestTechnician = noTechnician;
    this.#looks += 1;
    this.#listedCount = 0;
    this.#listNear(visit);
    this.#recallListed(visit);
    for (let i = 0; i < changedCount; i++) {
      const technician = int(changed, i);
      if (int(compiled.able, visit * compiled.technicians + technician) === 1) this.#fresh(visit, technician);
    }
    this.#findListed(visit);
    if (this.#bestTechnician === noTechnician) {
      this.#listedCount = 0;
      for (let technician = 0; technician < compiled.technicians; technician++) this.#list(visit, technician, true);
      this.#recallListed(visit);
      this.#findListed(visit);
    }
    return this.#bestTechnician !== noTechnician;
  }

  #listNear(visit: number): void {
    const { servedBy, compiled } = this.#solution;
    const from = visit * compiled.visits;
    for (let i = 0; i < this.#openCount; i++) this.#list(visit, int(this.#open, i), false);
    let others = this.#usedCount;
    for (let i = from; i < from + this.#nearCount && others > 0; i++) {
      const technician = int(servedBy, int(this.#near, i));
      if (technician === noTechnician || num(this.#listedIn, technician) === this.#looks) continue;
      this.#list(visit, technician, true);
      others -= 1;
    }
  }

  /** Lists a technician whose route nobody touches, once per look. */
  #list(visit: number, technician: number, used: boolean): void {
    if (num(this.#listedIn, technician) === this.#looks) return;
    this.#listedIn[technician] = this.#looks;
    const { row, tried, routes, compiled } = this.#solution;
    const from = int(row, technician);
    if (int(tried, technician) !== from || int(compiled.able, visit * compiled.technicians + technician) === 0) return;
    if (!used || int(routes.length, from) > 2) this.#listed[this.#listedCount++] = technician;
  }

  /** Takes what is remembered into account; those of whom too little is remembered stay listed. */
  #recallListed(visit: number): void {
    const { row, routes, compiled } = this.#solution;
    const pairs = visit * compiled.technicians;
    let unknown = 0;
    for (let i = 0; i < this.#listedCount; i++) {
      const technician = int(this.#listed, i);
      const pair = pairs + technician;
      if (num(this.#stamp, pair) !== num(routes.stamp, int(row, technician))) this.#listed[unknown++] = technician;
      else if (num(this.#delta, pair) < this.#bestDelta) this.#offerRemembered(pair, technician);
      else if (num(this.#delta, pair) === Number.POSITIVE_INFINITY) this.#listed[unknown++] = technician;
    }
    this.#listedCount = unknown;
  }

  #findListed(visit: number): void {
    for (let i = 0; i < this.#listedCount; i++) this.#findAndRemember(visit, int(this.#listed, i));
  }

  #listOpen(): void {
    const { compiled, row, tried, routes } = this.#solution;
    this.#runs += 1;
    this.#openCount = 0;
    this.#usedCount = 0;
    for (let technician = 0; technician < compiled.technicians; technician++) {
      if (int(tried, technician) !== int(row, technician) || int(routes.length, int(row, technician)) > 2)
        this.#usedCount += 1;
      else if (num(this.#kindOpenIn, int(compiled.kind, technician)) !== this.#runs) this.#openUnused(technician);
    }
  }

  #openUnused(technician: number): void {
    this.#kindOpenIn[int(this.#solution.compiled.kind, technician)] = this.#runs;
    this.#open[this.#openCount++] = technician;
  }

  /** The listed unused technician of a kind is about to be used; the next one, if any, takes the place. */
  #openNext(technician: number): void {
    const { compiled, row, tried, routes } = this.#solution;
    for (let next = technician + 1; next < compiled.technicians; next++) {
      const alike = int(compiled.kind, next) === int(compiled.kind, technician);
      if (!alike || int(tried, next) !== int(row, next) || int(routes.length, int(row, next)) > 2) continue;
      this.#openUnused(next);
      return;
    }
  }

  #findAndRemember(visit: number, technician: number): void {
    const row = int(this.#solution.row, technician);
    const stamp = num(this.#solution.routes.stamp, row);
    const pair = visit * this.#solution.compiled.technicians + technician;
    if (num(this.#stamp, pair) === stamp && num(this.#limit, pair) >= this.#bestDelta) return;
    const insertion = this.#insertion;
    // Beyond what is wanted now, so that the answer serves again when a little more is.
    const limit = 2 * Math.max(0, this.#bestDelta);
    insertion.find(row, technician, visit, limit);
    this.#stamp[pair] = stamp;
    this.#limit[pair] = limit;
    this.#delta[pair] = insertion.delta;
    this.#place[pair] = insertion.gap;
    this.#call[pair] = insertion.call;
    this.#secondDelta[pair] = insertion.secondDelta;
    this.#secondPlace[pair] = insertion.secondGap;
    if (insertion.delta < this.#bestDelta) this.#offerRemembered(pair, technician);
  }

  #offerRemembered(pair: number, technician: number): void {
    if (!this.#blinks())
      this.#choose(technician, num(this.#delta, pair), int(this.#place, pair), int(this.#call, pair));
    else if (num(this.#secondDelta, pair) < this.#bestDelta)
      this.#choose(technician, num(this.#secondDelta, pair), int(this.#secondPlace, pair), noCall);
  }

  #fresh(visit: number, technician: number): void {
    const insertion = this.#insertion;
    insertion.find(int(this.#solution.tried, technician), technician, visit, this.#bestDelta);
    if (insertion.delta >= this.#bestDelta) return;
    if (!this.#blinks()) this.#choose(technician, insertion.delta, insertion.gap, insertion.call);
    else if (insertion.secondDelta < this.#bestDelta)
      this.#choose(technician, insertion.secondDelta, insertion.secondGap, noCall);
  }

  #blinks(): boolean {
    return this.#random.fraction() < this.#tuning.blink;
  }

  #choose(technician: number, delta: number, gap: number, call: number): void {
    this.#bestTechnician = technician;
    this.#bestDelta = delta;
    this.#bestGap = gap;
    this.#bestCall = call;
  }

  #placeBest(visit: number): boolean {
    const { routes, servedBy } = this.#solution;
    const technician = this.#bestTechnician;
    if (!this.#solution.isChanged(technician) && int(routes.length, int(this.#solution.row, technician)) === 2) {
      this.#usedCount += 1;
      this.#openNext(technician);
    }
    const row = this.#solution.writable(technician);
    const kept =
      this.#bestCall === noCall
        ? routes.insertMeasured(row, technician, this.#bestGap, visit)
        : this.#placeWithCall(row, technician, visit);
    if (kept === allKept) {
      servedBy[visit] = technician;
      return true;
    }
    // Only binary rounding at the very edge of a window leads here.
    this.#takeBack(row, technician, visit);
    return false;
  }

  #placeWithCall(row: number, technician: number, visit: number): number {
    const { routes, compiled } = this.#solution;
    const callGap = this.#bestCall >> 1;
    const callFirst = (this.#bestCall & 1) === 1;
    // The later of the two goes in first, so that the earlier gap keeps its number.
    if (!callFirst) routes.insert(row, callGap, compiled.call);
    routes.insert(row, this.#bestGap, visit);
    if (callFirst) routes.insert(row, callGap, compiled.call);
    return routes.measure(row, technician);
  }

  #takeBack(row: number, technician: number, visit: number): void {
    const { routes, compiled } = this.#solution;
    const base = row * routes.stride;
    for (let i = int(routes.length, row) - 2; i > 0; i--) {
      const node = int(routes.node, base + i);
      if (node === visit || (node === compiled.call && this.#bestCall !== noCall)) routes.remove(row, i);
    }
    routes.measure(row, technician);
  }
}
