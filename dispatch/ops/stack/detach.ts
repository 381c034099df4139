// Starts the supervisor apart from this process and its terminal, passes on what it says until all is ready, and lets go.

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { isObject } from "../../kernel/json.ts";
import { CommandFailure } from "../../process/command-line.ts";
import { lastLines } from "../../process/log-tail.ts";
import { makeStackFolder, supervisorName } from "./folder.ts";

export type DetachOptions = {
  readonly dataDir: string;
  /** Of supervise.ts. */
  readonly args: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  /** Gives up the start; what was started is stopped first. */
  readonly signal?: AbortSignal;
};

/**
 * @returns the supervisor's pid, once everything is ready
 * @throws CommandFailure with the supervisor's own words; nothing runs then
 */
export async function detachSupervisor({
  dataDir,
  args,
  environment = process.env,
  say,
  signal,
}: DetachOptions): Promise<number> {
  const log = (await makeStackFolder(dataDir)).log(supervisorName);
  const output = openSync(log, "a", 0o600);
  const child = spawn(process.execPath, [join(import.meta.dirname, "supervise.ts"), ...args], {
    detached: true,
    env: environment,
    stdio: ["ignore", output, output, "ipc"],
  });
  closeSync(output);
  const giveUp = () => void child.kill("SIGTERM");
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    let failure: string | null = null;
    child.once("error", reject);
    child.on("message", (news: unknown) => {
      if (!isObject(news)) return;
      if (news["kind"] === "said") say(String(news["line"]));
      if (news["kind"] === "failed") failure = String(news["message"]);
      if (news["kind"] === "ready" && child.pid !== undefined) resolve(child.pid);
    });
    // Also said when it fails: what it started must be gone before anybody tries again.
    child.once("exit", (code, by) => void endedEarly(failure, code ?? by, log).then(reject));
    const pid = await promise;
    child.disconnect();
    child.unref();
    return pid;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

async function endedEarly(
  failure: string | null,
  how: number | NodeJS.Signals | null,
  log: string,
): Promise<CommandFailure> {
  if (failure !== null) return new CommandFailure(failure);
  const lines = await lastLines(log, 8);
  return new CommandFailure(
    `The supervisor ended with ${how ?? "an unknown code"}. Its last lines, from ${log}:\n${lines.map((line) => `  ${line}`).join("\n")}`,
  );
}
