// Ends what a supervisor left behind that was killed. Each process has a watcher that asks it to end and, after ten
// seconds, makes it; this waits for that, and does it itself where a watcher was killed too or a process hangs.

import { setTimeout as delay } from "node:timers/promises";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import type { StackRecord } from "./state.ts";

const watchersNeedMs = 12_000;
const quitNeedsMs = 8_000;
const lookEveryMs = 100;

type Leftover = { readonly name: string; readonly process: ProcessIdentity };

/** Returns once none of the record's processes is there; at most half a minute. */
export async function endLeftovers(record: StackRecord, say: (line: string) => void): Promise<void> {
  let left = await stillAlive(
    record.services.flatMap(({ name, process }) => (process === null ? [] : [{ name, process }])),
  );
  if (left.length === 0) return;
  say(`The last supervisor was killed; waiting for what it left: ${namesOf(left)}…`);
  left = await goneWithin(left, watchersNeedMs);
  if (left.length === 0) return;
  say(`Ending ${namesOf(left)}…`);
  // A postmaster that is asked to quit takes its backends along; killed outright it leaves that to them.
  for (const { name, process } of left) send(process.pid, name === "postgres" ? "SIGQUIT" : "SIGKILL");
  left = await goneWithin(left, quitNeedsMs);
  for (const { process } of left) send(process.pid, "SIGKILL");
  await goneWithin(left, quitNeedsMs);
}

/** @returns those that are still there when the time is over */
export async function goneWithin<T extends { readonly process: ProcessIdentity }>(
  these: readonly T[],
  withinMs: number,
): Promise<T[]> {
  const givenUpAt = performance.now() + withinMs;
  let left = await stillAlive(these);
  while (left.length > 0 && performance.now() < givenUpAt) {
    await delay(lookEveryMs);
    left = await stillAlive(left);
  }
  return left;
}

async function stillAlive<T extends { readonly process: ProcessIdentity }>(these: readonly T[]): Promise<T[]> {
  const alive = await Promise.all(these.map(({ process }) => isAlive(process)));
  return these.filter((_, at) => alive[at]);
}

/** It may have gone since the last look. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

const namesOf = (these: readonly Leftover[]): string =>
  these.map(({ name, process }) => `${name} (${process.pid})`).join(", ");
