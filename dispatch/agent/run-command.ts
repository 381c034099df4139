// Runs the command of one task: the task goes in as JSON, what comes out is progress and a result. Without a shell, in a process group
// of its own, with an environment of few names.

import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import type { TaskBody } from "../contract/task-responses.ts";
import type { Progress } from "./desk-client.ts";
import type { LastWill } from "./last-will.ts";
import { tellLines } from "./output-lines.ts";

export type Ended =
  | {
      readonly kind: "done";
      readonly result: object;
      readonly summary: string | null;
      readonly tokensUsed: number | null;
    }
  | { readonly kind: "failed"; readonly error: string; readonly retry: boolean }
  /** It was told to end. */
  | { readonly kind: "stopped" };

type Options = {
  /** Words; no shell reads them. */
  readonly command: readonly [string, ...string[]];
  readonly task: TaskBody;
  readonly environment: Readonly<Record<string, string>>;
  /** Ends it: SIGTERM to its group, and SIGKILL to what is left after a while. */
  readonly signal: AbortSignal;
  readonly onProgress: (said: Progress) => void;
  /** Ends its group when this process is killed. */
  readonly lastWill: LastWill;
};

/** Between the word to end and the end. */
const graceMs = 10_000;
/** What the command has said is read for so long after its end, where another process holds its output open. */
const heldMs = 1_000;
/** Of what is said in text: the result, its summary, a word of progress, and the last lines of a failure. */
const longestOutput = 60_000;
const longestSummary = 4_000;
const longestMessage = 1_000;
const lastLines = 20;
/** As sysexits.h has it: what comes in is wrong, so that nobody else need try. */
const exitDataError = 65;

/**
 * A line of its output that is a JSON object with `progress` says how far it is; the last one with `result` is the result, with `summary`
 * and `tokens_used` beside it. Whatever else it says is the result as text.
 */
export function runTask({
  command: [program, ...args],
  task,
  environment,
  signal,
  onProgress,
  lastWill,
}: Options): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { detached: true, stdio: ["pipe", "pipe", "pipe"], env: environment });
    const group = child.pid;
    if (group !== undefined) lastWill.add(group);
    let text = "";
    let said: Said | null = null;
    const complaints: string[] = [];
    let killing: NodeJS.Timeout | undefined;
    const kill = (name: NodeJS.Signals) => {
      try {
        if (group !== undefined) process.kill(-group, name);
      } catch {
        // It has ended already.
      }
    };
    const onStop = () => {
      kill("SIGTERM");
      killing = setTimeout(() => kill("SIGKILL"), graceMs);
    };
    if (signal.aborted) onStop();
    else signal.addEventListener("abort", onStop, { once: true });
    tellLines(child.stdout, (line) => {
      const object = objectIn(line);
      if (object?.progress !== undefined) onProgress(progressOf(object.progress));
      else if (object?.result !== undefined) said = object;
      else text += `${line.slice(-longestOutput)}\n`;
      if (text.length > 4 * longestOutput) text = text.slice(-longestOutput);
    });
    tellLines(child.stderr, (line) => {
      complaints.push(line.slice(0, longestMessage));
      if (complaints.length > lastLines) complaints.shift();
    });
    // A command that reads nothing of its task closes the pipe.
    child.stdin.on("error", () => undefined);
    child.stdin.end(`${JSON.stringify(task)}\n`);
    const settle = (ended: Ended) => {
      clearTimeout(killing);
      signal.removeEventListener("abort", onStop);
      resolve(ended);
    };
    child.on("exit", () => {
      // What it left behind in its group is nobody's; what has left the group may hold the pipes for as long as it likes.
      kill("SIGKILL");
      if (group !== undefined) lastWill.remove(group);
      const held = setTimeout(() => [child.stdout, child.stderr].forEach((pipe) => pipe.destroy()), heldMs);
      child.on("close", () => clearTimeout(held));
    });
    child.on("error", (error) =>
      settle({ kind: "failed", error: `${program} cannot be run: ${error.message}`, retry: false }),
    );
    child.on("close", (code, killedBy) => {
      if (signal.aborted) return settle({ kind: "stopped" });
      if (code === 0) return settle(doneWith(said, text));
      const how = code === null ? `was ended by ${killedBy}` : `ended with ${code}`;
      settle({
        kind: "failed",
        error: plain([`${program} ${how}`, ...complaints].join("\n"), 4_000),
        retry: code !== exitDataError,
      });
    });
  });
}

type Said = { progress?: unknown; result?: unknown; summary?: unknown; tokens_used?: unknown };

function objectIn(line: string): Said | null {
  if (!line.startsWith("{")) return null;
  try {
    const value: Said = JSON.parse(line);
    return value;
  } catch {
    return null;
  }
}

/** All but newline and tab; Postgres cannot store the first of them. */
// oxlint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** A text as the desk takes it: without colours, control characters and halves of a character. */
const plain = (text: string, most: number): string =>
  stripVTControlCharacters(text).replace(controlCharacters, "").slice(0, most).toWellFormed();

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function progressOf(said: unknown): Progress {
  if (typeof said === "string") return { message: plain(said, longestMessage) };
  const { message, percent, data }: { message?: unknown; percent?: unknown; data?: unknown } = Object(said);
  return {
    ...(typeof message === "string" && { message: plain(message, longestMessage) }),
    ...(typeof percent === "number" && { percent: Math.min(100, Math.max(0, Math.round(percent))) }),
    ...(isObject(data) && { data }),
  };
}

function doneWith(said: Said | null, text: string): Ended {
  const { result, summary, tokens_used } = said ?? {};
  const shown = plain(text.slice(-longestOutput), longestOutput).trim();
  const summed = typeof summary === "string" ? summary : said ? null : shown === "" ? "Done" : shown;
  return {
    kind: "done",
    result: isObject(result) ? result : result === undefined ? { text: shown } : { value: result },
    summary: summed === null ? null : plain(summed, longestSummary),
    tokensUsed:
      typeof tokens_used === "number" && Number.isInteger(tokens_used) && tokens_used >= 0 ? tokens_used : null,
  };
}
