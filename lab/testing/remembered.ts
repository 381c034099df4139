// What a run of tests leaves for the next: how long each file took, and which the last `pnpm test --changed` had no time for.
// It lies in node_modules/.cache, and nothing is wrong where it is not there.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { longest } from "./order.ts";

const path = join(import.meta.dirname, "../../node_modules/.cache/dispatch-tests.json");

export type Remembered = { readonly seconds: Readonly<Record<string, number>>; readonly left: readonly string[] };

export async function recall(file = path): Promise<Remembered> {
  const text = await readFile(file, "utf8").catch(() => null);
  const known: Partial<Remembered> = text === null ? {} : JSON.parse(text);
  return { seconds: known.seconds ?? {}, left: known.left ?? [] };
}

/** Adds to the times that are known, and puts `left`, where it is given, in the place of what was left before. */
export async function remember({ seconds, left }: Partial<Remembered>, file = path): Promise<void> {
  const known = await recall(file);
  const now: Remembered = { seconds: { ...known.seconds, ...seconds }, left: left ?? known.left };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(now, null, 1)}\n`);
}

/** How long a file will take, by what it took last. */
export const secondsOf =
  ({ seconds }: Remembered) =>
  (test: string): number =>
    seconds[test] ?? (longest.includes(test) ? 90 : (unseen[basename(dirname(test))] ?? 10));

/** By their folder, what the longer ones of it take beside three others; most that start an API take ten seconds. */
const unseen: Readonly<Record<string, number>> = {
  backup: 30,
  gateway: 60,
  hostile: 30,
  ops: 30,
  resilience: 30,
  stack: 60,
};
