// What a .cpuprofile of node says: how long each function itself was running while the load lasted.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandFailure } from "../../../dispatch/process/command-line.ts";

export type SelfTime = { readonly name: string; readonly ms: number };

/** Moments of the clock that node's `process.hrtime` and its profiles share, in microseconds. */
export type Span = { readonly from: number; readonly to: number };

type Node = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
};
type CpuProfile = {
  readonly startTime: number;
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  /** From the sample before, in microseconds. */
  readonly timeDeltas: readonly number[];
};

export const profilesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith(".cpuprofile")).map((name) => join(folder, name));

/** @throws CommandFailure when the file is no profile */
export async function readProfile(file: string): Promise<CpuProfile> {
  const profile: unknown = JSON.parse(await readFile(file, "utf8"));
  if (!isProfile(profile)) throw new CommandFailure(`${file} is not a CPU profile of node`);
  return profile;
}

const isProfile = (value: unknown): value is CpuProfile =>
  typeof value === "object" && value !== null && "nodes" in value && "samples" in value && "timeDeltas" in value;

/**
 * Functions by the time they were running themselves within the span, the longest first; node's idle time is left out.
 */
export function selfTimes({ startTime, nodes, samples, timeDeltas }: CpuProfile, { from, to }: Span): SelfTime[] {
  const named = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const times = new Map<string, number>();
  let at = startTime;
  for (const [i, delta] of timeDeltas.entries()) {
    at += delta;
    const name = named.get(samples[i] ?? 0);
    // A sample stands for the time up to the next one.
    if (name === undefined || at < from || at > to) continue;
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[i + 1] ?? 0) / 1000);
  }
  return [...times]
    .filter(([name]) => name !== "(idle)")
    .map(([name, ms]) => ({ name, ms }))
    .toSorted((a, b) => b.ms - a.ms);
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: Node): string {
  const name = functionName || "(anonymous)";
  if (url === "") return name;
  const place = url
    .replace(/^file:\/\//, "")
    .replace(/^.*\/node_modules\//, "")
    .replace(/^.*\/(?=dispatch\/)/, "");
  return `${name} ${place}:${lineNumber + 1}`;
}
