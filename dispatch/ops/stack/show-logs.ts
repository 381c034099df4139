// Prints the logs of a stack: the last lines of each, and with `follow` what is written from then on.

import { setTimeout as delay } from "node:timers/promises";
import { lastLines } from "../../process/log-tail.ts";
import { FollowedLog } from "./followed-log.ts";

export type NamedLog = { readonly name: string; readonly path: string };

const lookEveryMs = 250;

/** Each line with its process's name before it, unless there is but one log. */
export async function showLogs(logs: readonly NamedLog[], count: number, print: (line: string) => void): Promise<void> {
  for (const log of logs) for (const line of await lastLines(log.path, count)) print(labelled(logs, log, line));
}

/** Goes on until the signal. */
export async function followLogs(
  logs: readonly NamedLog[],
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const followed = await Promise.all(logs.map(async (log) => ({ log, file: await FollowedLog.fromItsEnd(log.path) })));
  while (!signal.aborted) {
    for (const { log, file } of followed) for (const line of await file.newLines()) print(labelled(logs, log, line));
    await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

function labelled(logs: readonly NamedLog[], { name }: NamedLog, line: string): string {
  if (logs.length === 1) return line;
  return `${name.padEnd(Math.max(...logs.map((log) => log.name.length)))} | ${line}`;
}
