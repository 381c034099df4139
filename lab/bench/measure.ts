// Figures from durations: throughput, median, 95th and 99th percentile; and runners that keep a number of workers busy.

export type Figures = {
  readonly count: number;
  readonly per_second: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
};

export function figuresOf(durations: readonly number[], seconds: number): Figures {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0, 2);
  return {
    count: sorted.length,
    per_second: round(sorted.length / seconds, 1),
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    p99_ms: at(0.99),
  };
}

/** The middle value; of an even number of values, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[sorted.length / 2 - 1] ?? 0) + upper) / 2;
}

export const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** How long each of some requests took, in ms, and how long all of them took together. */
export type Times = { readonly durations: readonly number[]; readonly seconds: number };

/**
 * Runs `workers` loops of `once` for a number of seconds and gives the durations that `once` reports.
 * @param signal ends the loops at once; what it was aborted with is thrown
 */
export async function timesFor(
  seconds: number,
  workers: number,
  once: (worker: number, took: (ms: number) => void) => Promise<void>,
  signal?: AbortSignal,
): Promise<Times> {
  const durations: number[] = [];
  const begun = performance.now();
  const until = begun + seconds * 1000;
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      while (performance.now() < until) {
        signal?.throwIfAborted();
        await once(worker, (ms) => durations.push(ms));
      }
    }),
  );
  return { durations, seconds: (performance.now() - begun) / 1000 };
}

/** The same, as figures. */
export async function runFor(...run: Parameters<typeof timesFor>): Promise<Figures> {
  const { durations, seconds } = await timesFor(...run);
  return figuresOf(durations, seconds);
}
