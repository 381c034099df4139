// Is what is held flat? The median of the second quarter of the soak beside the median of the last, of the API and the
// worker that are never killed: one that was killed starts over, and its memory would hide a leak or feign one.

import { median, round } from "../measure.ts";
import type { Sample } from "./samples.ts";

export type Growth = {
  readonly of: string;
  readonly unit: string;
  /** Medians; null where it was not measured. */
  readonly second_quarter: number | null;
  readonly last_quarter: number | null;
  readonly growth: number | null;
  /** How much it may grow; null where that is not judged. */
  readonly allowed: number | null;
};

/** Fewer samples to a quarter say nothing. */
const leastSamples = 3;
/** From so many on, every quarter has enough. */
export const enoughSamples = 4 * leastSamples;
/** In its first minutes a process of Node still grows into its load, whatever it does. */
const memoryJudgedFromSeconds = 600;
/** The garbage collector alone moves the resident memory of a process about by as much. */
const memoryShare = 0.2;
const memoryLeastMiB = 24;
/** Pools and keep-alive breathe with the kills: all clients go over to one API at once. */
const handlesAllowed = 12;
const connectionsAllowed = 12;

type Judged = { readonly of: string; readonly unit: string; readonly allowed: (before: number) => number; readonly read: (sample: Sample) => number | null };

const ofProcess = (name: string, key: "memory_mib" | "heap_mib" | "handles") => (sample: Sample) =>
  sample.processes.find((one) => one.name === name)?.[key] ?? null;
const memory = (before: number): number => Math.max(memoryLeastMiB, before * memoryShare);

const judged: readonly Judged[] = [
  { of: "API 1, resident memory", unit: "MiB", allowed: memory, read: ofProcess("API 1", "memory_mib") },
  { of: "API 1, heap", unit: "MiB", allowed: memory, read: ofProcess("API 1", "heap_mib") },
  { of: "API 1, file handles", unit: "handles", allowed: () => handlesAllowed, read: ofProcess("API 1", "handles") },
  { of: "worker 1, resident memory", unit: "MiB", allowed: memory, read: ofProcess("worker 1", "memory_mib") },
  { of: "worker 1, file handles", unit: "handles", allowed: () => handlesAllowed, read: ofProcess("worker 1", "handles") },
  { of: "APIs, connections", unit: "connections", allowed: () => connectionsAllowed, read: ({ connections }) => connections["dispatch-api"] ?? 0 },
  { of: "workers, connections", unit: "connections", allowed: () => connectionsAllowed, read: ({ connections }) => connections["dispatch-worker"] ?? 0 },
];

/** What each grew by, from the second quarter to the last. */
export function growthOf(samples: readonly Sample[]): Growth[] {
  const tooShort = (samples.at(-1)?.at_seconds ?? 0) < memoryJudgedFromSeconds * 0.95;
  const at = (quarter: number) => Math.floor((samples.length * quarter) / 4);
  return judged.map(({ of, unit, allowed, read }) => {
    const medianFrom = (from: number, to: number) => {
      const values = samples.slice(at(from), at(to)).map(read).filter((value) => value !== null);
      return values.length < leastSamples ? null : round(median(values), 1);
    };
    const [before, after] = [medianFrom(1, 2), medianFrom(3, 4)];
    if (before === null || after === null) return { of, unit, second_quarter: before, last_quarter: after, growth: null, allowed: null };
    return { of, unit, second_quarter: before, last_quarter: after, growth: round(after - before, 1), allowed: unit === "MiB" && tooShort ? null : round(allowed(before), 1) };
  });
}

/** Whether it grew by more than it may. */
export const grew = ({ growth, allowed }: Growth): boolean => growth !== null && allowed !== null && growth > allowed;
