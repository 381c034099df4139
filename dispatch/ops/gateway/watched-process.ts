// Spawns a program that ends when this process ends, however it ends, and that a Ctrl-C in the terminal does not reach:
// a session of its own, and a small shell that waits for the other end of a pipe to close.

import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { ping, pong } from "../../process/answer-pings.ts";

// `$$` is the pid of the shell that becomes the program by exec. A line on the pipe says "it has ended, leave that pid
// alone"; end of file says that this process is gone: then the program is asked to end, and after ten seconds made to.
const watchAndExec = `
( ( read -r _ <&3 || {
  kill -TERM $$
  waited=0
  while kill -0 $$; do
    [ $waited -lt 10 ] || kill -KILL $$
    sleep 1
    waited=$((waited + 1))
  done
} ) </dev/null >/dev/null 2>&1 4>&- & )
exec 3<&-
exec "$@"
`;

type SpawnOptions = {
  readonly environment: Record<string, string>;
  readonly folder: string;
  readonly output: number;
  readonly channel?: boolean;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type WatchedProcess = {
  readonly pid: number;
  readonly ended: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
  /** Asks over its channel whether it still turns (process/answer-pings.ts); true where it was started without one. */
  answers(withinMs: number): Promise<boolean>;
};

/**
 * Starts `program` with its output in the file `output`; the environment is `environment` alone.
 * @param channel for a program of ours that answers whether it still turns
 * @throws {Error} the system's error when it cannot be started
 */
export async function spawnWatched(
  program: string,
  args: readonly string[],
  { environment, folder, output, channel = false }: SpawnOptions,
): Promise<WatchedProcess> {
  const child = spawn("/bin/sh", ["-c", watchAndExec, "sh", program, ...args], {
    cwd: folder,
    detached: true,
    env: environment,
    stdio: ["ignore", output, output, "pipe", channel ? "ipc" : "ignore"],
  });
  await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} was started without a process id`);
  const pipe = child.stdio[3];
  // It breaks when the watcher is killed; the program's own end is told by its exit.
  if (pipe instanceof Socket) pipe.on("error", () => undefined).unref();
  const ended = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      if (pipe instanceof Socket) pipe.end("ended\n");
      resolve({ code, signal });
    });
  });
  return {
    pid,
    ended,
    kill: (signal) => void child.kill(signal),
    answers: (withinMs) => (channel ? answersOverChannel(child, withinMs) : Promise.resolve(true)),
  };
}

async function answersOverChannel(child: ChildProcess, withinMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onMessage = (message: unknown) => {
    if (message === pong) resolve(true);
  };
  const late = setTimeout(() => resolve(false), withinMs);
  child.on("message", onMessage);
  // One that has just ended answers nothing any more, and its end is told otherwise.
  child.send(ping, (error) => {
    if (error) resolve(true);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    child.off("message", onMessage);
  }
}

/** Ends it: asked first, made to when it has not gone within `withinMs`. */
export async function endWithin({ ended, kill }: WatchedProcess, withinMs: number): Promise<void> {
  kill("SIGTERM");
  const timer = new AbortController();
  const late = delay(withinMs, "late" as const, { signal: timer.signal }).catch(() => "stopped waiting" as const);
  if ((await Promise.race([ended, late])) === "late") kill("SIGKILL");
  timer.abort();
  await ended;
}
