/**
 * What a technician's work takes of their time as it is, not as it was planned: who has checked in is busy until they check
 * out, and jobs that may share their time are counted. Pure.
 */
import type { BusyRange } from "./availability.ts";
import type { TimeRange } from "./shift-ranges.ts";

/**
 * What work on site takes beside its booking, since it began early, runs over or came without one: what the desk reserves for
 * work whose end nobody knows, from now on for as long as it goes on. Null while its booking says it all, and between two parts of
 * a visit, when they have gone home, whether or not they said so.
 * @param planned the booking, or those of its parts, in order of time
 */
export function beyondPlan(planned: readonly TimeRange[], now: number, reserveMs: number): TimeRange | null {
  const end = now + reserveMs;
  const next = planned.find((one) => one.end > now);
  if (!next) return { start: now, end };
  return next === planned[0] && next.start > now ? { start: now, end: Math.min(next.start, end) } : null;
}

/** The stretches in which at least `most` of the jobs run at the same time. */
export function fullStretches(jobs: readonly TimeRange[], most: number): BusyRange[] {
  const edges = jobs
    .filter(({ start, end }) => start < end)
    .flatMap(({ start, end }) => [
      { at: start, step: 1 },
      { at: end, step: -1 },
    ])
    // Of a job that ends as another begins, the end comes first.
    .toSorted((a, b) => a.at - b.at || a.step - b.step);
  const full: BusyRange[] = [];
  let running = 0;
  let since = 0;
  for (const { at, step } of edges) {
    running += step;
    if (step === 1 && running === most) since = at;
    if (step === -1 && running === most - 1 && at > since)
      full.push({ start: since, end: at, place: null, because: "AT_LIMIT" });
  }
  return full;
}
