// What drills do to processes of the stack.

import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { Ground } from "./ground.ts";

/** @throws CommandFailure when the part does not run */
export function pidOf(ground: Ground, name: string): number {
  const pid = ground.pidOf(name);
  if (pid === null) throw new CommandFailure(`The stack's ${name} does not run.`);
  return pid;
}

/** Sends a signal to a process that may have ended meanwhile, which is as good. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    return;
  }
}
