// `pnpm test`: everything that must hold: types, lint, reference tables, then all tests on a throw-away Postgres. Names of
// test files as arguments run those alone, and --changed those that are most likely to see a change.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { affectedTests } from "../lab/testing/affected-tests.ts";
import { changedSince, NoChangesKnown, readRepository } from "../lab/testing/changed-files.ts";
import { longestFirst } from "../lab/testing/order.ts";
import { recall, secondsOf } from "../lab/testing/remembered.ts";

/** With the checks before them and the last file after, a minute on two idle cores. */
const usualSeconds = 50;

const help = `Checks types, lint and the reference tables, and runs all tests on a throw-away PostgreSQL.

All of them together take some twenty minutes on two cores. A file that fails beside others is run once more alone then, and has failed if
it fails again; what passes then is named as unsteady. Requests made by chance, and what failed by a seed, get no second run.

Usage: pnpm test [--report XML] [--changed [--base REV] [--within SECONDS|all] | --rest | FILE…]

  FILE           only these test files, without the checks before them
  --changed      the checks, and for about a minute the test files that are most likely to see what has changed since the last
                 commit, untracked files included. A test can see what it reaches through imports and through the programs,
                 pages and tools it names. Changed tests come first, then those that import what has changed, are named
                 after it or speak of its tool, those of its room, and all others by their distance, a few of each folder.
                 A change outside *.ts and *.md (package.json, the lockfile, SQL, policy) may bear on any test
  --within N     with --changed: begin nothing that would, by what it took last time, end more than N seconds after the start;
                 ${usualSeconds} unless given. "all" runs every file that can see the change. Changed tests are run in any case
  --base REV     with --changed: what has changed since this branch left REV
  --rest         the files for which the last --changed had no time
  --report XML   also write the results to this file, as JUnit does
  --help         this text

DISPATCH_TEST_DATABASE_URL   an own PostgreSQL, 15 or newer, whose user may create databases and roles
DISPATCH_TEST_S3_URL, DISPATCH_TEST_S3_ACCESS_KEY, DISPATCH_TEST_S3_SECRET_KEY   an own S3 server; otherwise radosgw
                             from Debian's packages is used when it is installed, and its tests say so when it is not
DISPATCH_TEST_HOSTILE_SHARE  how much of the 51,000 generated hostile requests is sent: 1 for all; without it about 11,000

Exit code: 0 all that was run is well, 1 something failed, 2 wrong usage.
`;

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules/.bin");
const began = Date.now();
const { values, positionals: named } = readArguments();

if (values.help) console.log(help);
else process.exitCode = (await run()) ? 0 : 1;

function readArguments() {
  const options = {
    help: { type: "boolean", short: "h" },
    report: { type: "string" },
    changed: { type: "boolean" },
    base: { type: "string" },
    within: { type: "string" },
    rest: { type: "boolean" },
  } as const;
  try {
    const read = parseArgs({
      args: process.argv.slice(2).filter((arg) => arg !== "--"),
      options,
      allowPositionals: true,
    });
    const { changed, rest, base, within } = read.values;
    if (base !== undefined && !changed) throw new Error("--base goes with --changed");
    if (within !== undefined && !changed) throw new Error("--within goes with --changed");
    if (within !== undefined && within !== "all" && !/^[1-9]\d{0,5}$/.test(within))
      throw new Error(`--within takes a number of seconds or "all", not ${within}`);
    if (changed && rest) throw new Error("--rest is what an earlier --changed has left");
    if ((changed || rest) && read.positionals.length > 0)
      throw new Error(`--${changed ? "changed" : "rest"} chooses the files itself`);
    return read;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(2);
  }
}

async function run(): Promise<boolean> {
  if (values.rest) {
    const { left } = await recall();
    const there = left.filter((file) => existsSync(join(root, file)));
    if (there.length > 0) return testsPass(there);
    console.log("# the last --changed has left nothing");
    return true;
  }
  if (named.length > 0) return testsPass(named);
  if (!(await checksPass())) return false;
  return values.changed ? changedPass(values.base ?? "HEAD", values.within ?? String(usualSeconds)) : allPass();
}

async function checksPass(): Promise<boolean> {
  const checks = [
    // A checker of each core works out the contract's types anew: one alone takes half the CPU and, beside the others here, less time.
    ["types", join(bin, "tsc"), ["--singleThreaded"]],
    ["lint", join(bin, "oxlint"), ["--deny-warnings"]],
    ["format", join(bin, "oxfmt"), ["--check"]],
    ["reference tables", process.execPath, ["scripts/generate.ts", "--check"]],
  ] as const;
  // Beside each other, since each alone leaves a core idle for much of its time; what each says is shown in one piece.
  const outcomes = checks.map(([, command, args]) => outcomeOf(command, args));
  let passed = true;
  for (const [at, [name]] of checks.entries()) {
    const { said, succeeded } = (await outcomes[at]) ?? { said: "", succeeded: false };
    process.stdout.write(`# ${name}\n${said}`);
    passed &&= succeeded;
  }
  return passed;
}

async function allPass(): Promise<boolean> {
  const files = await Array.fromAsync(glob("tests/**/*.test.ts", { cwd: root }));
  return testsPass(longestFirst(files, secondsOf(await recall())), ["--again"]);
}

async function changedPass(base: string, within: string): Promise<boolean> {
  const affected = await affectedSince(base);
  if (affected === null) return false;
  const { tests, changed, everything } = affected;
  if (tests.length === 0) return true;
  if (within === "all") return everything === undefined ? testsPass(tests) : allPass();
  const until = began + Number(within) * 1_000;
  const passed = await testsPass(tests, ["--until", String(until), "--surely", String(Math.max(changed, 1))]);
  const left = (await recall()).left.length;
  const ran = `${tests.length - left} of ${tests.length} test files that can see the change were run`;
  if (left > 0) console.log(`# ${ran}, ${left} were NOT; \`pnpm test --rest\` runs those`);
  else console.log(`# all ${ran}`);
  return passed;
}

/** Null where git does not tell. */
async function affectedSince(base: string) {
  try {
    const changed = await changedSince(base);
    const affected = affectedTests(await readRepository(), changed, secondsOf(await recall()));
    const { tests, everything } = affected;
    if (everything === undefined)
      console.log(`# ${changed.length} files changed, which ${tests.length} test files can see`);
    else console.log(`# all ${tests.length} test files may see the change: ${everything}`);
    return affected;
  } catch (error) {
    if (!(error instanceof NoChangesKnown)) throw error;
    console.error(`git does not tell what has changed: ${error.message}`);
    return null;
  }
}

function testsPass(files: readonly string[], limits: readonly string[] = []): Promise<boolean> {
  console.log("# tests");
  const report = values.report === undefined ? [] : ["--report", resolve(values.report)];
  return succeeds(process.execPath, ["tests/support/run-files.ts", ...report, ...limits, ...files]);
}

async function outcomeOf(command: string, args: readonly string[]): Promise<{ said: string; succeeded: boolean }> {
  const said: Buffer[] = [];
  const succeeded = await succeeds(command, args, (text) => said.push(text));
  return { said: Buffer.concat(said).toString(), succeeded };
}

/** @param heard what it says, where that is not to be shown as it comes */
async function succeeds(command: string, args: readonly string[], heard?: (text: Buffer) => void): Promise<boolean> {
  // Each test file is a process that loads the whole house; compiling it once saves about 0.4 s of CPU in each.
  const env = { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"), ...process.env };
  const output = heard === undefined ? "inherit" : "pipe";
  const child = spawn(command, args, { cwd: root, stdio: ["inherit", output, output], env });
  if (heard !== undefined) for (const stream of [child.stdout, child.stderr]) stream?.on("data", heard);
  // Ctrl-C reaches the child too; it cleans up after itself and is waited for.
  const wait = () => undefined;
  const end = () => child.kill("SIGTERM");
  process.on("SIGINT", wait).on("SIGTERM", end);
  const [code] = await once(child, "close");
  process.off("SIGINT", wait).off("SIGTERM", end);
  return code === 0;
}
