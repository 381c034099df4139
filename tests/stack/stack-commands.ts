// Runs the stack's commands as a user does, on a data folder of the test's own and on free ports; whatever a test leaves
// behind is ended with it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, readlink, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings, type Settings } from "../../dispatch/process/settings.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { stackStatus, type StackStatus } from "../../dispatch/ops/stack/status.ts";
import { stopStack } from "../../dispatch/ops/stack/stop-stack.ts";

const scripts = join(import.meta.dirname, "../../scripts");

export type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

type Life = { after(fn: () => Promise<void>): void };

export class StackCommands {
  readonly dataDir: string;
  readonly environment: Readonly<Record<string, string>>;

  private constructor(dataDir: string, environment: Readonly<Record<string, string>>) {
    this.dataDir = dataDir;
    this.environment = environment;
  }

  /** A folder with nothing in it; `more` are further settings. */
  static async make(t: Life, more: Readonly<Record<string, string>> = {}): Promise<StackCommands> {
    // Short, so that a socket fits under macOS's long temporary folder too.
    const dataDir = await realpath(await mkdtemp(join(tmpdir(), "dstk-")));
    const environment = {
      ...bareEnvironment,
      HOME: process.env["HOME"] ?? "",
      DISPATCH_DATA_DIR: dataDir,
      DISPATCH_API_PORT: "0",
      DISPATCH_METRICS_PORT: "0",
      DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
      ...more,
    };
    const stack = new StackCommands(dataDir, environment);
    t.after(async () => {
      await stopStack(stack.settings, () => undefined);
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    });
    return stack;
  }

  /** The same stack with further settings. */
  with(more: Readonly<Record<string, string>>): StackCommands {
    return new StackCommands(this.dataDir, { ...this.environment, ...more });
  }

  get settings(): Settings {
    return readSettings(this.environment);
  }

  run(script: string, ...args: readonly string[]): Promise<Outcome> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [join(scripts, script), ...args],
        { env: this.environment, timeout: 600_000 },
        (error, stdout, stderr) => {
          resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
        },
      );
    });
  }

  /** Runs it; it must succeed. @returns what it printed */
  async does(script: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(script, ...args);
    assert.equal(code, 0, `${script}: ${stdout}${stderr}`);
    return stdout;
  }

  /** What the command tells with --json, without a process for each look. */
  status(): Promise<StackStatus> {
    return stackStatus(this.settings);
  }

  /** @throws when there is no such process now */
  async pidOf(name: string): Promise<number> {
    const found = (await this.status()).services.find((service) => service.name === name);
    assert.ok(found?.pid, `${name} runs`);
    return found.pid;
  }
}

/** Every process on this Linux that has to do with the folder: by its arguments, its environment, or where it stands. */
export async function processesOf(dataDir: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [line = "", environment = "", cwd = ""] = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
        readFile(`/proc/${pid}/environ`, "utf8").catch(() => ""),
        readlink(`/proc/${pid}/cwd`).catch(() => ""),
      ]);
      const command = line.replaceAll("\0", " ").trim();
      // A zombie has neither.
      return command !== "" && [command, environment, cwd].some((text) => text.includes(dataDir))
        ? [`${pid} ${command}`]
        : [];
    }),
  );
  return found.flat();
}
