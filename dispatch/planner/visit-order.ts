// In which order visits are put back: by a rule drawn anew each time, so that no visit is always late to the table.

import { int, num } from "./arrays.ts";
import type { Compiled } from "./compiled.ts";
import type { Random } from "./random.ts";

export class VisitOrder {
  readonly #random: Random;
  /** One key per visit and rule, smallest first; the last is filled with chance. */
  readonly #rules: Float64Array[];
  readonly #chance: Float64Array;
  /** Index into the rules, repeated by weight. */
  readonly #drawn: Int32Array;

  constructor(compiled: Compiled, random: Random) {
    const { visits } = compiled;
    const keys = (key: (visit: number) => number): Float64Array =>
      Float64Array.from({ length: visits }, (_, visit) => key(visit));
    const home = keys((visit) => nearestHome(compiled, visit));
    this.#random = random;
    this.#chance = new Float64Array(visits);
    const weighted: [number, Float64Array][] = [
      [4, this.#chance],
      [4, keys((visit) => -num(compiled.demand, visit))],
      [2, home.map((apart) => -apart)],
      [1, home],
      [2, keys((visit) => num(compiled.due, visit) - num(compiled.ready, visit))],
      [2, keys((visit) => num(compiled.ready, visit))],
      [2, keys((visit) => -num(compiled.due, visit))],
      [2, keys((visit) => ableCount(compiled, visit))],
      [3, keys((visit) => -num(compiled.penalty, visit))],
    ];
    // A rule by which all visits are alike would only repeat the order they were taken out in.
    const telling = weighted.filter(([, rule]) => rule === this.#chance || rule.some((key) => key !== rule[0]));
    this.#rules = telling.map(([, rule]) => rule);
    this.#drawn = Int32Array.from(telling.flatMap(([weight], rule) => Array.from({ length: weight }, () => rule)));
  }

  /** How many rules there are. */
  get rules(): number {
    return this.#rules.length;
  }

  /** Sorts the first `count` visits in place, by the given rule or one drawn by weight. */
  sort(list: Int32Array, count: number, rule: number = int(this.#drawn, this.#random.below(this.#drawn.length))): void {
    const key = this.#rules[rule] ?? this.#chance;
    if (key === this.#chance) for (let i = 0; i < count; i++) key[int(list, i)] = this.#random.fraction();
    for (let i = 1; i < count; i++) {
      const visit = int(list, i);
      let at = i;
      for (; at > 0 && num(key, int(list, at - 1)) > num(key, visit); at--) list[at] = int(list, at - 1);
      list[at] = visit;
    }
  }
}

function nearestHome({ technicians, nodes, startNode, distance, able }: Compiled, visit: number): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (let technician = 0; technician < technicians; technician++) {
    if (int(able, visit * technicians + technician) === 0) continue;
    nearest = Math.min(nearest, num(distance.to, int(startNode, technician) * nodes + visit));
  }
  return nearest;
}

function ableCount({ technicians, able }: Compiled, visit: number): number {
  let count = 0;
  for (let technician = 0; technician < technicians; technician++) count += int(able, visit * technicians + technician);
  return count;
}
