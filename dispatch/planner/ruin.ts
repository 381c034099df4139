// Slack-induction string removals (Christiaens & Vanden Berghe 2020): takes strings of neighbouring stops out of a few routes
// near a random visit, which leaves room in time and space where it can be used.

import { int, num } from "./arrays.ts";
import { noCrew } from "./compiled.ts";
import type { Random } from "./random.ts";
import { allKept } from "./row-times.ts";
import { noTechnician, type Solution } from "./solution.ts";
import type { Tuning } from "./tuning.ts";

export class Ruin {
  /** Visits to place again: the first `count`. */
  readonly visits: Int32Array;
  count = 0;
  /** Visits to take out, about; the search sets it. */
  size = 1;
  /** [visit * visits + rank]: visits by nearness. */
  readonly #near: Int32Array;
  readonly #solution: Solution;
  readonly #random: Random;
  readonly #tuning: Tuning;

  /** @param near by visit: all visits, nearest first (see nearness.ts) */
  constructor(solution: Solution, near: Int32Array, random: Random, tuning: Tuning) {
    this.#solution = solution;
    this.#random = random;
    this.#tuning = tuning;
    this.visits = new Int32Array(solution.compiled.visits);
    this.#near = near;
  }

  /**
   * Takes strings out of the current solution, and adds some of the visits that nobody serves. Visits of crews stay where they are.
   * @param near the visit around which the strings lie; drawn when absent
   */
  run(near?: number): void {
    this.count = 0;
    this.#removeStrings(near);
    this.#addAbsent();
  }

  /** Takes one visit out of the tried solution, and what cannot be kept without it. */
  takeOut(visit: number): void {
    const { routes, servedBy, compiled } = this.#solution;
    const technician = int(servedBy, visit);
    if (technician === noTechnician) return;
    const row = this.#solution.writable(technician);
    let position = 1;
    while (int(routes.node, row * routes.stride + position) !== visit) position += 1;
    routes.remove(row, position);
    this.#takeOut(visit);
    if (int(routes.callAt, row) > 0 && !compiled.callShortens) this.#dropIdleCall(row, technician);
    this.#mend(row, technician);
  }

  #removeStrings(near: number | undefined): void {
    const { compiled, servedBy } = this.#solution;
    const longest = Math.min(this.#tuning.longestString, Math.max(1, this.#tuning.stringShare * this.meanStops()));
    const most = (4 * this.size) / (1 + longest) - 1;
    const strings = Math.floor(1 + this.#random.fraction() * Math.max(1, most));
    const line = (near ?? this.#random.below(compiled.visits)) * compiled.visits;
    let ruined = 0;
    for (let rank = 0; rank < compiled.visits && ruined < strings; rank++) {
      const visit = int(this.#near, line + rank);
      const technician = int(servedBy, visit);
      if (technician === noTechnician || this.#solution.isChanged(technician)) continue;
      this.#ruinRoute(technician, visit, longest);
      ruined += 1;
    }
  }

  /** Stops of a used route, in the mean. */
  meanStops(): number {
    const { compiled, absentCount, routes, row } = this.#solution;
    let used = 0;
    for (let technician = 0; technician < compiled.technicians; technician++)
      if (int(routes.length, int(row, technician)) > 2) used += 1;
    return used === 0 ? 1 : (compiled.visits - absentCount) / used;
  }

  #ruinRoute(technician: number, visit: number, longest: number): void {
    const { routes, row } = this.#solution;
    const from = int(row, technician);
    const base = from * routes.stride;
    const stops = int(routes.length, from) - 2;
    const length = Math.floor(1 + this.#random.fraction() * Math.min(stops, longest));
    let kept = 0;
    if (length > 1 && length < stops && this.#random.fraction() < this.#tuning.splitChance) {
      kept = 1;
      while (length + kept < stops && this.#random.fraction() < this.#tuning.splitDepth) kept += 1;
    }
    let position = 1;
    while (int(routes.node, base + position) !== visit) position += 1;
    const span = length + kept;
    const earliest = Math.max(1, position - span + 1);
    const latest = Math.min(position, stops - span + 1);
    const start = earliest + this.#random.below(latest - earliest + 1);
    const keepFrom = kept === 0 ? 0 : start + 1 + this.#random.below(length - 1);
    this.#copyWithout(technician, from, start, start + span, keepFrom, keepFrom + kept);
  }

  /** Drops positions from `start` to `end`, `end` excluded, sparing those from `keepFrom` to `keepTo`. */
  #copyWithout(technician: number, from: number, start: number, end: number, keepFrom: number, keepTo: number): void {
    const { routes, compiled } = this.#solution;
    const to = this.#solution.begin(technician);
    const source = from * routes.stride;
    const target = to * routes.stride;
    const length = int(routes.length, from);
    let at = 0;
    for (let i = 0; i < length; i++) {
      const node = int(routes.node, source + i);
      const drop = i >= start && i < end && !(i >= keepFrom && i < keepTo);
      if (drop && node !== compiled.call && int(compiled.crew, node) === noCrew) this.#takeOut(node);
      else routes.node[target + at++] = node;
    }
    routes.length[to] = at;
    if (int(routes.callAt, from) > 0 && !compiled.callShortens) this.#dropIdleCall(to, technician);
    this.#mend(to, technician);
  }

  #takeOut(visit: number): void {
    this.#solution.servedBy[visit] = noTechnician;
    this.visits[this.count++] = visit;
  }

  /** A call at the depot that the remaining stops do without is taken out. */
  #dropIdleCall(row: number, technician: number): void {
    const { routes, compiled: c } = this.#solution;
    const base = row * routes.stride;
    const last = int(routes.length, row) - 1;
    let call = 0;
    for (let i = 1; i < last; i++) if (int(routes.node, base + i) === c.call) call = i;
    for (let i = 1; i < last; i++) {
      const node = int(routes.node, base + i);
      if (node !== c.call && int(c.ownTools, node * c.technicians + technician) === 0) return;
    }
    for (let kind = 0; kind < c.partKinds; kind++) {
      let used = 0;
      for (let i = 1; i < last; i++)
        if (i !== call) used += num(c.partsNeeded, int(routes.node, base + i) * c.partKinds + kind);
      if (used > num(c.partsCarried, technician * c.partKinds + kind)) return;
    }
    routes.remove(row, call);
  }

  /** Without the triangle inequality a route may be late after losing a stop; then it loses more, until it is not. */
  #mend(row: number, technician: number): void {
    const { routes, compiled } = this.#solution;
    const base = row * routes.stride;
    for (;;) {
      const late = routes.measure(row, technician);
      if (late === allKept) return;
      const position = Math.min(late, int(routes.length, row) - 2);
      const node = int(routes.node, base + position);
      if (node === compiled.call) break;
      this.#takeOut(node);
      routes.remove(row, position);
    }
    for (let i = 1; i < int(routes.length, row) - 1; i++) {
      const node = int(routes.node, base + i);
      if (node !== compiled.call) this.#takeOut(node);
    }
    routes.clear(row, technician);
    routes.measure(row, technician);
  }

  #addAbsent(): void {
    const { absent, absentCount } = this.#solution;
    const taken = Math.min(absentCount, this.#tuning.absentTried);
    for (let i = 0; i < taken; i++) {
      const other = i + this.#random.below(absentCount - i);
      const visit = int(absent, other);
      absent[other] = int(absent, i);
      absent[i] = visit;
      this.visits[this.count++] = visit;
    }
  }
}
