// Tables of other programs in a folder of their own, and the commands that take them over, as an operator runs them on a test's desk.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import type { TestApi } from "../support/api.ts";
import { speaking } from "../support/token.ts";

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type ImportTables = {
  readonly folder: string;
  /** @returns its path */
  write(name: string, content: string | Uint8Array): Promise<string>;
  /** `pnpm dispatch:import` on the desk, by a dispatcher's token. */
  import(...args: string[]): Promise<Outcome>;
  /** `pnpm dispatch:export` of its database. */
  export(...args: string[]): Promise<Outcome>;
};

/** @param after removes the folder in the end */
export async function importTables(api: TestApi, after: (end: () => Promise<void>) => void): Promise<ImportTables> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-import-"));
  after(() => rm(folder, { recursive: true, force: true }));
  const token = join(folder, "token");
  await writeFile(token, speaking(api).authorization.replace("Bearer ", ""));
  const run = (script: string, args: readonly string[]): Promise<Outcome> =>
    new Promise((resolve) => {
      const env = { ...bareEnvironment, HOME: process.env["HOME"] ?? "", DISPATCH_DATABASE_URL: api.databaseUrl };
      const path = join(import.meta.dirname, "../../scripts", script);
      execFile(process.execPath, [path, ...args], { env, timeout: 600_000 }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
      );
    });
  return {
    folder,
    async write(name, content) {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    },
    import: (...args) => run("import.ts", ["--url", api.url, "--token-file", token, ...args]),
    export: (...args) => run("export.ts", args),
  };
}
