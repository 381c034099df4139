// `pnpm test`: everything that must hold: types, lint, reference tables, then all tests on a throw-away Postgres. Names of
// test files as arguments run those alone.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { glob } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { longestFirst } from "../lab/testing/order.ts";

const help = `Checks types, lint and the reference tables, and runs all tests on a throw-away PostgreSQL.

Usage: pnpm test [--report XML] [FILE…]

  FILE           only these test files, without the checks before them
  --report XML   also write the results to this file, as JUnit does
  --help         this text

DISPATCH_TEST_DATABASE_URL   an own PostgreSQL, 15 or newer, whose user may create databases and roles
DISPATCH_TEST_S3_URL, DISPATCH_TEST_S3_ACCESS_KEY, DISPATCH_TEST_S3_SECRET_KEY   an own S3 server; otherwise radosgw
                             from Debian's packages is used when it is installed, and its tests say so when it is not
DISPATCH_TEST_HOSTILE_SHARE  how much of the 51,000 generated hostile requests is sent: 1 for all; without it about 23,000

Exit code: 0 all well, 1 something failed, 2 wrong usage.
`;

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules/.bin");
const { values, positionals: files } = readArguments();

if (values.help) console.log(help);
else process.exitCode = (await run()) ? 0 : 1;

function readArguments() {
  const options = { help: { type: "boolean", short: "h" }, report: { type: "string" } } as const;
  try {
    return parseArgs({ args: process.argv.slice(2).filter((arg) => arg !== "--"), options, allowPositionals: true });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(2);
  }
}

async function run(): Promise<boolean> {
  if (files.length === 0) {
    const checks = [
      ["types", join(bin, "tsc"), []],
      ["lint", join(bin, "oxlint"), ["--deny-warnings"]],
      ["format", join(bin, "oxfmt"), ["--check"]],
      ["reference tables", process.execPath, ["scripts/docs.ts", "--check"]],
    ] as const;
    for (const [name, command, args] of checks) {
      console.log(`# ${name}`);
      if (!(await succeeds(command, args))) return false;
    }
    files.push(...longestFirst(await Array.fromAsync(glob("tests/**/*.test.ts", { cwd: root }))));
  }
  console.log("# tests");
  const report = values.report === undefined ? [] : ["--report", resolve(values.report)];
  return succeeds(process.execPath, ["tests/support/run-files.ts", ...report, ...files]);
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  // Each test file is a process that loads the whole house; compiling it once saves about 0.4 s of CPU in each.
  const env = { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"), ...process.env };
  const child = spawn(command, args, { cwd: root, stdio: "inherit", env });
  // Ctrl-C reaches the child too; it cleans up after itself and is waited for.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  const [code] = await once(child, "exit");
  process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM");
  return code === 0;
}
