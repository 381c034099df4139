// Whether a line reaches the program that reads from a terminal as long as it is. Where programs read lines, the system keeps only so
// much of one and drops the rest without a word, its end before all.

import { execFile } from "node:child_process";
import { NotDelivered } from "../transport.ts";

/** Seen on Linux: 4,095 bytes and the line's end. Elsewhere what limits.h calls MAX_CANON, less that end. */
const mostOfLine = process.platform === "linux" ? 4_095 : 1_023;
const withinMs = 2_000;

/** @throws NotDelivered where the end of the line would be lost */
export async function assertFits(line: string, terminal: string): Promise<void> {
  const bytes = Buffer.byteLength(line);
  if (bytes <= mostOfLine || (await readsKeys(terminal))) return;
  throw new NotDelivered(
    `The text has ${bytes} bytes, and the terminal of the room's pane keeps ${mostOfLine} of a line: push less, and the rest as a task.`,
  );
}

/** Whether its program reads key by key, as those do that edit the line themselves: then nothing is dropped. */
function readsKeys(terminal: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const device = process.platform === "linux" ? "-F" : "-f";
  execFile("stty", [device, terminal, "-a"], { timeout: withinMs, killSignal: "SIGKILL" }, (error, printed) =>
    resolve(error === null && /(^|\s)-icanon\b/.test(printed)),
  );
  return promise;
}
