// What it costs to put one visit into one route, at its two best positions. Constant time per position where every visit has
// one window and nobody has breaks; otherwise constant time to know whether it is possible, and the exact duration after that.

import { int, num } from "./arrays.ts";
import { arrivalAfter, earliestStart } from "./calendar.ts";
import { CallInsertion } from "./call-insertion.ts";
import type { Compiled } from "./compiled.ts";
import type { Routes } from "./routes.ts";

/** No call at the depot comes along. */
export const noCall = -1;

export class Insertion {
  /** What the best position adds to the route's cost; infinity when there is none. */
  delta = Number.POSITIVE_INFINITY;
  /** The visit goes after this position. */
  gap = 0;
  /** See CallInsertion; noCall when the visit comes alone. */
  call = noCall;
  /** The second-best position, always without a new call. */
  secondDelta = Number.POSITIVE_INFINITY;
  secondGap = 0;
  readonly #routes: Routes;
  readonly #c: Compiled;
  readonly #withCall: CallInsertion;
  readonly #order: Int32Array;
  /** Nothing but windows and capacity stands in the way, and distance is all that counts. */
  readonly #plainest: boolean;

  constructor(routes: Routes) {
    this.#routes = routes;
    this.#c = routes.compiled;
    this.#withCall = new CallInsertion(routes);
    this.#order = new Int32Array(routes.stride + 1);
    const { plainTime, weights, hasDepot, partKinds } = routes.compiled;
    this.#plainest = plainTime && weights.duration === 0 && !hasDepot && partKinds === 0;
  }

  /** Leaves the two best positions that add less than `bound`, none after position `until`, in this object's fields. */
  find(
    row: number,
    technician: number,
    visit: number,
    bound: number,
    until: number = int(this.#routes.length, row) - 2,
  ): void {
    const c = this.#c;
    const routes = this.#routes;
    this.delta = bound;
    this.secondDelta = bound;
    this.call = noCall;
    if (num(routes.load, row) + num(c.demand, visit) <= num(c.capacity, technician)) {
      if (this.#plainest) this.#scanPlain(row, technician, visit, 0, until);
      else this.#search(row, technician, visit, until);
    }
    if (this.delta >= bound) this.delta = Number.POSITIVE_INFINITY;
    if (this.secondDelta >= bound) this.secondDelta = Number.POSITIVE_INFINITY;
  }

  #search(row: number, technician: number, visit: number, until: number): void {
    const c = this.#c;
    const call = int(this.#routes.callAt, row);
    const alone = this.stockHolds(row, technician, visit);
    if (alone || call > 0) {
      const first = alone ? 0 : call;
      if (!c.plainTime) this.#scan(row, technician, visit, first, until);
      else if (c.weights.duration > 0) this.#scanDurations(row, technician, visit, first, until);
      else this.#scanPlain(row, technician, visit, first, until);
    }
    const mayCall = c.hasDepot && call === 0 && visit !== c.call && (!alone || c.callShortens);
    if (!mayCall) return;
    this.#withCall.find(row, technician, visit, this.delta);
    if (this.#withCall.delta >= this.delta) return;
    if (this.delta < this.secondDelta) {
      this.secondDelta = this.delta;
      this.secondGap = this.gap;
    }
    this.delta = this.#withCall.delta;
    this.gap = this.#withCall.gap;
    this.call = this.#withCall.call;
  }

  /** Whether the visit could come before the call, or into a route without one. */
  stockHolds(row: number, technician: number, visit: number): boolean {
    const c = this.#c;
    if (int(c.ownTools, visit * c.technicians + technician) === 0) return false;
    for (let kind = 0; kind < c.partKinds; kind++) {
      const used = num(this.#routes.partsUsed, row * c.partKinds + kind);
      const needed = num(c.partsNeeded, visit * c.partKinds + kind);
      if (needed > 0 && used + needed > num(c.partsCarried, technician * c.partKinds + kind)) return false;
    }
    return true;
  }

  #offer(delta: number, gap: number): void {
    if (delta < this.delta) {
      this.secondDelta = this.delta;
      this.secondGap = this.gap;
      this.delta = delta;
      this.gap = gap;
    } else if (delta < this.secondDelta) {
      this.secondDelta = delta;
      this.secondGap = gap;
    }
  }

  #scanPlain(row: number, technician: number, visit: number, first: number, until: number): void {
    const c = this.#c;
    const { node, leave, latest, leg, stride, length } = this.#routes;
    const { to: distanceTo, from: distanceFrom } = c.distance;
    const { to: timeTo, from: timeFrom } = c.times[technician] ?? c.distance;
    const line = visit * c.nodes;
    const ready = num(c.ready, visit);
    const due = num(c.due, visit) + c.slack;
    const service = num(c.service, visit) - c.slack;
    const done = ready + service;
    const base = row * stride;
    const end = base + until;
    const fixed = int(length, row) === 2 ? c.weights.technician : 0;
    const weight = c.weights.distance;
    // In local variables, unlike #offer: this loop is where the search spends its time.
    let { delta: best, gap, secondDelta: second, secondGap } = this;
    for (let i = base + first; i <= end; i++) {
      const left = num(leave, i);
      if (left > due) break;
      const bound = num(latest, i + 1);
      if (bound < done) continue;
      const previous = line + int(node, i);
      const next = line + int(node, i + 1);
      const delta = weight * (num(distanceFrom, previous) + num(distanceTo, next) - num(leg, i)) + fixed;
      if (delta >= second) continue;
      const arrive = left + num(timeFrom, previous);
      if (arrive > due || (arrive > ready ? arrive : ready) + service + num(timeTo, next) > bound) continue;
      if (delta < best) {
        second = best;
        secondGap = gap;
        best = delta;
        gap = i - base;
      } else {
        second = delta;
        secondGap = i - base;
      }
    }
    this.delta = best;
    this.gap = gap;
    this.secondDelta = second;
    this.secondGap = secondGap;
  }

  #scanDurations(row: number, technician: number, visit: number, first: number, until: number): void {
    const c = this.#c;
    const routes = this.#routes;
    const times = c.times[technician] ?? c.distance;
    const { node, leave, latest, leg, before, beforeLatest, after, afterEarliest } = routes;
    const line = visit * c.nodes;
    const ready = num(c.ready, visit);
    const due = num(c.due, visit);
    const service = num(c.service, visit);
    const base = row * routes.stride;
    const end = base + until;
    const { weights } = c;
    const already =
      (int(routes.length, row) === 2 ? weights.technician : 0) - weights.duration * num(routes.duration, row);
    for (let i = base + first; i <= end; i++) {
      if (num(leave, i) > due + c.slack) break;
      const previous = line + int(node, i);
      const next = line + int(node, i + 1);
      const there = num(times.from, previous);
      const arrive = num(leave, i) + there;
      if (arrive > due + c.slack) continue;
      const on = service + num(times.to, next);
      if ((arrive > ready ? arrive : ready) + on > num(latest, i + 1) + c.slack) continue;
      const reached = num(before, i) + there;
      const wait = Math.max(0, ready - reached - num(beforeLatest, i));
      const leaveLatest = Math.min(num(beforeLatest, i), due - reached);
      const passed = reached + wait + on;
      const secondWait = Math.max(0, num(afterEarliest, i + 1) - passed - leaveLatest);
      const duration = passed + secondWait + num(after, i + 1);
      const further = num(c.distance.from, previous) + num(c.distance.to, next) - num(leg, i);
      const delta = weights.distance * further + weights.duration * duration + already;
      if (delta < this.secondDelta) this.#offer(delta, i - base);
    }
  }

  /** Any windows and breaks. */
  #scan(row: number, technician: number, visit: number, first: number, until: number): void {
    const c = this.#c;
    const routes = this.#routes;
    const times = c.times[technician] ?? c.distance;
    const base = row * routes.stride;
    const { weights } = c;
    const fixed = int(routes.length, row) === 2 ? weights.technician : 0;
    for (let i = first; i <= until; i++) {
      const previous = visit * c.nodes + int(routes.node, base + i);
      const next = visit * c.nodes + int(routes.node, base + i + 1);
      const arrive = arrivalAfter(c, technician, num(routes.leave, base + i), num(times.from, previous));
      const start = earliestStart(c, technician, visit, arrive);
      if (start === Number.POSITIVE_INFINITY) continue;
      const reached = arrivalAfter(c, technician, start + num(c.service, visit), num(times.to, next));
      if (reached > num(routes.latest, base + i + 1) + c.slack) continue;
      let delta =
        weights.distance * (num(c.distance.from, previous) + num(c.distance.to, next) - num(routes.leg, base + i)) +
        fixed;
      if (weights.duration > 0)
        delta += weights.duration * (this.#durationWith(row, technician, visit, i) - num(routes.duration, row));
      if (delta < this.secondDelta) this.#offer(delta, i);
    }
  }

  #durationWith(row: number, technician: number, visit: number, gap: number): number {
    const routes = this.#routes;
    const base = row * routes.stride;
    const length = int(routes.length, row);
    for (let i = 0; i <= gap; i++) this.#order[i] = int(routes.node, base + i);
    this.#order[gap + 1] = visit;
    for (let i = gap + 1; i < length; i++) this.#order[i + 1] = int(routes.node, base + i);
    return routes.timetable.shortest(technician, this.#order, 0, length + 1);
  }
}
