// The planner: a first solution by greedy insertion, then removal and insertion under simulated annealing until the budget is
// spent. It cools down several times, each time putting together anew the routes it has seen. Pure: the same problem, seed and
// number of iterations give the same plan, byte for byte.

import { int, num } from "./arrays.ts";
import { buildPlan } from "./build-plan.ts";
import { compile, noCrew, type Compiled } from "./compiled.ts";
import { Crews } from "./crews.ts";
import { nearness } from "./nearness.ts";
import type { Plan } from "./plan.ts";
import type { Problem } from "./problem.ts";
import { Random } from "./random.ts";
import { Recombine } from "./recombine.ts";
import { Recreate } from "./recreate.ts";
import { RoutePool } from "./route-pool.ts";
import { Ruin } from "./ruin.ts";
import { Solution } from "./solution.ts";
import { tuning as usual, type Tuning } from "./tuning.ts";

export type Progress = {
  /** Share of the budget that is spent, 0 to 1. */
  readonly spent: number;
  readonly iterations: number;
  /** Of the best solution so far; where every visit must be served, each that is not counts far more than any route. */
  readonly cost: number;
  readonly unserved: number;
};

export type SolveOptions = {
  /** A whole number; another seed may find another plan. */
  readonly seed: number;
  /** At most this many. Without `spent` the search then depends on nothing else. */
  readonly iterations?: number;
  /** Share of another budget, usually time, that is spent; 1 or more ends the search. Asked every few iterations. */
  readonly spent?: () => number;
  /** What the plan records as the time it was given, in seconds. */
  readonly seconds?: number;
  /** Called about a hundred times, evenly over the budget. */
  readonly onProgress?: (progress: Progress) => void;
  readonly tuning?: Tuning;
};

/** Iterations between two looks at the budget: well under a millisecond even on large problems. */
const stride = 16;

/**
 * The best plan found within the budget; with a budget of nothing, the greedy one.
 * @throws ProblemError when the problem contradicts itself
 */
export function solve(problem: Problem, options: SolveOptions): Plan {
  const compiled = compile(problem);
  const solution = new Solution(compiled);
  const iterations = new Search(problem, compiled, solution, options).run();
  return buildPlan(problem, compiled, solution, {
    seed: options.seed,
    budget: { ...(options.seconds === undefined ? {} : { seconds: options.seconds }), iterations },
  });
}

class Search {
  readonly #solution: Solution;
  readonly #options: SolveOptions;
  readonly #random: Random;
  readonly #ruin: Ruin;
  readonly #recreate: Recreate;
  readonly #tuning: Tuning;
  /** By visit: how often it found no place. */
  readonly #failures: Float64Array;
  readonly #pool: RoutePool;
  readonly #recombine: Recombine;
  /** Null where every visit is one technician's alone. */
  readonly #crews: Crews | null;
  #temperature = 0;

  constructor(problem: Problem, compiled: Compiled, solution: Solution, options: SolveOptions) {
    const tuning = options.tuning ?? usual;
    this.#tuning = tuning;
    this.#solution = solution;
    this.#options = options;
    this.#random = new Random(options.seed);
    const near = nearness(compiled, tuning);
    this.#ruin = new Ruin(solution, near, this.#random, tuning);
    this.#recreate = new Recreate(solution, near, this.#random, tuning);
    this.#failures = new Float64Array(compiled.visits);
    this.#pool = new RoutePool(solution, tuning.routesKept);
    const crews = new Crews(problem, solution, this.#ruin, this.#recreate, this.#random);
    this.#crews = crews.count > 0 ? crews : null;
    this.#recombine = new Recombine(this.#crews ? { ...compiled, penalty: crews.penalties() } : compiled);
    this.#placeAll();
  }

  /** Answers the number of iterations done. */
  run(): number {
    const { compiled } = this.#solution;
    if (compiled.visits === 0 || compiled.technicians === 0) return 0;
    const { gatherFrom, recombineAt, cyclesKnownAt } = this.#tuning;
    const pace = this.#ruin.meanStops() < this.#tuning.longFrom ? this.#tuning.short : this.#tuning.long;
    const scale = usualDetour(compiled);
    const most = this.#options.iterations ?? Number.POSITIVE_INFINITY;
    let done = 0;
    let nextReport = 0;
    let recombinedAfter = 0;
    let cycles = 0;
    for (let cyclesClosed = 0; ;) {
      const spent = Math.max(most === 0 ? 1 : done / most, this.#options.spent?.() ?? 0);
      if (spent >= nextReport || spent >= 1) {
        nextReport = spent + 0.01;
        this.#report(Math.min(1, spent), done);
      }
      if (spent >= 1) return this.#end(done);
      if (cycles === 0 && spent >= cyclesKnownAt) cycles = this.#cyclesFor(done / spent);
      const turn = spent * Math.max(1, cycles);
      if (turn >= cyclesClosed + recombineAt) {
        cyclesClosed += 1;
        this.#recombineRoutes(done - recombinedAfter);
        recombinedAfter = done;
      }
      this.#temperature = scale * pace.hot * (pace.cold / pace.hot) ** (turn % 1);
      this.#ruin.size = pace.meanRemoved + (pace.meanRemovedLast - pace.meanRemoved) * spent;
      for (const end = Math.min(most, done + stride); done < end; done++) this.#iterate();
      if (turn % 1 >= gatherFrom) this.#pool.gather();
    }
  }

  /** With the best solution at hand, since the moments that were chosen for crews are part of the problem. */
  #end(done: number): number {
    if (this.#crews) this.#returnToBest();
    return done;
  }

  /** How many times a search of so many iterations cools down. */
  #cyclesFor(iterations: number): number {
    const { cycles, cycleIterations } = this.#tuning;
    return Math.min(cycles, Math.max(1, Math.round(iterations / (cycleIterations * this.#solution.compiled.visits))));
  }

  /** Goes on from the best that can be made of all routes seen, or of the best so far when nothing better was found. */
  #recombineRoutes(iterations: number): void {
    const solution = this.#solution;
    const crews = this.#crews;
    const { recombineWork, recombineWorkMost } = this.#tuning;
    const work = Math.min(recombineWorkMost, recombineWork * iterations);
    if (crews) this.#returnToBest();
    const routes = crews ? [...this.#pool.routes, ...this.#pool.crewRoutes()] : this.#pool.routes;
    const most = solution.bestCost - 1e-9 * Math.abs(solution.bestCost) + (crews?.overstated() ?? 0);
    const found = this.#recombine.run(routes, most, work);
    if (found === undefined) {
      this.#returnToBest();
      return;
    }
    solution.adopt(found);
    if (crews?.isWhole() === false) this.#returnToBest();
    else if (solution.cost < solution.bestCost) this.#keepAsBest();
  }

  #keepAsBest(): void {
    this.#solution.keepAsBest();
    this.#crews?.keepAsBest();
  }

  #returnToBest(): void {
    this.#crews?.returnToBest();
    this.#solution.returnToBest();
  }

  /** The first solution: the best that greedy insertion finds in any order; crews come before all others, or after them. */
  #placeAll(): void {
    const solution = this.#solution;
    const crews = this.#crews;
    const { crew } = solution.compiled;
    const singles = Int32Array.from(solution.servedBy.keys().filter((visit) => int(crew, visit) === noCrew));
    const orders = crews ? [true, false] : [false];
    for (let rule = 0; rule < this.#recreate.rules; rule++) {
      for (const crewsFirst of orders) {
        if (rule > 0 || crewsFirst !== orders[0]) this.#clear();
        crews?.touchAll();
        if (crewsFirst) crews?.place(1, false);
        this.#recreate.run(singles.slice(), singles.length, Number.POSITIVE_INFINITY, 1, rule);
        if (!crewsFirst) crews?.place(1, false);
        crews?.accept();
        solution.accept();
        if (solution.cost < solution.bestCost || (rule === 0 && crewsFirst === orders[0])) this.#keepAsBest();
      }
    }
    this.#returnToBest();
  }

  #clear(): void {
    this.#crews?.clear();
    this.#solution.clear();
  }

  #iterate(): void {
    const solution = this.#solution;
    const ruin = this.#ruin;
    const crews = this.#crews;
    const triedAbsent = Math.min(solution.absentCount, this.#tuning.absentTried);
    const turn = crews && this.#random.fraction() < this.#tuning.crewTurns ? crews.draw() : undefined;
    ruin.run(turn);
    const tolerated = -this.#temperature * Math.log(1 - this.#random.fraction());
    const zeal = this.#zeal();
    if (crews) {
      crews.takeOut(turn);
      crews.place(zeal, true);
    }
    const patient = solution.compiled.mustServe && triedAbsent > 0;
    const most = patient
      ? Number.POSITIVE_INFINITY
      : tolerated -
        solution.changeOfRoutes() -
        (crews?.change() ?? 0) +
        this.#penaltiesOf(solution.absent, triedAbsent);
    const tried = this.#recreate.run(ruin.visits, ruin.count, most, zeal);
    // Taken back when nothing changed, so that what is remembered of the routes stays true.
    if (tried && this.#isWelcome(triedAbsent, tolerated) && !solution.isUnchanged()) {
      crews?.accept();
      solution.accept();
      if (solution.cost < solution.bestCost - 1e-9 * Math.abs(solution.bestCost)) this.#keepAsBest();
    } else {
      crews?.reject();
      solution.reject(ruin.visits, ruin.count);
    }
  }

  #penaltiesOf(visits: Int32Array, count: number): number {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += num(this.#solution.compiled.penalty, int(visits, i));
    return sum;
  }

  /** Simulated annealing; `triedAbsent` visits nobody had served were tried too. */
  #isWelcome(triedAbsent: number, tolerated: number): boolean {
    const { absent, compiled } = this.#solution;
    const { failed, failedCount } = this.#recreate;
    const ofCrews = this.#crews?.change() ?? 0;
    if (compiled.mustServe && failedCount + triedAbsent > 0) {
      // Where all must be served, leaving out what is easier to place later is progress (Christiaens & Vanden Berghe 2020, 5.2).
      const strain = this.#failuresOf(failed, failedCount) - this.#failuresOf(absent, triedAbsent);
      for (let i = 0; i < failedCount; i++) this.#failures[int(failed, i)] = num(this.#failures, int(failed, i)) + 1;
      if (strain < 0 && ofCrews <= 0) return true;
    }
    return (
      this.#solution.changeOfRoutes() +
        ofCrews +
        this.#penaltiesOf(failed, failedCount) -
        this.#penaltiesOf(absent, triedAbsent) <
      tolerated
    );
  }

  #failuresOf(visits: Int32Array, count: number): number {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += num(this.#failures, int(visits, i));
    return sum;
  }

  #zeal(): number {
    if (this.#solution.compiled.mustServe) return 1;
    const drawn = this.#random.fraction();
    return drawn < 0.7 ? 1 : drawn < 0.9 ? 2 : 10;
  }

  #report(spent: number, iterations: number): void {
    const { bestCost, bestAbsentCount } = this.#solution;
    this.#options.onProgress?.({ spent, iterations, cost: bestCost, unserved: bestAbsentCount });
  }
}

/** What a visit in the wrong place costs, about: a leg between any two visits, less the more of them share the same ground. */
function usualDetour({ visits, nodes, distance, times, weights }: Compiled): number {
  const driving = (times[0] ?? distance).to;
  let sum = 0;
  for (let a = 0; a < visits; a++) {
    for (let b = 0; b < visits; b++)
      sum += weights.distance * num(distance.to, a * nodes + b) + weights.duration * num(driving, a * nodes + b);
  }
  return sum / visits ** 2.5;
}
