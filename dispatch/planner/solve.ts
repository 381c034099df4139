// The planner: a first solution by greedy insertion, then removal and insertion under simulated annealing until the budget is
// spent. It cools down several times, each time putting together anew the routes it has seen. Pure: the same problem, seed and
// number of iterations give the same plan, byte for byte.

import { int, num } from "./arrays.ts";
import { buildPlan } from "./build-plan.ts";
import { compile, type Compiled } from "./compiled.ts";
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
  const iterations = new Search(compiled, solution, options).run();
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
  #temperature = 0;

  constructor(compiled: Compiled, solution: Solution, options: SolveOptions) {
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
    this.#recombine = new Recombine(compiled);
    this.#placeAll(compiled.visits);
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
      if (spent >= 1) return done;
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

  /** How many times a search of so many iterations cools down. */
  #cyclesFor(iterations: number): number {
    const { cycles, cycleIterations } = this.#tuning;
    return Math.min(cycles, Math.max(1, Math.round(iterations / (cycleIterations * this.#solution.compiled.visits))));
  }

  /** Goes on from the best that can be made of all routes seen, or of the best so far when nothing better was found. */
  #recombineRoutes(iterations: number): void {
    const solution = this.#solution;
    const { recombineWork, recombineWorkMost } = this.#tuning;
    const work = Math.min(recombineWorkMost, recombineWork * iterations);
    const found = this.#recombine.run(this.#pool.routes, solution.bestCost - 1e-9 * Math.abs(solution.bestCost), work);
    if (found === undefined) {
      solution.returnToBest();
      return;
    }
    solution.adopt(found);
    if (solution.cost < solution.bestCost) solution.keepAsBest();
  }

  /** The first solution: the best that greedy insertion finds in any order. */
  #placeAll(visits: number): void {
    const solution = this.#solution;
    for (let rule = 0; rule < this.#recreate.rules; rule++) {
      const all = Int32Array.from({ length: visits }, (_, visit) => visit);
      this.#recreate.run(all, visits, Number.POSITIVE_INFINITY, 1, rule);
      solution.accept();
      if (rule === 0 || solution.cost < solution.bestCost) solution.keepAsBest();
      if (rule < this.#recreate.rules - 1) solution.clear();
    }
    solution.returnToBest();
  }

  #iterate(): void {
    const solution = this.#solution;
    const ruin = this.#ruin;
    const triedAbsent = Math.min(solution.absentCount, this.#tuning.absentTried);
    ruin.run();
    const tolerated = -this.#temperature * Math.log(1 - this.#random.fraction());
    const patient = solution.compiled.mustServe && triedAbsent > 0;
    const most = patient
      ? Number.POSITIVE_INFINITY
      : tolerated - solution.changeOfRoutes() + this.#penaltiesOf(solution.absent, triedAbsent);
    const tried = this.#recreate.run(ruin.visits, ruin.count, most, this.#zeal());
    // Taken back when nothing changed, so that what is remembered of the routes stays true.
    if (tried && this.#isWelcome(triedAbsent, tolerated) && !solution.isUnchanged()) {
      solution.accept();
      if (solution.cost < solution.bestCost - 1e-9 * Math.abs(solution.bestCost)) solution.keepAsBest();
    } else solution.reject(ruin.visits, ruin.count);
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
    if (compiled.mustServe && failedCount + triedAbsent > 0) {
      // Where all must be served, leaving out what is easier to place later is progress (Christiaens & Vanden Berghe 2020, 5.2).
      const strain = this.#failuresOf(failed, failedCount) - this.#failuresOf(absent, triedAbsent);
      for (let i = 0; i < failedCount; i++) this.#failures[int(failed, i)] = num(this.#failures, int(failed, i)) + 1;
      if (strain < 0) return true;
    }
    return (
      this.#solution.changeOfRoutes() +
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
