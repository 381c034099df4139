// The numbers the search runs on. Found on generated problems (lab/schedule/generate.ts), never on Solomon's.

/** How bold the search is. */
export type Pace = {
  /** Visits taken out per iteration, about: at the beginning and at the end of the search. */
  readonly meanRemoved: number;
  readonly meanRemovedLast: number;
  /** Temperatures at the beginning and the end of a cycle, in usual detours (see solve.ts). */
  readonly hot: number;
  readonly cold: number;
};

export type Tuning = {
  /** Which pace counts is said by the first solution: routes of at least `longFrom` stops in the mean are long. */
  readonly longFrom: number;
  readonly short: Pace;
  readonly long: Pace;
  /**
   * A search cools down once for so many iterations per visit, but not more often than `cycles`; how many iterations it will
   * have is told by how many it has had at this share of its budget.
   */
  readonly cycles: number;
  readonly cycleIterations: number;
  readonly cyclesKnownAt: number;
  /**
   * Share of each cycle after which routes seen are put together anew, with so much work per iteration since the last time.
   * Meanwhile nobody asks whether the search is cancelled, so there is a most.
   */
  readonly recombineAt: number;
  readonly recombineWork: number;
  readonly recombineWorkMost: number;
  /** Routes are remembered for that after this share of each cycle; so many, at most. */
  readonly gatherFrom: number;
  readonly routesKept: number;
  /** No string is longer, in visits, nor longer than this share of the mean route. */
  readonly longestString: number;
  readonly stringShare: number;
  /** Chance that a string spares some stops in its middle, and to spare one more. */
  readonly splitChance: number;
  readonly splitDepth: number;
  /** A visit goes into a route that serves one of this many visits nearest to it, while any of those has a place. */
  readonly nearVisits: number;
  /** Chance that a best position is passed over. */
  readonly blink: number;
  /** How much a minute of waiting and of delay between two visits sets them apart, beside a minute of driving. */
  readonly waitWeight: number;
  readonly lateWeight: number;
  /** Visits nobody serves that are tried again in each iteration, at most. */
  readonly absentTried: number;
  /** Share of the iterations in which a crew is taken out and put back, where there are any. */
  readonly crewTurns: number;
};

export const tuning: Tuning = {
  longFrom: 12,
  // Short routes settle early: heat is lost on them. Long ones that begin cool stay in the first good arrangement they find.
  short: { meanRemoved: 10, meanRemovedLast: 16, hot: 4, cold: 0.15 },
  long: { meanRemoved: 8, meanRemovedLast: 14, hot: 10, cold: 0.1 },
  cycles: 4,
  cycleIterations: 250,
  cyclesKnownAt: 0.06,
  gatherFrom: 0.3,
  recombineAt: 0.8,
  recombineWork: 60,
  recombineWorkMost: 2_000_000,
  routesKept: 4_000,
  longestString: 10,
  stringShare: 1,
  splitChance: 0.5,
  splitDepth: 0.01,
  nearVisits: 20,
  blink: 0.01,
  waitWeight: 0.2,
  lateWeight: 1,
  absentTried: 10,
  crewTurns: 0.05,
};
