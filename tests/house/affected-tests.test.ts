// Which tests `pnpm test --changed` finds: all that a change can reach, everything where that cannot be told, and not the rest.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { affectedTests, type Repository } from "../../lab/testing/affected-tests.ts";
import { changedSince, NoChangesKnown, readRepository } from "../../lab/testing/changed-files.ts";
import { longest } from "../../lab/testing/order.ts";

const run = promisify(execFile);

/** Each test here reaches the rest of it in a way of its own. */
const sources = {
  "dispatch/a.ts": "export const a = 1;",
  "dispatch/b.ts": 'import { a } from "./a.ts";',
  "dispatch/shape.ts": 'import type { A } from "./a.ts";',
  "dispatch/c.ts": 'export { b } from "./b.ts";',
  "dispatch/thread.ts": "",
  "dispatch/run.ts": 'new Worker(new URL("./thread.ts", import.meta.url));',
  "dispatch/list.ts": 'export const page = "ops/pages/one.md";',
  "lab/begin.ts": "",
  "lab/shell.ts": 'const text = `exec "${join(root, "lab/begin.ts")}" "$@"`;',
  "scripts/tell.ts": 'import "../dispatch/c.ts";',
  "scripts/show.ts": "",
  "ops/pages/one.md": "```sh run\npnpm -s dispatch:show --all\n```\n\nNot run: `pnpm dispatch:tell`.",
  "ops/pages/two.md": "",
  "README.md": "",
  "plugin/README.md": "",
  "tests/a.test.ts": 'import { a } from "../dispatch/a.ts";',
  "tests/shape.test.ts": 'import { shape } from "../dispatch/shape.ts";\nexport type { A } from "../dispatch/a.ts";',
  "tests/c.test.ts": 'import { c } from "../dispatch/c.ts";',
  "tests/thread.test.ts": 'const { run } = await import("../dispatch/run.ts");',
  "tests/path.test.ts": 'spawn(join(root, "scripts/tell.ts"));',
  "tests/support/commands.ts": 'const scripts = join(import.meta.dirname, "../../scripts");',
  "tests/name.test.ts": 'import { run } from "./support/commands.ts"; run("tell.ts");',
  "tests/template.test.ts": "spawn(`${root}/scripts/tell.ts`);",
  "tests/shell.test.ts": 'import "../lab/shell.ts";',
  "tests/pages.test.ts": 'const folder = join(import.meta.dirname, "../ops/pages"); glob("*.md", { cwd: folder });',
  "tests/top.test.ts": 'glob("*.md", { cwd: root }); page("plugin/README.md");',
  "tests/list.test.ts": 'import "../dispatch/list.ts";',
  "tests/commands.test.ts": 'readFile("package.json"); for (const name in manifest.scripts) try(name);',
  "tests/tracked.test.ts": 'git("ls-files");',
  "tests/alone.test.ts": 'resolve(here, "..", "../..");',
  "tests/support/global-setup.ts": 'import "./server.ts";',
  "tests/support/server.ts": "",
};
const scripts = { "dispatch:tell": "node scripts/tell.ts --loud", "dispatch:show": "node scripts/show.ts" };
const small: Repository = { sources: new Map(Object.entries(sources)), scripts };

/** Without the one that reads all there is. */
function seeing(...changed: readonly string[]): string[] {
  const { tests: all, everything } = affectedTests(small, changed);
  assert.equal(everything, undefined);
  assert.ok(all.includes("tests/tracked.test.ts"));
  return all.filter((path) => path !== "tests/tracked.test.ts").map((path) => path.slice("tests/".length));
}

describe("a change is seen", () => {
  const through: readonly (readonly [how: string, changed: string, tests: readonly string[]])[] = [
    ["through imports, by the nearest first", "dispatch/b.ts", ["c.test.ts", "path.test.ts", "name.test.ts"]],
    ["in a test itself", "tests/alone.test.ts", ["alone.test.ts"]],
    ["in a thread", "dispatch/thread.ts", ["thread.test.ts"]],
    ["in a program that a template names", "lab/begin.ts", ["shell.test.ts"]],
    ["in what tests share", "tests/support/commands.ts", ["name.test.ts"]],
    ["in a page of a folder that is read", "ops/pages/two.md", ["pages.test.ts"]],
    ["in a command that a page has run", "scripts/show.ts", ["pages.test.ts", "commands.test.ts"]],
    ["in a page that is named, and not by those that only tell its name", "ops/pages/one.md", ["pages.test.ts"]],
    ["in a page of the root", "README.md", ["top.test.ts"]],
    ["in another page of that name", "plugin/README.md", ["top.test.ts"]],
  ];
  for (const [how, changed, tests] of through)
    test(how, () => {
      const seen = seeing(changed);
      assert.deepEqual(
        tests.filter((path) => !seen.includes(path)),
        [],
      );
      assert.deepEqual(
        seen.filter((path) => !tests.includes(path) && !["template.test.ts", "commands.test.ts"].includes(path)),
        [],
      );
    });

  test("by those who start a program by its path, by its name alone, in a template, or by what package.json says", () => {
    assert.deepEqual(seeing("scripts/tell.ts").toSorted(), [
      "commands.test.ts",
      "name.test.ts",
      "path.test.ts",
      "template.test.ts",
    ]);
  });

  test("by those who are fewer steps away first", () => {
    assert.deepEqual(seeing("dispatch/a.ts").slice(0, 2), ["a.test.ts", "c.test.ts"]);
  });

  test("and not through a type, which tsc looks at", () => {
    assert.ok(!seeing("dispatch/a.ts").includes("shape.test.ts"));
    assert.deepEqual(seeing("dispatch/shape.ts"), ["shape.test.ts"]);
  });

  test("by those who still import what was removed", () => {
    const left = new Map(small.sources);
    left.delete("dispatch/a.ts");
    const affected = affectedTests({ sources: left, scripts }, ["dispatch/a.ts"]);
    assert.ok(affected.tests.includes("tests/c.test.ts"));
  });

  test("by nobody where there is none", () => {
    assert.deepEqual(affectedTests(small, []), { tests: [], changed: 0 });
  });
});

describe("a change means everything", () => {
  for (const path of [
    "package.json",
    "pnpm-lock.yaml",
    "tsconfig.json",
    "dispatch/db/migrations/0001_core.sql",
    "dispatch/policy/profiles/pilot.json",
    "Dockerfile",
  ])
    test(`in ${path}, and says so`, () => {
      const { tests, changed, everything } = affectedTests(small, ["dispatch/a.ts", path]);
      assert.equal(everything, `what ${path} bears on cannot be traced`);
      assert.deepEqual(new Set(tests), new Set(Object.keys(sources).filter((name) => name.endsWith(".test.ts"))));
      assert.deepEqual([tests[0], changed], ["tests/a.test.ts", 0], "the nearest to what can be traced");
    });

  test("in what starts the tests, and in what the server they share is made with", () => {
    for (const path of ["scripts/test.ts", "tests/support/run-files.ts", "tests/support/server.ts"])
      assert.ok(affectedTests(small, [path]).everything !== undefined, path);
  });
});

describe("in this repository", async () => {
  const repository = await readRepository().catch((error: unknown) => {
    if (error instanceof NoChangesKnown) return null;
    throw error;
  });
  const skip = repository === null ? "this is no checkout of git" : false;
  const seen = (changed: string): readonly string[] => {
    const { tests, everything } = affectedTests(repository ?? small, [changed]);
    assert.equal(everything, undefined);
    return tests;
  };

  test("the API's program is seen by those who spawn it", { skip }, () => {
    const tests = seen("dispatch/api/main.ts");
    for (const path of ["resilience/crash", "hostile/contract", "stack/life", "ops/runbook-commands", "api/process"])
      assert.ok(tests.includes(`tests/${path}.test.ts`), path);
  });

  test("a file of the plugin is seen by the gateway's tests, and not by the planner's", { skip }, () => {
    const tests = seen("plugin/src/token.ts");
    for (const path of ["plugin/signing", "plugin/bundle", "gateway/gateway", "gateway/tarball"])
      assert.ok(tests.includes(`tests/${path}.test.ts`), path);
    assert.ok(!tests.some((path) => path.startsWith("tests/planner/")));
  });

  test("the plugin's manifest is seen by those who pack and load it", { skip }, () => {
    const tests = seen("plugin/openclaw.plugin.json");
    for (const path of ["plugin/bundle", "gateway/gateway", "gateway/tarball"])
      assert.ok(tests.includes(`tests/${path}.test.ts`), path);
  });

  test("a test alone is seen by itself, and by those of the house that read every source", { skip }, () => {
    const beside = seen("tests/planner/solve.test.ts").filter((path) => !path.startsWith("tests/house/"));
    assert.deepEqual(beside, ["tests/planner/solve.test.ts"]);
  });

  test("those that are begun first are there", { skip }, () => {
    for (const path of longest) assert.ok(repository?.sources.has(path), path);
  });
});

describe("git", () => {
  test("tells what differs, what is untracked and what is gone, and not what is ignored", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "dispatch-changed-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const git = (...args: readonly string[]) =>
      run(
        "git",
        ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false", ...args],
        { cwd: folder },
      );
    const commit = async () => {
      await git("add", "-A");
      await git("commit", "-q", "-m", "one");
    };
    const write = (name: string, text: string) => writeFile(join(folder, name), text);
    await git("init", "-q", "-b", "main");
    for (const name of ["kept.ts", "edited.ts", "removed.ts", "renamed.ts"]) await write(name, name);
    await write(".gitignore", "*.log\n");
    await commit();
    await git("checkout", "-q", "-b", "branch");
    await write("edited.ts", "committed");
    await commit();
    await rm(join(folder, "removed.ts"));
    await git("mv", "renamed.ts", "new name.ts");
    await write("untracked.ts", "");
    await write("noise.log", "");
    const now = ["new name.ts", "removed.ts", "renamed.ts", "untracked.ts"];
    assert.deepEqual(await changedSince("HEAD", folder), now);
    assert.deepEqual(await changedSince("main", folder), ["edited.ts", ...now]);
    await git("checkout", "-q", "-f", "main");
    await write("kept.ts", "later, by somebody else");
    await commit();
    await git("checkout", "-q", "branch");
    assert.deepEqual(await changedSince("main", folder), ["edited.ts"], "what somebody else did since is not ours");
    await assert.rejects(changedSince("no-such-branch", folder), NoChangesKnown);
  });
});

describe("pnpm test", () => {
  for (const [why, ...args] of [
    ["--base goes with --changed", "--base", "HEAD"],
    ["--within goes with --changed", "--within", "10"],
    ['--within takes a number of seconds or "all", not soon', "--changed", "--within", "soon"],
    ["--rest is what an earlier --changed has left", "--changed", "--rest"],
    ["--rest chooses the files itself", "--rest", "tests/house/imports.test.ts"],
    ["--changed chooses the files itself", "--changed", "tests/house/imports.test.ts"],
    ["Unknown option '--no-such-option'", "--no-such-option"],
  ] as const)
    test(`refuses ${args.join(" ")}`, async () => {
      const script = join(import.meta.dirname, "../../scripts/test.ts");
      await assert.rejects(
        run(process.execPath, [script, ...args]),
        (error: Error & { code?: number; stderr?: string }) => {
          assert.equal(error.code, 2);
          assert.ok(error.stderr?.startsWith(why) && error.stderr.includes("Usage: pnpm test"), error.stderr);
          return true;
        },
      );
    });
});
