// `pnpm dispatch:bench` beside another checkout, with a profile, and stopped: what it prints and leaves behind,
// whatever the figures are.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { objectsIn } from "../support/api.ts";

const root = join(import.meta.dirname, "../..");
const linux = process.platform === "linux";

type Outcome = { readonly code: unknown; readonly stdout: string; readonly stderr: string };

describe("dispatch:bench", () => {
  let folder = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dispatch-bench-test-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** @param interruptAt Ctrl-C once stderr has these words */
  async function bench(args: readonly string[], interruptAt?: string): Promise<Outcome> {
    const child = spawn(process.execPath, [join(root, "scripts/bench.ts"), ...args], {
      env: { ...bareEnvironment, HOME: process.env["HOME"] ?? "", TMPDIR: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr, interrupted] = ["", "", false];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (interrupted || interruptAt === undefined || !stderr.includes(interruptAt)) return;
      interrupted = true;
      child.kill("SIGINT");
    });
    const [code] = await once(child, "close");
    return { code, stdout, stderr };
  }

  const reportIn = (stdout: string): Record<string, unknown> => JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  const leftBehind = async () => (await readdir(folder)).filter((name) => name.startsWith("dispatch-bench-"));

  test("--against measures another checkout in turn with this one", async () => {
    const { code, stdout, stderr } = await bench([
      "--against",
      root,
      "--seconds",
      "0.1",
      "--concurrency",
      "4",
      "--rounds",
      "2",
      "--no-growth",
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /pair 1 of 2, this first[^]*pair 2 of 2, the other first/);
    const { against, pairs, rows, growth } = reportIn(stdout);
    assert.deepEqual([against, pairs, growth], [root, 2, []]);
    const measured = objectsIn(rows);
    const names = measured.map((row) => `${row["measured"]}, ${row["unit"]}`);
    for (const name of ["commands, /s", "command p99, ms", "exact replays, /s", "one client alone, command p50, ms"])
      assert.ok(names.includes(name), name);
    for (const unit of ["/s", "bytes"]) assert.ok(names.includes(`cockpit of 200 rows, actions=full, ${unit}`), unit);
    if (linux)
      for (const name of [
        "API's memory at rest, MiB",
        "CPU per command, API, ms",
        "CPU per cockpit read, Postgres, ms",
      ])
        assert.ok(names.includes(name), name);
    for (const row of measured) {
      assert.ok(Array.isArray(row["pairs"]) && row["pairs"].length === 2);
      // CPU is counted in hundredths of a second, of which a short run may use none.
      if (!String(row["measured"]).startsWith("CPU"))
        assert.ok(Number(row["this"]) > 0 && Number(row["other"]) > 0 && Number(row["ratio"]) > 0, JSON.stringify(row));
    }
    // The same code answers with the same queue.
    assert.equal(measured[names.indexOf("cockpit of 200 rows, actions=full, bytes")]?.["ratio"], 1);
    assert.deepEqual(await leftBehind(), []);
  });

  test("--profile shows functions of the API and the statements behind the commands", async () => {
    const profiles = join(folder, "profiles");
    const { code, stdout, stderr } = await bench(["--profile", profiles, "--seconds", "1"]);
    assert.equal(code, 0, stderr);
    const report = reportIn(stdout);
    assert.deepEqual(report["files"], await readdir(profiles));
    assert.ok(objectsIn(report["functions"]).some(({ name }) => /dispatch\/kernel\//.test(String(name))));
    const statements = objectsIn(report["statements"]);
    assert.ok(
      statements.some(({ text, sent }) => sent === true && String(text).startsWith("INSERT INTO audit_events ")),
    );
    const keys = statements.filter(({ text, sent }) => sent === false && String(text).endsWith("FOR KEY SHARE OF x"));
    assert.ok(keys.some(({ calls, run_ms }) => Number(calls) > 0 && Number(run_ms) > 0));
    assert.ok(Number(report["wal_bytes_per_command"]) > 0 && Number(report["flushes_per_command"]) > 0);
    // Where all wait for the processor they are less than a thousandth, and print as 0.0 %.
    assert.match(stdout, /of it looks of foreign keys +[\d.]+ %/);
    assert.deepEqual(await leftBehind(), []);
  });

  test("Ctrl-C ends everything it has started and removes its data", async () => {
    const { code, stdout, stderr } = await bench(["--seconds", "60"], "round 1 of 3: API");
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /stopping…\nstopped before the end\n$/);
    assert.deepEqual(await leftBehind(), []);
  });

  test("no time at all is refused", async () => {
    const { code, stderr } = await bench(["--seconds", "0"]);
    assert.equal(code, 1);
    assert.match(stderr, /^--seconds must be a number above 0 with at most three decimals, not 0\n$/);
  });

  describe("says in a sentence what it cannot run against:", () => {
    const refused = async (other: string) => {
      const { code, stderr } = await bench(["--against", other]);
      assert.equal(code, 1);
      return stderr;
    };

    test("a folder that is not there", async () =>
      assert.match(await refused(join(folder, "nowhere")), /^--against \S+: there is no such folder\. [^\n]+\n$/));

    test("a folder of something else", async () => {
      const other = join(folder, "else");
      await mkdir(other);
      assert.match(await refused(other), /^--against \S+: it has no package\.json of the name "dispatch"\. [^\n]+\n$/);
      await writeFile(join(other, "package.json"), '{"name": "something-else"}');
      assert.match(await refused(other), /: it has no package\.json of the name "dispatch"\. /);
    });

    test("a checkout without its packages", async () => {
      const other = join(folder, "bare");
      await mkdir(other);
      await writeFile(join(other, "package.json"), '{"name": "dispatch"}');
      assert.match(await refused(other), /^--against \S+: its packages are not installed\. Run `pnpm install[^\n]+\n$/);
    });
  });
});
