// Runs the command of one task: the task goes in as JSON, what comes out is progress and a result. Without a shell, in a process group
// of its own, with an environment of few names.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { TaskBody } from "../contract/task-responses.ts";
import type { Progress } from "./desk-client.ts";

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
};

/** Between the word to end and the end. */
const graceMs = 10_000;
/** Of what is said in text: the result, and the last lines of a failure. */
const longestOutput = 60_000;
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
}: Options): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { detached: true, stdio: ["pipe", "pipe", "pipe"], env: environment });
    let text = "";
    let said: Said | null = null;
    const complaints: string[] = [];
    let killing: NodeJS.Timeout | undefined;
    const kill = (name: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
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
    createInterface(child.stdout).on("line", (line) => {
      const object = objectIn(line);
      if (object?.progress !== undefined) onProgress(progressOf(object.progress));
      else if (object?.result !== undefined) said = object;
      else text = `${text}${line}\n`.slice(-longestOutput);
    });
    createInterface(child.stderr).on("line", (line) => {
      complaints.push(line.slice(0, 1_000));
      if (complaints.length > lastLines) complaints.shift();
    });
    // A command that reads nothing of its task closes the pipe.
    child.stdin.on("error", () => undefined);
    child.stdin.end(`${JSON.stringify(task)}\n`);
    const settle = (ended: Ended) => {
      clearTimeout(killing);
      signal.removeEventListener("abort", onStop);
      // What it left behind in its group is nobody's.
      kill("SIGKILL");
      resolve(ended);
    };
    child.on("error", (error) =>
      settle({ kind: "failed", error: `${program} cannot be run: ${error.message}`, retry: false }),
    );
    child.on("close", (code, killedBy) => {
      if (signal.aborted) return settle({ kind: "stopped" });
      if (code === 0) return settle(doneWith(said, text));
      const how = code === null ? `was ended by ${killedBy}` : `ended with ${code}`;
      settle({
        kind: "failed",
        error: [`${program} ${how}`, ...complaints].join("\n").slice(0, 4_000),
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

function progressOf(said: unknown): Progress {
  if (typeof said === "string") return { message: said.slice(0, 1_000) };
  const { message, percent, data }: { message?: unknown; percent?: unknown; data?: unknown } = Object(said);
  return {
    ...(typeof message === "string" && { message: message.slice(0, 1_000) }),
    ...(typeof percent === "number" && { percent: Math.min(100, Math.max(0, Math.round(percent))) }),
    ...(typeof data === "object" && data !== null && { data }),
  };
}

function doneWith(said: Said | null, text: string): Ended {
  const { result, summary, tokens_used } = said ?? {};
  const shown = text.trim();
  return {
    kind: "done",
    result:
      typeof result === "object" && result !== null
        ? result
        : result === undefined
          ? { text: shown }
          : { value: result },
    summary: typeof summary === "string" ? summary : said ? null : shown === "" ? "Done" : shown,
    tokensUsed: typeof tokens_used === "number" ? tokens_used : null,
  };
}
