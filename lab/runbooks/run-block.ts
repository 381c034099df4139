// Runs a runbook's blocks as a person would paste them, one behind the other into one terminal: what a block sets, the next ones
// have. In this repository, with `pnpm` at hand.

import { spawn, type ChildProcess } from "node:child_process";
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

export type ShellOptions = { readonly environment: Readonly<Record<string, string>>; readonly timeoutMs?: number };

const root = join(import.meta.dirname, "../..");
/** A busy machine takes minutes for a gateway's start. */
const usualTimeoutMs = 280_000;

/** A terminal for the blocks of one page. One that a block closes (`exit`) is opened again, and has forgotten what was set. */
export async function openShell({ environment, timeoutMs = usualTimeoutMs }: ShellOptions): Promise<RunbookShell> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-runbook-"));
  const pnpm = join(folder, "pnpm");
  await writeFile(pnpm, await standInForPnpm());
  await chmod(pnpm, 0o755);
  const env = {
    ...environment,
    PATH: `${folder}:${join(root, "node_modules/.bin")}:${environment["PATH"] ?? process.env["PATH"] ?? ""}`,
  };
  const pasted = join(folder, "pasted");
  let bash: ChildProcess | null = null;
  return {
    run: async (block) => {
      const begun = performance.now();
      await writeFile(pasted, block.commands);
      if (bash === null || bash.exitCode !== null || bash.signalCode !== null)
        bash = spawn("bash", ["--noprofile", "--norc", "-s"], { cwd: root, env, stdio: ["pipe", "pipe", "pipe"] });
      const { code, output } = await paste(bash, pasted, timeoutMs);
      return {
        output,
        code,
        missing: missingFrom(output, block.expected)?.source ?? null,
        tookMs: performance.now() - begun,
      };
    },
    close: async () => {
      bash?.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
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

const endOfBlock = "end of the block:";

/** Has the shell read the file as if it were typed. One that ends meanwhile, or is killed for its time, counts with its own code. */
function paste(bash: ChildProcess, file: string, timeoutMs: number): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    let output = "";
    const end = (code: number) => {
      clearTimeout(timer);
      bash.stdout?.off("data", hear);
      bash.stderr?.off("data", hear);
      bash.off("exit", ended).off("error", reject);
      resolve({ code, output });
    };
    const hear = (text: string) => {
      output += text;
      const at = output.lastIndexOf(`\n${endOfBlock}`);
      const code = at < 0 ? undefined : /^ (\d+)\n/.exec(output.slice(at + endOfBlock.length + 1))?.[1];
      if (code === undefined) return;
      output = output.slice(0, at);
      end(Number(code));
    };
    // A stack that was brought up goes on, and may hold what it was given; the shell's own end counts.
    const ended = (code: number | null) => setImmediate(() => end(code ?? -1));
    const timer = setTimeout(() => bash.kill("SIGKILL"), timeoutMs);
    bash.stdout?.setEncoding("utf8").on("data", hear);
    bash.stderr?.setEncoding("utf8").on("data", hear);
    bash.once("exit", ended).once("error", reject);
    bash.stdin?.write(`. '${file}' </dev/null 2>&1; printf '\\n${endOfBlock} %s\\n' "$?"\n`);
  });
}
