// Runs a runbook's block as a person would paste it: in a shell, in this repository, with `pnpm` at hand, against a stack
// whose addresses may be others than the ones written.

import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingFrom, type RunbookBlock } from "./blocks.ts";

export type RunbookShell = {
  /** Runs it to its end. @returns what it printed to both outputs, and whether it did what the runbook says */
  run(block: RunbookBlock): Promise<BlockOutcome>;
  close(): Promise<void>;
};

export type BlockOutcome = {
  readonly output: string;
  readonly code: number;
  /** What of the expected output is missing; null when nothing is. */
  readonly missing: string | null;
  readonly tookMs: number;
};

export type ShellOptions = {
  readonly environment: Readonly<Record<string, string>>;
  /** Written in runbooks, and what it is here, for example 127.0.0.1:8080. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
};

const root = join(import.meta.dirname, "../..");
const usualTimeoutMs = 180_000;

export async function openShell({
  environment,
  addresses,
  timeoutMs = usualTimeoutMs,
}: ShellOptions): Promise<RunbookShell> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-runbook-"));
  const pnpm = join(folder, "pnpm");
  await writeFile(pnpm, await standInForPnpm());
  await chmod(pnpm, 0o755);
  const env = {
    ...environment,
    PATH: `${folder}:${join(root, "node_modules/.bin")}:${environment["PATH"] ?? process.env["PATH"] ?? ""}`,
  };
  return {
    run: async (block) => {
      const begun = performance.now();
      const commands = Object.entries(addresses).reduce(
        (text, [written, here]) => text.replaceAll(written, here),
        block.commands,
      );
      const { code, output } = await runShell(commands, env, timeoutMs);
      return {
        output,
        code,
        missing: missingFrom(output, block.expected)?.source ?? null,
        tookMs: performance.now() - begun,
      };
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** `pnpm [-s] NAME ARGUMENTS`, or with `exec` a program: pnpm itself would take a second for it, and need not be installed. */
async function standInForPnpm(): Promise<string> {
  const manifest: { scripts: Readonly<Record<string, string>> } = JSON.parse(
    await readFile(join(root, "package.json"), "utf8"),
  );
  return [
    "#!/bin/sh",
    '[ "$1" = -s ] && shift',
    "name=$1; shift",
    'case "$name" in',
    'exec) exec "$@" ;;',
    ...Object.entries(manifest.scripts).map(([name, command]) => `${name}) exec ${command} "$@" ;;`),
    '*) echo "package.json has no script $name" >&2; exit 1 ;;',
    "esac\n",
  ].join("\n");
}

function runShell(
  commands: string,
  env: Record<string, string>,
  timeoutMs: number,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const shell = spawn("bash", ["-c", commands], {
      cwd: root,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
    });
    let output = "";
    shell.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    shell.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    shell.on("error", reject);
    // A stack that was brought up goes on, and may hold what it was given; the shell's own end counts.
    shell.on("exit", (code) => setImmediate(() => resolve({ code: code ?? -1, output })));
  });
}
