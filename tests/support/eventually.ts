// The one bounded wait of the tests, for conditions that send no signal (another process's
// end, a row another connection writes). Where there is something to await, await that.
import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

/**
 * Asks `condition` every 20 ms until it holds.
 * @throws {Error} naming `what` when it does not within `withinMs` (a minute by default, for machines that are busy).
 */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 60_000,
): Promise<void> {
  const givenUpAt = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > givenUpAt) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(20);
  }
}

/** Whether a process with this id exists; a zombie nobody has collected counts as ended. */
export async function isRunning(pid: number): Promise<boolean> {
  const ps = promisify(execFile)("ps", ["-o", "stat=", "-p", String(pid)]);
  return await ps.then(({ stdout }) => !stdout.trim().startsWith("Z") && stdout.trim() !== "", () => false);
}
