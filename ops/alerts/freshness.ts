// Gauges keep the last value that was read. Of several API processes the one that cannot read any more goes on telling what was true
// hours ago, so who reads counts and who does not is left out, as long as there is one who reads.

import type { readingNames } from "../../dispatch/api/metric-list.ts";

/** Readings are renewed with each scrape that finds them older than five seconds. */
export const oldestReadingSeconds = 60;

/**
 * PromQL: of a gauge that every process tells alike, the `aggregate` over those who have read it within a minute; over all, where
 * none has, which ALERTS_BLIND tells beside it.
 * @param aggregate such as `max` or `max by (pace)`
 */
export function renewed(aggregate: string, series: string, reading: (typeof readingNames)[number]): string {
  const read = `(dispatch_reading_age_seconds{reading="${reading}"} < ${oldestReadingSeconds})`;
  return `(${aggregate}(${series} and on (instance) ${read}) or ${aggregate}(${series}))`;
}
