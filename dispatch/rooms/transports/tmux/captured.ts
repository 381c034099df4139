// What a pane shows. A hint for people, and never a sign that somebody has read: a terminal echoes what nobody reads, and a program that
// reads may show nothing.

import type { Pane } from "./panes.ts";
import type { Tmux } from "./run-tmux.ts";

const mostBytes = 4_096;

/** The end of all it has shown, at most 4 KiB; null where tmux does not tell. */
export async function capturedOf(tmux: Tmux, { id }: Pane, signal: AbortSignal): Promise<string | null> {
  // The push has arrived, whatever becomes of the hint.
  const shown = await tmux(["capture-pane", "-p", "-J", "-S", "-", "-t", id], signal).catch(() => null);
  return shown === null ? null : endOf(linesIn(shown).join("\n"), mostBytes);
}

/** The last line on its screen that is not empty; empty where all are. @throws NotDelivered */
export async function lastLineOn(tmux: Tmux, { id }: Pane, signal: AbortSignal): Promise<string> {
  return linesIn(await tmux(["capture-pane", "-p", "-J", "-t", id], signal)).at(-1) ?? "";
}

/** Without the blanks behind lines, and without empty ones at the end. */
const linesIn = (shown: string): string[] =>
  shown
    .trimEnd()
    .split("\n")
    .map((line) => line.trimEnd());

/** The last bytes of it, at most so many, from the border of a character on. */
export function endOf(text: string, most: number): string {
  const bytes = Buffer.from(text);
  let from = Math.max(0, bytes.length - most);
  while (from < bytes.length && ((bytes[from] ?? 0) & 0xc0) === 0x80) from++;
  return bytes.subarray(from).toString();
}
