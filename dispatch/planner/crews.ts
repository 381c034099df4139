// Visits that several technicians begin together. Removal and insertion of single visits never touch them; now and then the search
// takes a whole crew out and puts it back: at the moment, and with the technicians, that together add least to the routes as they
// are then. What is chosen is written into the compiled problem as the one window of the crew's visits, so that every test of the
// search holds for them as for a visit with an agreed time.

import { int, num } from "./arrays.ts";
import { noCrew, windowsOf, type Compiled, type Span } from "./compiled.ts";
import { CrewPlaces, type Crew } from "./crew-places.ts";
import type { Problem } from "./problem.ts";
import type { Random } from "./random.ts";
import type { Recreate } from "./recreate.ts";
import type { Ruin } from "./ruin.ts";
import { noTechnician, type Solution } from "./solution.ts";

/** Nobody goes. */
const absent = Number.NaN;
/** Chance that a crew takes its place first, and what stood there goes elsewhere. */
const force = 0.2;
export class Crews {
  readonly #crews: readonly Crew[];
  readonly #solution: Solution;
  readonly #ruin: Ruin;
  readonly #recreate: Recreate;
  readonly #random: Random;
  /** By crew: when it begins, in the current solution, in the one being tried, and in the best. */
  readonly #at: Float64Array;
  readonly #tried: Float64Array;
  readonly #best: Float64Array;
  /** Crews that the change touches. */
  readonly #touched = new Set<number>();
  readonly #places: CrewPlaces;

  constructor(problem: Problem, solution: Solution, ruin: Ruin, recreate: Recreate, random: Random) {
    this.#crews = crewsOf(problem, solution.compiled);
    this.#solution = solution;
    this.#ruin = ruin;
    this.#recreate = recreate;
    this.#random = random;
    this.#at = new Float64Array(this.#crews.length).fill(absent);
    this.#tried = this.#at.slice();
    this.#best = this.#at.slice();
    this.#places = new CrewPlaces(solution);
  }

  get count(): number {
    return this.#crews.length;
  }

  /** A visit of a crew drawn by chance. */
  draw(): number {
    return this.#crews[this.#random.below(this.#crews.length)]?.members[0] ?? 0;
  }

  /** Takes out whole each crew that has lost a visit, and that of `visit`, if any; what is left in `ruin` are single visits. */
  takeOut(visit?: number): void {
    const { crew } = this.#solution.compiled;
    const ruin = this.#ruin;
    if (visit !== undefined) this.#takeOut(int(crew, visit));
    let kept = 0;
    for (let i = 0; i < ruin.count; i++) {
      const one = int(ruin.visits, i);
      if (int(crew, one) === noCrew) ruin.visits[kept++] = one;
      else this.#takeOut(int(crew, one));
    }
    ruin.count = kept;
  }

  #takeOut(crew: number): void {
    const members = this.#crews[crew]?.members ?? [];
    const stands = members.every((one) => int(this.#solution.servedBy, one) !== noTechnician);
    if (this.#touched.has(crew) && (stands || Number.isNaN(num(this.#tried, crew)))) return;
    this.#touched.add(crew);
    this.#tried[crew] = absent;
    for (const member of members) this.#ruin.takeOut(member);
  }

  /** Takes all crews for touched, so that `place` looks at each. */
  touchAll(): void {
    for (const crew of this.#crews.keys()) this.#touched.add(crew);
  }

  /**
   * Gives each crew taken out its best moment and technicians, or leaves it out where that costs less.
   * @param zeal above 1, a place may cost more than leaving the crew out
   * @param chance whether luck has a say; otherwise the cheapest place is taken
   */
  place(zeal: number, chance: boolean): void {
    for (const crew of this.#touched) {
      if (!Number.isNaN(num(this.#tried, crew))) continue;
      if (chance && this.#random.fraction() < force) this.#placeByForce(crew);
      else this.#placeBest(crew, zeal, chance);
    }
    // What was pushed aside may have taken a stop of another crew along, without the triangle inequality.
    this.takeOut();
  }

  #placeBest(index: number, zeal: number, chance: boolean): void {
    const crew = this.#crews[index];
    if (!crew || crew.spans.length === 0) return;
    const random = chance ? this.#random : null;
    this.#narrow(crew, null);
    this.#places.list(crew, random);
    for (const { at, technicians } of this.#places.cheapest(crew, num(this.#at, index), zeal * crew.penalty, random))
      if (this.#settle(index, crew, at, technicians)) return;
  }

  /** At some moment, with whomever luck names; visits of one technician alone make room for it. */
  #placeByForce(index: number): void {
    const crew = this.#crews[index];
    const span = crew?.spans[this.#random.below(crew.spans.length)];
    if (!crew || !span) return;
    const whole = Number.isInteger(span[0]) && Number.isInteger(span[1]);
    const length = span[1] - span[0];
    const at = span[0] + (whole ? this.#random.below(length + 1) : this.#random.fraction() * length);
    const { technicians: count, able } = this.#solution.compiled;
    const chosen: number[] = [];
    for (const member of crew.members) {
      const free = Array.from({ length: count }, (_, one) => one).filter(
        (one) => int(able, member * count + one) === 1 && !chosen.includes(one),
      );
      const one = free[this.#random.below(Math.max(1, free.length))];
      if (one === undefined) return;
      chosen.push(one);
    }
    this.#narrow(crew, at);
    for (const technician of chosen)
      this.#makeRoom(technician, at, num(this.#solution.compiled.service, crew.members[0] ?? 0));
    this.#settle(index, crew, at, chosen);
  }

  /** Takes out what the technician does alone within the time, and what comes right before and behind. */
  #makeRoom(technician: number, at: number, service: number): void {
    const { routes, compiled: c } = this.#solution;
    const row = this.#solution.writable(technician);
    const base = row * routes.stride;
    const last = int(routes.length, row) - 1;
    const out: number[] = [];
    for (let i = 1; i < last; i++) {
      const node = int(routes.node, base + i);
      if (node === c.call || int(c.crew, node) !== noCrew) continue;
      const earliest = num(routes.leave, base + i) - num(c.service, node);
      if (num(routes.leave, base + i) > at - service / 2 && earliest < at + 1.5 * service) out.push(node);
    }
    for (const node of out) this.#ruin.takeOut(node);
  }

  /** Puts each of the crew into its technician's route at this moment; all of them or nobody. */
  #settle(index: number, crew: Crew, at: number, technicians: readonly number[]): boolean {
    this.#narrow(crew, at);
    for (const [i, member] of crew.members.entries()) {
      if (this.#recreate.placeWith(member, technicians[i] ?? noTechnician)) continue;
      for (const one of crew.members.slice(0, i)) this.#ruin.takeOut(one);
      this.takeOut();
      return false;
    }
    this.#tried[index] = at;
    return true;
  }

  /** What to take for the cost of leaving a visit out where that of a crew's must never be left out alone. */
  penalties(): Float64Array {
    const penalties = this.#solution.compiled.penalty.slice();
    for (const { members, penalty } of this.#crews) for (const one of members) penalties[one] = penalty;
    return penalties;
  }

  /** By how much `penalties` say more of the current solution than it costs. */
  overstated(): number {
    return this.#crews.reduce(
      (sum, { members, penalty }, crew) =>
        sum + (Number.isNaN(num(this.#at, crew)) ? (members.length - 1) * penalty : 0),
      0,
    );
  }

  /** Cost of crews left out in the tried solution, less that in the current one. */
  change(): number {
    let change = 0;
    for (const crew of this.#touched) {
      const penalty = this.#crews[crew]?.penalty ?? 0;
      change +=
        (Number.isNaN(num(this.#tried, crew)) ? penalty : 0) - (Number.isNaN(num(this.#at, crew)) ? penalty : 0);
    }
    return change;
  }

  /** The tried solution becomes the current one. */
  accept(): void {
    for (const crew of this.#touched) this.#at[crew] = num(this.#tried, crew);
    this.#touched.clear();
  }

  /** Back to the current solution; to be called before the solution's own `reject`. */
  reject(): void {
    const { servedBy } = this.#solution;
    for (const crew of this.#touched) {
      for (const member of this.#crews[crew]?.members ?? []) servedBy[member] = noTechnician;
      this.#return(crew, this.#at);
    }
    this.#touched.clear();
  }

  keepAsBest(): void {
    this.#best.set(this.#at);
  }

  /** To be called before the solution's own `returnToBest`. */
  returnToBest(): void {
    for (const crew of this.#crews.keys()) this.#return(crew, this.#best);
    this.#at.set(this.#best);
  }

  /** Nobody goes anywhere. */
  clear(): void {
    this.#at.fill(absent);
    this.#tried.fill(absent);
  }

  /** Whether each crew goes whole or not at all, as it did. */
  isWhole(): boolean {
    const { servedBy } = this.#solution;
    return this.#crews.every(({ members }, crew) =>
      members.every((one) => (int(servedBy, one) === noTechnician) === Number.isNaN(num(this.#at, crew))),
    );
  }

  #return(crew: number, to: Float64Array): void {
    const at = num(to, crew);
    this.#tried[crew] = at;
    const one = this.#crews[crew];
    if (one && !Number.isNaN(at)) this.#narrow(one, at);
  }

  /** Lets the crew's visits begin at that moment alone; null: whenever all of them may. */
  #narrow({ members, spans }: Crew, at: number | null): void {
    const { ready, due, windowsAt, windowFrom, windowTo } = this.#solution.compiled;
    const from = at ?? spans[0]?.[0] ?? 0;
    const to = at ?? spans.at(-1)?.[1] ?? 0;
    for (const member of members) {
      ready[member] = from;
      due[member] = to;
      windowFrom[int(windowsAt, member)] = from;
      windowTo[int(windowsAt, member)] = to;
    }
  }
}

function crewsOf({ visits }: Problem, { crew, penalty }: Compiled): Crew[] {
  const groups = Map.groupBy(visits.keys(), (visit) => int(crew, visit));
  groups.delete(noCrew);
  return [...groups.values()].map((members): Crew => {
    const words = members.map((one) => JSON.stringify({ ...visits[one], id: "", priority: 0 }));
    const known = [...new Set(words)];
    return {
      members,
      kinds: words.map((word) => known.indexOf(word)),
      kindCount: known.length,
      spans: members.flatMap((one) => (visits[one] ? [windowsOf(visits[one])] : [])).reduce(common),
      penalty: members.reduce((sum, one) => sum + num(penalty, one), 0),
    };
  });
}

function common(some: readonly Span[], others: readonly Span[]): Span[] {
  return some
    .flatMap(([from, to]) => others.map(([opens, closes]): Span => [Math.max(from, opens), Math.min(to, closes)]))
    .filter(([from, to]) => from <= to);
}
