// Waits until a process that was just started is ready, and says why when it is not.

import { setTimeout as delay } from "node:timers/promises";
import { sayWhenSlow } from "../../db/embedded/progress.ts";
import { CommandFailure } from "../../process/command-line.ts";
import type { Exit, WatchedProcess } from "../gateway/watched-process.ts";
import { lastLines } from "../../process/log-tail.ts";

const askEveryMs = 100;
const tailLines = 8;

export type ReadyWait = {
  readonly name: string;
  readonly process: WatchedProcess;
  readonly isReady: () => Promise<boolean>;
  /** Whether one that is not ready in time is left running all the same; no by default. */
  readonly isLeftRunning?: () => Promise<boolean>;
  readonly withinMs: number;
  readonly log: string;
  /** Bytes the log had before this start. */
  readonly logBegins: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
};

/** @throws CommandFailure with the last lines the process wrote, when it ended or is not ready in time; the signal's reason */
export async function waitUntilReady(wait: ReadyWait): Promise<void> {
  const { name, process, isReady, isLeftRunning, withinMs, log, logBegins, say, signal } = wait;
  const patience = sayWhenSlow(say, `still waiting for ${name} to be ready…`);
  const givenUpAt = performance.now() + withinMs;
  let exit: Exit | null = null;
  void process.ended.then((how) => (exit = how));
  while (performance.now() < givenUpAt) {
    const ready = await isReady();
    if (exit !== null)
      throw await failure(`${name} ended with ${describeExit(exit)} before it was ready.`, log, logBegins);
    if (ready) return;
    signal.throwIfAborted();
    patience();
    await delay(askEveryMs);
  }
  if ((await isLeftRunning?.()) && exit === null)
    return say(`${name} was not ready within ${Math.round(withinMs / 1000)} s, and is left running.`);
  throw await failure(`${name} was not ready within ${Math.round(withinMs / 1000)} s.`, log, logBegins);
}

export const describeExit = ({ code, signal }: Exit): string =>
  signal === null ? `exit code ${code ?? "unknown"}` : signal;

async function failure(sentence: string, log: string, since: number): Promise<CommandFailure> {
  const lines = await lastLines(log, tailLines, since);
  if (lines.length === 0) return new CommandFailure(`${sentence} It wrote nothing to ${log}.`);
  return new CommandFailure(
    `${sentence} Its last lines, from ${log}:\n${lines.map((line) => `  ${line.slice(0, 500)}`).join("\n")}`,
  );
}
