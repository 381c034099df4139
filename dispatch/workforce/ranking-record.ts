// A ranking as it is kept, with everybody who lost: what decided, in arrays, from which the whole answer follows again.

import type { Presence } from "./presence.ts";
import { explain, type RankedWorker, type WorkRequest, type Standing } from "./rank.ts";

/** JSON, best worker first. */
export type RankingRecord = {
  /** Required capabilities. */
  readonly required: readonly string[];
  readonly priority: number;
  readonly zone?: string;
  readonly workers: readonly RecordedWorker[];
};

/** The last two are left out where nothing is marked and nothing missing; `missing` counts in `required` from 0. */
type RecordedWorker = readonly [
  slug: string,
  presence: Presence,
  load: number,
  maxConcurrent: number,
  marks?: number,
  missing?: readonly number[],
];

/** Kept in records: none may change its number. */
const marks = { drained: 1, paused: 2, wakeFailed: 4, outsideZone: 8 } as const;
const markNames = ["drained", "paused", "wakeFailed", "outsideZone"] as const;

/** @param wanted as prepareRequest gives it */
export function recordRanking(wanted: WorkRequest, standings: readonly Standing[]): RankingRecord {
  const { requiredCapabilities: required, priority, zone } = wanted;
  return { required, priority, ...(zone && { zone }), workers: standings.map((one) => recordWorker(one, required)) };
}

function recordWorker(standing: Standing, required: readonly string[]): RecordedWorker {
  const { slug, presence, load, maxConcurrent, missing } = standing;
  const marked = markNames.reduce((sum, name) => sum + (standing[name] ? marks[name] : 0), 0);
  if (missing.length > 0)
    return [slug, presence, load, maxConcurrent, marked, missing.map((one) => required.indexOf(one))];
  return marked > 0 ? [slug, presence, load, maxConcurrent, marked] : [slug, presence, load, maxConcurrent];
}

/** What `rank` answered when the record was made. */
export function explainRanking({ required, priority, zone, workers }: RankingRecord): readonly RankedWorker[] {
  const wanted = { requiredCapabilities: required, priority, ...(zone !== undefined && { zone }) };
  return workers.map(([slug, presence, load, maxConcurrent, marked = 0, missing = []]) =>
    explain(
      {
        slug,
        presence,
        load,
        maxConcurrent,
        drained: (marked & marks.drained) > 0,
        paused: (marked & marks.paused) > 0,
        wakeFailed: (marked & marks.wakeFailed) > 0,
        outsideZone: (marked & marks.outsideZone) > 0,
        missing: missing.flatMap((at) => required[at] ?? []),
      },
      wanted,
    ),
  );
}
