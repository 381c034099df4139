// Prints the logs of a stack: the last lines of each, and with `follow` what is written from then on.

import { open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { lastLines } from "../log-tail.ts";

export type NamedLog = { readonly name: string; readonly path: string };

const lookEveryMs = 250;
const chunkBytes = 256 * 1024;

/** Each line with its process's name before it, unless there is but one log. */
export async function showLogs(logs: readonly NamedLog[], count: number, print: (line: string) => void): Promise<void> {
  for (const log of logs) for (const line of await lastLines(log.path, count)) print(labelled(logs, log, line));
}

/** Goes on until the signal. */
export async function followLogs(logs: readonly NamedLog[], print: (line: string) => void, signal: AbortSignal): Promise<void> {
  const read = await Promise.all(logs.map(async (log) => ({ log, position: await sizeOf(log.path), rest: "" })));
  while (!signal.aborted) {
    for (const one of read) {
      const { text, position, anew } = await readFrom(one.log.path, one.position);
      // What stood behind the last line of a log that was cut has no end any more.
      const lines = (anew && one.rest !== "" ? `${one.rest}\n${text}` : one.rest + text).split("\n");
      one.position = position;
      one.rest = lines.pop() ?? "";
      for (const line of lines) print(labelled(logs, one.log, line));
    }
    await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

function labelled(logs: readonly NamedLog[], { name }: NamedLog, line: string): string {
  if (logs.length === 1) return line;
  return `${name.padEnd(Math.max(...logs.map((log) => log.name.length)))} | ${line}`;
}

const sizeOf = async (path: string): Promise<number> => (await readFrom(path, Infinity)).position;

/** A log that has become shorter was cut, and is read anew from its beginning. */
async function readFrom(path: string, position: number): Promise<{ text: string; position: number; anew: boolean }> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return { text: "", position: 0, anew: true };
  try {
    const { size } = await file.stat();
    if (position === Infinity) return { text: "", position: size, anew: false };
    const anew = size < position;
    const from = anew ? 0 : position;
    const length = Math.min(size - from, chunkBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
    return { text: buffer.toString("utf8", 0, bytesRead), position: from + bytesRead, anew };
  } finally {
    await file.close();
  }
}
