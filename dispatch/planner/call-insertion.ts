// What it costs to put a visit and a call at the depot into a route that has no call yet: for a visit whose tools or parts
// the van lacks, or that would leave too few parts to a later one.

import { int, num } from "./arrays.ts";
import { arrivalAfter, earliestStart } from "./calendar.ts";
import type { Compiled } from "./compiled.ts";
import type { Routes } from "./routes.ts";

export class CallInsertion {
  delta = Number.POSITIVE_INFINITY;
  /** The visit goes after this position of the row as it is. */
  gap = 0;
  /** The call goes after position `call >> 1`; an odd number says: before the visit, where both share a gap. */
  call = 0;
  readonly #routes: Routes;
  readonly #c: Compiled;
  readonly #order: Int32Array;
  readonly #partsLeft: Float64Array;
  readonly #partsSaved: Float64Array;
  // Where the walk along the row has come to: earliest departure, shortest duration and latest start of the walked part.
  #leave = 0;
  #duration = 0;
  #latest = 0;

  constructor(routes: Routes) {
    this.#routes = routes;
    this.#c = routes.compiled;
    this.#order = new Int32Array(routes.stride + 2);
    this.#partsLeft = new Float64Array(routes.compiled.partKinds);
    this.#partsSaved = new Float64Array(routes.compiled.partKinds);
  }

  /** Leaves the best pair of positions that adds less than `bound` in this object's fields. */
  find(row: number, technician: number, visit: number, bound: number): void {
    const c = this.#c;
    this.delta = bound;
    this.#search(row, technician, visit, true);
    if (int(c.ownTools, visit * c.technicians + technician) === 1) this.#search(row, technician, visit, false);
  }

  /** Every pair of gaps with the call first, or with the visit first. */
  #search(row: number, technician: number, visit: number, callFirst: boolean): void {
    const c = this.#c;
    const base = row * this.#routes.stride;
    const last = int(this.#routes.length, row) - 1;
    const one = callFirst ? c.call : visit;
    const other = callFirst ? visit : c.call;
    if (!callFirst) this.#loadVan(technician);
    if (!callFirst && !this.#useParts(visit)) return;
    for (let i = 0; i < last; i++) {
      if (i > 0 && !callFirst && !this.#useParts(int(this.#routes.node, base + i))) return;
      if (this.#leastAdded(row, technician, i, one, other) >= this.delta) continue;
      if (!this.#start(row, technician, i, one)) continue;
      this.#partsSaved.set(this.#partsLeft);
      for (let j = i; j < last; j++) {
        if (j > i && !(callFirst || this.#useParts(int(this.#routes.node, base + j)))) break;
        if (
          j > i &&
          !this.#step(
            technician,
            j === i + 1 ? one : int(this.#routes.node, base + j - 1),
            int(this.#routes.node, base + j),
          )
        )
          break;
        const delta = this.#deltaOf(row, technician, i, j, one, other);
        if (delta >= this.delta) continue;
        this.delta = delta;
        this.gap = callFirst ? j : i;
        this.call = (callFirst ? i : j) * 2 + (callFirst ? 1 : 0);
      }
      this.#partsLeft.set(this.#partsSaved);
    }
  }

  /**
   * What putting `one` at a gap adds at least, with `other` anywhere behind it: its own detour, and the time that no waiting of
   * the row as it is can absorb. Where ways over the depot are shorter than direct ones this bound does not hold.
   */
  #leastAdded(row: number, technician: number, gap: number, one: number, other: number): number {
    const c = this.#c;
    if (c.callShortens) return Number.NEGATIVE_INFINITY;
    const { node, stride, leg, length, busy, duration } = this.#routes;
    const before = int(node, row * stride + gap);
    const after = int(node, row * stride + gap + 1);
    const line = one * c.nodes;
    const further =
      num(c.distance.from, line + before) + num(c.distance.to, line + after) - num(leg, row * stride + gap);
    const unused = int(length, row) === 2;
    const least = c.weights.distance * further + (unused ? c.weights.technician : 0);
    if (c.weights.duration === 0) return least;
    const { to, from } = c.times[technician] ?? c.distance;
    const direct = unused ? 0 : num(to, before * c.nodes + after);
    const longer =
      num(from, line + before) + num(to, line + after) - direct + num(c.service, one) + num(c.service, other);
    return least + c.weights.duration * Math.max(0, num(busy, row) + longer - num(duration, row));
  }

  #loadVan(technician: number): void {
    const { partKinds, partsCarried } = this.#c;
    for (let kind = 0; kind < partKinds; kind++)
      this.#partsLeft[kind] = num(partsCarried, technician * partKinds + kind);
  }

  #useParts(visit: number): boolean {
    const { partKinds, partsNeeded } = this.#c;
    let enough = true;
    for (let kind = 0; kind < partKinds; kind++) {
      const left = num(this.#partsLeft, kind) - num(partsNeeded, visit * partKinds + kind);
      this.#partsLeft[kind] = left;
      if (left < 0) enough = false;
    }
    return enough;
  }

  /** Begins a walk at a position of the row and goes on to a new node. */
  #start(row: number, technician: number, position: number, node: number): boolean {
    const routes = this.#routes;
    const at = row * routes.stride + position;
    this.#leave = num(routes.leave, at);
    const durations = this.#c.weights.duration > 0 && this.#c.plainTime;
    this.#duration = durations ? num(routes.before, at) : 0;
    this.#latest = durations ? num(routes.beforeLatest, at) : 0;
    return this.#step(technician, int(routes.node, at), node);
  }

  #step(technician: number, previous: number, node: number): boolean {
    const c = this.#c;
    const driving = num((c.times[technician] ?? c.distance).to, previous * c.nodes + node);
    const arrive = c.plainTime ? this.#leave + driving : arrivalAfter(c, technician, this.#leave, driving);
    if (arrive > num(c.due, node) + c.slack) return false;
    const start = c.plainTime ? Math.max(arrive, num(c.ready, node)) : earliestStart(c, technician, node, arrive);
    if (start === Number.POSITIVE_INFINITY) return false;
    const reached = this.#duration + driving;
    const wait = Math.max(0, num(c.ready, node) - reached - this.#latest);
    this.#latest = Math.min(this.#latest, num(c.due, node) - reached);
    this.#duration = reached + wait + num(c.service, node);
    this.#leave = start + num(c.service, node);
    return true;
  }

  /** The walk stands behind position `second`, or behind the first new node when both share a gap; infinity when impossible. */
  #deltaOf(row: number, technician: number, first: number, second: number, one: number, other: number): number {
    const c = this.#c;
    const { node, leg, length, duration, stride } = this.#routes;
    const base = row * stride;
    const before = int(node, base + first);
    const after = int(node, base + second + 1);
    const legs = c.distance.to;
    let distance: number;
    if (first === second) {
      distance =
        num(legs, before * c.nodes + one) +
        num(legs, one * c.nodes + other) +
        num(legs, other * c.nodes + after) -
        num(leg, base + first);
    } else {
      distance =
        num(legs, before * c.nodes + one) +
        num(legs, one * c.nodes + int(node, base + first + 1)) -
        num(leg, base + first);
      distance +=
        num(legs, int(node, base + second) * c.nodes + other) +
        num(legs, other * c.nodes + after) -
        num(leg, base + second);
    }
    const delta = c.weights.distance * distance + (int(length, row) === 2 ? c.weights.technician : 0);
    // Durations only grow where no way over the depot is shorter than a direct one.
    if ((c.weights.duration === 0 || !c.callShortens) && delta >= this.delta) return Number.POSITIVE_INFINITY;
    const took = this.#closed(row, technician, first, second, one, other);
    if (took === Number.POSITIVE_INFINITY || c.weights.duration === 0)
      return took === Number.POSITIVE_INFINITY ? took : delta;
    return delta + c.weights.duration * (took - num(duration, row));
  }

  /** The duration with the walk carried on over the second new node to the row's end; infinity when impossible. */
  #closed(row: number, technician: number, first: number, second: number, one: number, other: number): number {
    const c = this.#c;
    const routes = this.#routes;
    const at = row * routes.stride + second;
    const leave = this.#leave;
    const walked = this.#duration;
    const latest = this.#latest;
    let took = Number.POSITIVE_INFINITY;
    if (this.#step(technician, first === second ? one : int(routes.node, at), other)) {
      const driving = num((c.times[technician] ?? c.distance).to, other * c.nodes + int(routes.node, at + 1));
      if (arrivalAfter(c, technician, this.#leave, driving) <= num(routes.latest, at + 1) + c.slack) {
        took = this.#durationTo(row, technician, first, second, one, other, driving);
      }
    }
    this.#leave = leave;
    this.#duration = walked;
    this.#latest = latest;
    return took;
  }

  #durationTo(
    row: number,
    technician: number,
    first: number,
    second: number,
    one: number,
    other: number,
    driving: number,
  ): number {
    const c = this.#c;
    const routes = this.#routes;
    const base = row * routes.stride;
    if (c.weights.duration === 0) return 0;
    if (c.plainTime) {
      const passed = this.#duration + driving;
      return (
        passed +
        Math.max(0, num(routes.afterEarliest, base + second + 1) - passed - this.#latest) +
        num(routes.after, base + second + 1)
      );
    }
    const length = int(routes.length, row);
    let at = 0;
    for (let i = 0; i < length; i++) {
      this.#order[at++] = int(routes.node, base + i);
      if (i === first) this.#order[at++] = one;
      if (i === second) this.#order[at++] = other;
    }
    return routes.timetable.shortest(technician, this.#order, 0, at);
  }
}
