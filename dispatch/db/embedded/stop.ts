// Stops a server this process started. Ending it must never be refused for long: a server
// that does not go gently is made to, and recovers at its next start.
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "./progress.ts";
import type { WatchedProcess } from "./watched.ts";

const fastShutdownMs = 20_000;
const immediateShutdownMs = 10_000;

/** Disconnects everyone and ends the server; at most 30 s. */
export async function stopServer({ child, exited }: WatchedProcess, log: Log): Promise<void> {
  const ended = exited.then(() => true);
  const endsOn = async (signal: NodeJS.Signals, withinMs: number): Promise<boolean> => {
    child.kill(signal);
    const timer = new AbortController();
    const late = delay(withinMs, false, { signal: timer.signal }).catch(() => false);
    const inTime = await Promise.race([ended, late]);
    timer.abort();
    return inTime;
  };
  child.ref();
  if (await endsOn("SIGINT", fastShutdownMs)) return;
  log("PostgreSQL is slow to stop; stopping it at once (it recovers at the next start)…");
  if (await endsOn("SIGQUIT", immediateShutdownMs)) return;
  child.kill("SIGKILL");
  await ended;
}
