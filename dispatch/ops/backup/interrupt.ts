// Ctrl-C in the middle of long work: the work is told, cleans up after itself, and the command ends with a sentence.

import { CommandFailure } from "../../process/command-line.ts";

/** Runs `work` with a signal that SIGINT and SIGTERM set off. @throws CommandFailure when one came */
export async function interruptible<T>(left: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onSignal = () => stop.abort(new CommandFailure(`Interrupted. ${left}`));
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    return await work(stop.signal);
  } catch (error) {
    // Whatever failed then failed because of it.
    stop.signal.throwIfAborted();
    throw error;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}
