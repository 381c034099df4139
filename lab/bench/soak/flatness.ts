// Is what is held flat? The second quarter of the soak beside the last, of the API and the worker that are never killed: one
// that was killed starts over, and its memory would hide a leak or feign one.

import { median, round } from "../measure.ts";
import type { Role } from "./processes.ts";
import type { Sample } from "./samples.ts";

export type Growth = {
  readonly of: string;
  readonly unit: string;
  /** Null where it was not measured. */
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
/** Between two full collections the resident memory of an API was seen to swing by 120 MiB, its median by half of that. */
const resident = { share: 0.33, leastMiB: 64 };
/** What a collection leaves swings by 3 MiB. */
const collected = { share: 0.2, leastMiB: 8 };
/** The pool of a process: it fills when the other is dead and all clients come, and empties a minute later. */
const breath = 16;

type Judged = {
  readonly of: string;
  readonly unit: string;
  /** Of a quarter's values, the one that counts. */
  readonly take: (values: readonly number[]) => number;
  readonly allowed: (before: number) => number;
  readonly read: (sample: Sample) => number | null;
};

const ofProcess = (name: string, key: "memory_mib" | "heap_mib" | "handles") => (sample: Sample) =>
  sample.processes.find((one) => one.name === name)?.[key] ?? null;
const programs = { api: "dispatch-api", worker: "dispatch-worker" } as const;
/** To a process, since one of two is away now and then; what the dead left open raises it. */
const ofConnections =
  (role: Role) =>
  ({ connections, processes }: Sample) => {
    const running = processes.filter((one) => one.role === role).length;
    const all = Object.entries(connections).reduce(
      (sum, [name, n]) => (name.startsWith(programs[role]) ? sum + n : sum),
      0,
    );
    return running === 0 ? null : all / running;
  };
const atLeast =
  ({ share, leastMiB }: typeof resident) =>
  (before: number) =>
    Math.max(leastMiB, before * share);

const residentOf = (name: string): Judged => ({
  of: `${name}, resident memory`,
  unit: "MiB",
  take: median,
  allowed: atLeast(resident),
  read: ofProcess(name, "memory_mib"),
});
// The lowest is nearest to what a collection leaves: a leak raises it, garbage does not.
const heapOf = (name: string): Judged => ({
  of: `${name}, lowest heap`,
  unit: "MiB",
  take: (values) => Math.min(...values),
  allowed: atLeast(collected),
  read: ofProcess(name, "heap_mib"),
});
const handlesOf = (name: string): Judged => ({
  of: `${name}, file handles`,
  unit: "handles",
  take: median,
  allowed: () => breath,
  read: ofProcess(name, "handles"),
});
const connectionsOf = (role: Role): Judged => ({
  of: `each ${role}`,
  unit: "connections",
  take: median,
  allowed: () => breath,
  read: ofConnections(role),
});

const judged: readonly Judged[] = [
  residentOf("API 1"),
  heapOf("API 1"),
  handlesOf("API 1"),
  residentOf("worker 1"),
  handlesOf("worker 1"),
  connectionsOf("api"),
  connectionsOf("worker"),
];

/** What each grew by, from the second quarter to the last. */
export function growthOf(samples: readonly Sample[]): Growth[] {
  const tooShort = (samples.at(-1)?.at_seconds ?? 0) < memoryJudgedFromSeconds * 0.95;
  const at = (quarter: number) => Math.floor((samples.length * quarter) / 4);
  return judged.map(({ of, unit, take, allowed, read }) => {
    const takenFrom = (from: number, to: number) => {
      const values = samples
        .slice(at(from), at(to))
        .map(read)
        .filter((value) => value !== null);
      return values.length < leastSamples ? null : round(take(values), 1);
    };
    const [before, after] = [takenFrom(1, 2), takenFrom(3, 4)];
    if (before === null || after === null)
      return { of, unit, second_quarter: before, last_quarter: after, growth: null, allowed: null };
    return {
      of,
      unit,
      second_quarter: before,
      last_quarter: after,
      growth: round(after - before, 1),
      allowed: unit === "MiB" && tooShort ? null : round(allowed(before), 1),
    };
  });
}

/** Whether it grew by more than it may. */
export const grew = ({ growth, allowed }: Growth): boolean => growth !== null && allowed !== null && growth > allowed;
