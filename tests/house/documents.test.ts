// What the documents say can be done can be done: every command they name exists, every link leads somewhere, and the
// source holds no trace of the machine it was written on.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, constants, glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { mostInGroup, slowMs, worthALane } from "../../dispatch/kernel/command-groups.ts";
import { announceEveryMs } from "../../dispatch/kernel/outbox.ts";
import { mostKeys } from "../../dispatch/kernel/recent-answers.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const manifest: { scripts: Record<string, string>; packageManager: string } = JSON.parse(
  await readFile(join(root, "package.json"), "utf8"),
);

const documents: string[] = [];
for await (const file of glob(["*.md", "docs/**/*.md", "ops/**/*.md", "plugin/*.md", "findings/*.md"], { cwd: root }))
  documents.push(file);

const textOf = (file: string): Promise<string> => readFile(join(root, file), "utf8");

describe("documents", () => {
  for (const file of documents) {
    test(`${file} names only commands that package.json has`, async () => {
      const text = await textOf(file);
      for (const [, name = ""] of text.matchAll(
        /pnpm(?:@[\d.]+)? (?:run )?(dispatch:[a-z:]+|generate|test|types|lint|format|plugin:build)\b/g,
      )) {
        assert.ok(manifest.scripts[name], `pnpm ${name}`);
      }
    });

    test(`${file} links only to what is there`, async () => {
      const text = await textOf(file);
      for (const [, target = ""] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^https?:/.test(target)) continue;
        await access(join(root, dirname(file), target));
      }
    });
  }

  for (const file of documents) {
    test(`${file} names only files that are there`, async () => {
      const text = await textOf(file);
      for (const [, path = ""] of text.matchAll(/`((?:dispatch|scripts|lab|plugin|tests|ops|docs)\/[\w./-]+)`/g)) {
        // Made where it is needed, and in no checkout.
        if (path.startsWith("plugin/dist/")) continue;
        await access(join(root, path));
      }
    });
  }

  test("ARCHITECTURE.md's figures of the pipeline are the pipeline's own", async () => {
    const text = (await textOf("ARCHITECTURE.md")).replaceAll(/\s+/g, " ");
    for (const claim of [
      `share a transaction** when they wait at the same moment: up to ${mostInGroup},`,
      `as soon as ${worthALane} of them wait`,
      `keeps nobody waiting after ${slowMs} ms`,
      `memory of ${mostKeys.toLocaleString("en-US")} keys`,
      `at most one every ${announceEveryMs} ms`,
    ])
      assert.ok(text.includes(claim), claim);
  });

  test("README's two commands use the pinned pnpm", async () => {
    const commands = [...(await textOf("README.md")).matchAll(/npx --yes (pnpm@[\d.]+) (\S+)/g)];
    assert.ok(
      commands.some(([, , name]) => name === "dispatch:demo") && commands.some(([, , name]) => name === "test"),
    );
    for (const [, pinned] of commands) assert.equal(pinned, manifest.packageManager);
  });
});

describe("commands", () => {
  // The one takes names of files, the other OpenClaw's own options.
  const takesAnything = ["scripts/test.ts", "scripts/openclaw.ts"];
  const ownFrame = (script: string): boolean => takesAnything.includes(script) || !script.startsWith("scripts/");
  const commands = Object.entries(manifest.scripts).flatMap(([name, line]) => {
    const [program, ...words] = line.split(" ");
    // Before the script stand options of node's own.
    const [script, ...args] = words.slice(words.findIndex((word) => !word.startsWith("--")));
    return program === "node" && script !== undefined ? [{ name, script, args }] : [];
  });

  for (const { name, script, args } of commands) {
    // The frame of all others is one function, which a command calls as soon as it is imported: in this process they share
    // what they import, 2.5 s of CPU where a process for each took 7.5. That a process ends with its code is shown below.
    const given = ownFrame(script) ? inProcess : imported;
    if (!takesAnything.includes(script))
      test(`pnpm ${name} refuses an option it does not know, and explains itself`, async (t) => {
        const { code, stdout, stderr } = await given(t, script, [...args, "--no-such-option"]);
        assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
        assert.match(stderr, /^Unknown option '--no-such-option'[^]*\n\n[^]*Usage: /);
      });
    test(`pnpm ${name} has --help`, async (t) => {
      const { code, stdout, stderr } = await given(t, script, [...args, "--help"]);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /Usage: /);
    });
  }

  test("as processes end with the code their frame sets, and write where it does", async (t) => {
    for (const [option, expected] of [
      ["--no-such-option", 2],
      ["--help", 0],
    ] as const) {
      const { code, stdout, stderr } = await inProcess(t, "scripts/migrate.ts", [option]);
      assert.equal(code, expected);
      assert.deepEqual({ code, stdout, stderr }, await imported(t, "scripts/migrate.ts", [option]));
    }
  });
});

type Said = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function inProcess(_t: TestContext, script: string, args: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, script), ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

let imports = 0;

/** Evaluates a script in this process, with arguments as if node had been started with them. */
async function imported(t: TestContext, script: string, args: readonly string[]): Promise<Said> {
  const said = { out: "", error: "" };
  const out = t.mock.method(console, "log", (text: string) => void (said.out += `${text}\n`));
  const error = t.mock.method(console, "error", (text: string) => void (said.error += `${text}\n`));
  const { argv } = process;
  const file = join(root, script);
  process.argv = [process.execPath, file, ...args];
  try {
    // A module is evaluated once for each address; what it imports is shared.
    await import(`${pathToFileURL(file).href}?${++imports}`);
    return { code: Number(process.exitCode ?? 0), stdout: said.out, stderr: said.error };
  } finally {
    process.exitCode = undefined;
    process.argv = argv;
    out.mock.restore();
    error.mock.restore();
  }
}

test("each finding is a script that bash can read, and has its row in the findings' table", async () => {
  const folder = join(root, "findings");
  const rows = [...(await textOf("findings/README.md")).matchAll(/^\| \[([^\]]+\.sh)\]/gm)].map(
    ([, name = ""]) => name,
  );
  const scripts = await Array.fromAsync(glob("*.sh", { cwd: folder }));
  assert.deepEqual(rows.toSorted(), scripts.toSorted());
  for (const script of scripts) {
    await access(join(folder, script), constants.X_OK);
    await run("bash", ["-n", join(folder, script)]);
  }
});

test("no tracked file holds a path of the machine it was made on", async () => {
  const { stdout } = await run("git", ["ls-files"], { cwd: root }).catch(() => ({ stdout: "" }));
  const parts = ["work", "farm", "root", "home/[a-z]"].map((name) => `/${name}/`).join("|");
  const machinePath = new RegExp(`(^|[^A-Za-z0-9._\\-{}])(${parts})`);
  for (const file of stdout
    .split("\n")
    .filter((name) => /\.(ts|json|sql|sh|md|yaml|yml)$/.test(name) && name !== "pnpm-lock.yaml")) {
    const text = await textOf(file).catch(() => "");
    const at = text.split("\n").findIndex((line) => machinePath.test(line));
    assert.equal(at, -1, `${file}:${at + 1}`);
  }
});
