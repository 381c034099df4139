// What drills do to processes of the stack.

import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { firingAlerts, type Ground } from "./ground.ts";

/** @throws CommandFailure when the part does not run */
export function pidOf(ground: Ground, name: string): number {
  const pid = ground.pidOf(name);
  if (pid === null) throw new CommandFailure(`The stack's ${name} does not run.`);
  return pid;
}

/** Whether the part runs as another process than `before`, and its alert tells that it was started again. */
export async function wasRestarted(ground: Ground, name: string, before: number): Promise<boolean> {
  if ([null, before].includes(ground.pidOf(name))) return false;
  const alert = (await firingAlerts(ground.url))?.find(({ code }) => code === "PART_RESTARTED");
  return alert?.reason.split("; ").some((told) => told.startsWith(`${name} `)) ?? false;
}

/** Sends a signal to a process that may have ended meanwhile, which is as good. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    return;
  }
}
