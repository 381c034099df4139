// How tests wait for conditions that send no signal (another process's end, a row another connection writes). Where there
// is something to await, await that.

import { setTimeout as delay } from "node:timers/promises";
import { identityOf } from "../../dispatch/ops/stack/process-identity.ts";

const firstPauseMs = 20;
const longestPauseMs = 250;
/** Some looks read every process of the machine: one after the other they took a processor for themselves. */
const restsPerLook = 4;
const longestRestMs = 1_000;

/**
 * Asks `condition` until it holds: every 20 ms at first, then ever more seldom, and seldom where a look takes long.
 * @throws {Error} naming `what` when it does not within `withinMs` (a minute by default, for machines that are busy).
 */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 60_000,
): Promise<void> {
  const givenUpAt = performance.now() + withinMs;
  await ask(condition, () => {
    if (performance.now() > givenUpAt) throw new Error(`not within ${withinMs} ms: ${what}`);
  });
}

export type TestLimit = { readonly signal: AbortSignal; diagnostic(message: string): void };

/** Asks like `eventually`, for as long as the test may run; the report of a test whose time is up tells what it waited for. */
export async function until(t: TestLimit, what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const tell = () => t.diagnostic(`waited for: ${what}`);
  t.signal.addEventListener("abort", tell);
  try {
    await ask(condition, () => t.signal.throwIfAborted());
  } finally {
    t.signal.removeEventListener("abort", tell);
  }
}

async function ask(condition: () => boolean | Promise<boolean>, assertTimeLeft: () => void): Promise<void> {
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 1.2, longestPauseMs)) {
    const from = performance.now();
    if (await condition()) return;
    assertTimeLeft();
    await delay(Math.max(pause, Math.min((performance.now() - from) * restsPerLook, longestRestMs)));
  }
}

/** Whether a process with this id exists; a zombie nobody has collected counts as ended. */
export const isRunning = async (pid: number): Promise<boolean> => (await identityOf(pid)) !== null;
