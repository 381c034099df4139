// The numbers the search runs on. Found on generated problems (scripts/schedule/generate.ts), never on Solomon's.

export type Tuning = {
  /** Visits taken out per iteration, about: at the beginning and at the end. */
  readonly meanRemoved: number;
  readonly meanRemovedLast: number;
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
  /** Temperatures at the beginning and the end, in usual detours (see solve.ts). */
  readonly hot: number;
  readonly cold: number;
  /** Visits nobody serves that are tried again in each iteration, at most. */
  readonly absentTried: number;
};

export const tuning: Tuning = {
  meanRemoved: 8,
  meanRemovedLast: 14,
  longestString: 10,
  stringShare: 1,
  splitChance: 0.5,
  splitDepth: 0.01,
  nearVisits: 20,
  blink: 0.01,
  waitWeight: 0.2,
  lateWeight: 1,
  hot: 10,
  cold: 0.1,
  absentTried: 10,
};
