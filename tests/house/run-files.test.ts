// How test files are run when there is an end to the time: what is begun, what is left, and what that says of the change.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { longestFirst } from "../../lab/testing/order.ts";
import { recall, remember, secondsOf } from "../../lab/testing/remembered.ts";
import { groupsOf, mayShareProcess } from "../../lab/testing/shared-process.ts";
import { takeNext } from "../../lab/testing/take-next.ts";
import { serverUrlVariable } from "../support/database.ts";
import { lastTestOf as last } from "../support/last-test.ts";

const program = join(import.meta.dirname, "../support/run-files.ts");
const groupRunner = new URL("../support/run-group.ts", import.meta.url).href;

describe("the next file", () => {
  const seconds: Record<string, number> = { a: 5, long: 60, b: 10, c: 2 };
  const limits = { surely: 0, until: 20_000, secondsOf: (file: string) => seconds[file] ?? 0 };
  const begunAt = (...times: readonly number[]) => {
    const waiting = ["a", "long", "b", "c"];
    const begun = times.map((now) => takeNext(waiting, 4 - waiting.length, limits, now));
    return { begun, waiting };
  };

  test("is the nearest that will have ended in time; a long one stands aside", () => {
    assert.deepEqual(begunAt(0, 0, 0), { begun: ["a", "b", "c"], waiting: ["long"] });
    assert.deepEqual(begunAt(12_000, 12_000), { begun: ["a", "c"], waiting: ["long", "b"] });
    assert.deepEqual(begunAt(18_000, 18_001), { begun: ["c", undefined], waiting: ["a", "long", "b"] });
  });

  test("is one of those that are run in any case, however late it is", () => {
    const waiting = ["a", "long", "b"];
    const sure = { ...limits, surely: 2 };
    assert.equal(takeNext(waiting, 0, sure, 99_000), "a");
    assert.equal(takeNext(waiting, 1, sure, 99_000), "long");
    assert.equal(takeNext(waiting, 2, sure, 99_000), undefined);
  });

  test("is the next in order where there is no end", () => {
    const waiting = ["long", "a"];
    assert.equal(takeNext(waiting, 0, { ...limits, until: Infinity }, 0), "long");
  });
});

test("what is remembered is the last of each, and a guess where there is nothing", async (t) => {
  const file = join(await folderOf(t), "new", "remembered.json");
  assert.deepEqual(await recall(file), { seconds: {}, left: [] });
  await remember({ seconds: { a: 1, b: 2 }, left: ["c"] }, file);
  await remember({ seconds: { b: 3 } }, file);
  const known = await recall(file);
  assert.deepEqual(known, { seconds: { a: 1, b: 3 }, left: ["c"] });
  assert.deepEqual(
    ["b", "d", "tests/hostile/e.test.ts", "tests/stack/life.test.ts"].map(secondsOf(known)),
    [3, 10, 30, 90],
  );
});

test("the longest are begun first: as they took last, or as is guessed where that is not known", () => {
  const [guessed = "", known] = ["tests/stack/life.test.ts", "tests/a.test.ts"];
  const seconds: Record<string, number> = { "tests/a.test.ts": 91, "tests/b.test.ts": 5, "tests/c.test.ts": 5 };
  const files = ["tests/c.test.ts", guessed, "tests/b.test.ts", "tests/a.test.ts"];
  assert.deepEqual(longestFirst(files, secondsOf({ seconds, left: [] })), [
    known,
    guessed,
    "tests/b.test.ts",
    "tests/c.test.ts",
  ]);
});

describe("files in one process", () => {
  test("are those whose folder and source say that they leave it as it was", () => {
    const inField = (source: string) => mayShareProcess("tests/field/one.test.ts", source);
    assert.ok(inField('test("a", async () => { const api = await startTestApi(); after(() => api.stop()); });'));
    for (const source of [
      'import { spawn } from "node:child_process";',
      "const worker = await startWorkerProcess(t, api);",
      't.mock.timers.enable({ apis: ["Date"] });',
      't.mock.method(console, "log");',
      'process.once("SIGTERM", stop);',
      "process.exitCode = undefined;",
      'process.env["TZ"] = "UTC";',
      'test("a", () => {});\nafter(() => model.close());',
      "const stack = await StackCommands.make({ after }, {});",
      "const figures = await chaos({ folder, seconds: 10 });",
    ])
      assert.ok(!inField(source), source);
    for (const alone of ["tests/resilience/one.test.ts", "tests/plugin/trouble.test.ts"])
      assert.ok(!mayShareProcess(alone, ""), alone);
    assert.ok(mayShareProcess("tests/api/one.test.ts", 'await api.read("ticket.get", { ticket });'));
    assert.ok(!mayShareProcess("tests/api/one.test.ts", "const before = await openConnections(api);"));
    assert.ok(!mayShareProcess("tests/db/one.test.ts", "for (const one of declaredStatements()) check(one);"));
  });

  test("are neighbours, a dozen or less, and none is forgotten", () => {
    const shared = Array.from({ length: 26 }, (_, at) => `tests/field/${String.fromCharCode(97 + at)}.test.ts`);
    const groups = groupsOf(["tests/b", ...shared.toReversed(), "tests/a"], (file) => shared.includes(file));
    assert.deepEqual(groups, [["tests/b"], ["tests/a"], shared.slice(0, 9), shared.slice(9, 17), shared.slice(17)]);
    assert.deepEqual(
      groupsOf(["tests/a"], () => false),
      [["tests/a"]],
    );
  });

  test("are each told how they ended, and whether they left the process as it was", async (t) => {
    const { together, file, source } = await threeFiles(t);
    await source("leaves", ' sets a variable", () => { process.env["LEFT_BY_A_TEST"] = "1"; });');
    const { names, success, unfinished, timed } = await together(file("good"), file("leaves"), file("long"));
    assert.equal(success, false);
    assert.deepEqual(names, {
      passed: ["good holds", last(file("good")), "leaves sets a variable", "long holds", last(file("long"))],
      failed: [last(file("leaves"))],
    });
    assert.deepEqual(unfinished, []);
    assert.deepEqual(timed, [file("good"), file("leaves"), file("long")]);
  });

  test("are each named where the process ends before them, however it ends", async (t) => {
    const { together, file, source } = await threeFiles(t);
    await source("ends", ' ends it all", () => process.exit(0));');
    const { unfinished } = await together(file("good"), file("ends"), file("long"));
    // What came before may not have been told any more.
    assert.deepEqual(unfinished.slice(-2), [file("ends"), file("long")]);
  });
});

describe("a run", () => {
  test("begins what ends in time, says what has failed, and leaves the rest", async (t) => {
    const { run, file, folder } = await threeFiles(t);
    await remember({ seconds: { [file("long")]: 1_000 } }, join(folder, "remembered.json"));
    const ended = await run("--until", String(Date.now() + 120_000), file("good"), file("long"), file("bad"));
    assert.equal(ended.code, 1);
    for (const said of [/^✔ good holds/m, /^✖ bad does not/m, /^ℹ tests 2\n[^]*ℹ pass 1\nℹ fail 1\n/m])
      assert.match(ended.stdout, said);
    assert.doesNotMatch(ended.stdout, /long/);
    const { left, seconds } = await recall(join(folder, "remembered.json"));
    assert.deepEqual(left, [file("long")]);
    assert.deepEqual(Object.keys(seconds).toSorted(), [file("bad"), file("good"), file("long")]);
    assert.equal(seconds[file("long")], 1_000, "what did not run took no time");
  });

  test("is well when what was run is well, and runs the nearest whatever the time", async (t) => {
    const { run, file, folder } = await threeFiles(t);
    const ended = await run("--until", "0", file("good"), file("bad"));
    assert.equal(ended.code, 0, ended.stdout);
    assert.deepEqual((await recall(join(folder, "remembered.json"))).left, [file("bad")]);
  });

  test("gives what fails beside others another go alone, and names it, and what fails there too has failed", async (t) => {
    const { run, file, source, folder } = await threeFiles(t);
    const once = `
      if (!existsSync("${folder}/seen")) { writeFileSync("${folder}/seen", ""); throw new Error("too busy"); } });
      import { existsSync, writeFileSync } from "node:fs";`;
    await source("once", ` does not", () => { ${once}`);
    const first = await run("--again", file("once"), file("good"));
    assert.equal(first.code, 0, first.stdout);
    assert.match(
      first.stdout,
      /^ℹ unsteady, failed beside others and passed alone: once does not \(.*\): .*too busy$/m,
    );
    assert.match(first.stdout, /^✔ once does not[^]*ℹ tests 2\n[^]*ℹ pass 2\nℹ fail 0\n[^]*ℹ unsteady 1\n/m);
    const second = await run("--again", file("once"), file("bad"));
    assert.equal(second.code, 1);
    assert.match(second.stdout, /^✖ bad does not[^]*ℹ tests 2\n[^]*ℹ fail 1\n[^]*ℹ unsteady 0\n/m);
    await rm(join(folder, "seen"));
    assert.equal((await run(file("once"), file("good"))).code, 1, "without --again it has failed");
  });

  test("gives no other go to what failed by a seed: the next is another", async (t) => {
    const { run, file, source, folder } = await threeFiles(t);
    const once = `
      if (!existsSync("${folder}/seen")) { writeFileSync("${folder}/seen", ""); throw new Error("seed 806188"); } });
      import { existsSync, writeFileSync } from "node:fs";`;
    await source("drawn", ` does not", () => { ${once}`);
    const ended = await run("--again", file("drawn"), file("good"));
    assert.equal(ended.code, 1, ended.stdout);
    assert.match(ended.stdout, /^✖ drawn does not[^]*ℹ unsteady 0\n/m);
  });

  test("without an end leaves nothing, and does not forget what was left before", async (t) => {
    const { run, file, folder } = await threeFiles(t);
    await remember({ left: ["earlier"], seconds: { [file("long")]: 1_000 } }, join(folder, "remembered.json"));
    const ended = await run(file("long"), file("good"));
    assert.equal(ended.code, 0, ended.stdout);
    assert.match(ended.stdout, /ℹ tests 2\n/);
    assert.deepEqual((await recall(join(folder, "remembered.json"))).left, ["earlier"]);
  });
});

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-run-files-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function threeFiles(t: TestContext) {
  const folder = await folderOf(t);
  const file = (name: string) => join(folder, `${name}.test.mjs`);
  const source = (name: string, body: string) =>
    writeFile(file(name), `import { test } from "node:test"; test("${name}${body}`);
  await source("good", ' holds", () => {});');
  await source("long", ' holds", () => {});');
  await source("bad", ' does not", () => { throw new Error("as it should"); });');
  // On the server this test runs on, and as no part of the run it is in.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const run = async (...args: readonly string[]) => {
    const remembered = ["--remember", join(folder, "remembered.json")];
    const own = { ...env, DISPATCH_TEST_DATABASE_URL: env[serverUrlVariable] };
    return promisify(execFile)(process.execPath, [program, ...remembered, ...args], { env: own }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code?: number; stdout?: string }) => ({ code: error.code, stdout: error.stdout ?? "" }),
    );
  };
  /** The same files in one process. */
  const together = async (...files: readonly string[]) => {
    const script = `import { outcomeOf } from ${JSON.stringify(groupRunner)};
      const { said, seconds, summary, unfinished } = await outcomeOf(process.argv.slice(2), AbortSignal.timeout(120_000));
      const named = (type) => said.filter((one) => one.type === type && one.data.nesting === 0).map(({ data }) => data.name);
      const names = { passed: named("test:pass"), failed: named("test:fail") };
      console.log(JSON.stringify({ names, timed: Object.keys(seconds), success: summary.success, unfinished }));`;
    const path = join(folder, "together.mjs");
    await writeFile(path, script);
    const { stdout } = await promisify(execFile)(process.execPath, [path, ...files], { env });
    return JSON.parse(stdout);
  };
  return { run, together, file, source, folder };
}
