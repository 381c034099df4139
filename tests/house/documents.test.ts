// What the documents say can be done can be done: every command they name exists, every link leads somewhere, and the
// source holds no trace of the machine it was written on.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const manifest: { scripts: Record<string, string>; packageManager: string } = JSON.parse(
  await readFile(join(root, "package.json"), "utf8"),
);

const documents: string[] = [];
for await (const file of glob(["*.md", "docs/**/*.md", "ops/**/*.md", "plugin/*.md"], { cwd: root }))
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

  test("README's two commands use the pinned pnpm", async () => {
    const commands = [...(await textOf("README.md")).matchAll(/npx --yes (pnpm@[\d.]+) (\S+)/g)];
    assert.ok(
      commands.some(([, , name]) => name === "dispatch:demo") && commands.some(([, , name]) => name === "test"),
    );
    for (const [, pinned] of commands) assert.equal(pinned, manifest.packageManager);
  });
});

describe("commands", async () => {
  for (const [name, line] of Object.entries(manifest.scripts)) {
    const [program, script] = line.split(" ");
    if (program !== "node" || script === undefined) continue;
    // The one takes names of files, the other OpenClaw's own options.
    const takesAnything = script === "scripts/test.ts" || script === "scripts/openclaw.ts";
    if (!takesAnything)
      test(`pnpm ${name} refuses an option it does not know, and explains itself`, async () => {
        const wrong: unknown = await run(process.execPath, [join(root, script), "--no-such-option"]).catch(
          (error: unknown) => error,
        );
        assert.ok(
          wrong instanceof Error && "code" in wrong && wrong.code === 2 && "stderr" in wrong,
          `${name} --no-such-option`,
        );
        assert.match(String(wrong.stderr), /^Unknown option '--no-such-option'[^]*\n\n[^]*Usage: /);
      });
    // Most have it from the same frame, which printed it just now: one of them is enough.
    if (takesAnything || script === "scripts/migrate.ts" || !script.startsWith("scripts/"))
      test(`pnpm ${name} has --help`, async () => {
        const { stdout } = await run(process.execPath, [join(root, script), "--help"]);
        assert.match(stdout, /Usage: /);
      });
  }
});

test("no tracked file holds a path of the machine it was made on", async () => {
  const { stdout } = await run("git", ["ls-files"], { cwd: root }).catch(() => ({ stdout: "" }));
  const parts = ["work", "farm", "root", "home/[a-z]"].map((name) => `/${name}/`).join("|");
  const machinePath = new RegExp(`(^|[^A-Za-z0-9._\\-{}])(${parts})`);
  for (const file of stdout
    .split("\n")
    .filter((name) => /\.(ts|json|sql|md|yaml|yml)$/.test(name) && name !== "pnpm-lock.yaml")) {
    const text = await textOf(file).catch(() => "");
    const at = text.split("\n").findIndex((line) => machinePath.test(line));
    assert.equal(at, -1, `${file}:${at + 1}`);
  }
});
