// `pnpm openclaw …` as a user runs it, on a data folder of the test's.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { bareEnvironment } from "../../../dispatch/process/bare-environment.ts";

export type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

const script = join(import.meta.dirname, "../../../scripts/openclaw.ts");

/** Runs the command to its end. */
export function pnpmOpenclaw(dataDir: string, ...args: string[]): Promise<Outcome> {
  const env = { ...bareEnvironment, LANG: "C.UTF-8", DISPATCH_DATA_DIR: dataDir };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [script, ...args],
      { env, timeout: 600_000, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
  });
}
