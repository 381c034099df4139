// `pnpm test`: everything that must hold: types, lint, reference tables, then all tests on a throw-away Postgres. Names of
// test files as arguments run those alone, and --changed those that a change can reach.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { glob } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { affectedTests } from "../lab/testing/affected-tests.ts";
import { changedSince, NoChangesKnown, readRepository } from "../lab/testing/changed-files.ts";
import { longestFirst } from "../lab/testing/order.ts";

const help = `Checks types, lint and the reference tables, and runs all tests on a throw-away PostgreSQL.

Usage: pnpm test [--report XML] [--changed [--base REV] | FILE…]

  FILE           only these test files, without the checks before them
  --changed      the checks, and only the test files that can see what has changed since the last commit, untracked files
                 included: through imports, through the programs and pages they name by path, nearest first. A change
                 outside *.ts and *.md (package.json, the lockfile, SQL, policy) may bear on anything: then it is everything
  --base REV     with --changed: what has changed since this branch left REV
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
const { values, positionals: named } = readArguments();

if (values.help) console.log(help);
else process.exitCode = (await run()) ? 0 : 1;

function readArguments() {
  const options = {
    help: { type: "boolean", short: "h" },
    report: { type: "string" },
    changed: { type: "boolean" },
    base: { type: "string" },
  } as const;
  try {
    const read = parseArgs({
      args: process.argv.slice(2).filter((arg) => arg !== "--"),
      options,
      allowPositionals: true,
    });
    if (read.values.base !== undefined && !read.values.changed) throw new Error("--base goes with --changed");
    if (read.values.changed && read.positionals.length > 0) throw new Error("--changed chooses the files itself");
    return read;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(2);
  }
}

async function run(): Promise<boolean> {
  if (named.length === 0 && !(await checksPass())) return false;
  const files = named.length > 0 ? named : values.changed ? await changedOnes(values.base ?? "HEAD") : await allFiles();
  if (files === null) return false;
  if (files.length === 0) return true;
  console.log("# tests");
  const report = values.report === undefined ? [] : ["--report", resolve(values.report)];
  return succeeds(process.execPath, ["tests/support/run-files.ts", ...report, ...files]);
}

async function checksPass(): Promise<boolean> {
  const checks = [
    ["types", join(bin, "tsc"), []],
    ["lint", join(bin, "oxlint"), ["--deny-warnings"]],
    ["format", join(bin, "oxfmt"), ["--check"]],
    ["reference tables", process.execPath, ["scripts/generate.ts", "--check"]],
  ] as const;
  for (const [name, command, args] of checks) {
    console.log(`# ${name}`);
    if (!(await succeeds(command, args))) return false;
  }
  return true;
}

async function allFiles(): Promise<string[]> {
  const files = await Array.fromAsync(glob("tests/**/*.test.ts", { cwd: root }));
  return longestFirst(files);
}

/** Null where git does not tell. */
async function changedOnes(base: string): Promise<readonly string[] | null> {
  try {
    const changed = await changedSince(base);
    const affected = affectedTests(await readRepository(), changed);
    if ("everything" in affected) {
      console.log(`# all tests: ${affected.everything}`);
      return await allFiles();
    }
    console.log(`# ${changed.length} files changed, which ${affected.tests.length} test files can see`);
    return affected.tests;
  } catch (error) {
    if (!(error instanceof NoChangesKnown)) throw error;
    console.error(`git does not tell what has changed: ${error.message}`);
    return null;
  }
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
