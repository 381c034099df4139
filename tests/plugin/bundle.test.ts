// The plugin as it is shipped: one file of code that needs nothing but node and the host, the licences of what it holds, a
// manifest equal to the contract, and a tarball with nothing else in it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { build } from "esbuild";
import { isObject } from "../../dispatch/kernel/json.ts";
import { builtPlugin } from "../../dispatch/ops/gateway/built-plugin.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

describe("the shipped plugin", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-bundle-"));
  after(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  /** Programs that keep files of their own keep them here. */
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    TMPDIR: folder,
    OPENCLAW_STATE_DIR: join(folder, "openclaw"),
    OPENCLAW_OFFLINE: "1",
    npm_config_cache: join(folder, "npm"),
  };

  test("its build says that the manifest is the contract's, and that the host takes it", async () => {
    const { stdout } = await run(process.execPath, [join(root, "scripts/plugin-build.ts"), "--check"], {
      cwd: root,
      env,
      maxBuffer: 16 * 1024 * 1024,
    });
    assert.match(stdout, /plugin\/dist\/index\.js: \d+ KiB/);
  });

  test("its code imports node's own modules, and the host's, and nothing else", async () => {
    const { metafile } = await build({
      entryPoints: [join(await builtPlugin(), "dist/index.js")],
      bundle: true,
      write: false,
      metafile: true,
      packages: "external",
      platform: "node",
      format: "esm",
      logLevel: "silent",
    });
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
    assert.ok(
      imports.includes("openclaw/plugin-sdk/plugin-entry") && imports.includes("node:crypto"),
      imports.join(" "),
    );
    assert.deepEqual(
      imports.filter((path) => !/^(node:|openclaw\/)/.test(path)),
      [],
    );
  });

  test("it carries the licences of what it took in", async () => {
    const licences = await readFile(join(await builtPlugin(), "dist/licences.txt"), "utf8");
    for (const name of ["jose", "typebox"]) assert.match(licences, new RegExp(`(^|\\n)${name}\\n\\n`));
    assert.equal(licences.match(/Copyright \(c\)/gi)?.length, 2);
    assert.equal(licences.match(/Permission is hereby granted/g)?.length, 2);
  });

  test("its tarball holds what the package lists, and no path of the machine it was made on", async () => {
    const { stdout } = await run(
      "npm",
      ["pack", "--json", "--offline", "--ignore-scripts", "--pack-destination", folder],
      { cwd: await builtPlugin(), env },
    );
    const [made]: unknown[] = JSON.parse(stdout);
    assert.ok(isObject(made) && Array.isArray(made["files"]));
    const files = made["files"].map((file: unknown) => (isObject(file) ? String(file["path"]) : "?"));
    assert.deepEqual(files.sort(), [
      "README.md",
      "dist/index.js",
      "dist/licences.txt",
      "openclaw.plugin.json",
      "package.json",
      "skills/dispatch-desk/SKILL.md",
    ]);
    const { stdout: contents } = await run("tar", ["-xzOf", join(folder, String(made["filename"]))], {
      maxBuffer: 64 * 1024 * 1024,
    });
    assert.ok(contents.length > 100_000, "the contents were read");
    for (const path of [root, homedir(), tmpdir()]) assert.ok(!contents.includes(`${path}/`), path);
    assert.doesNotMatch(contents, /file:\/\/\/|\/home\/|\/Users\/|(\.\.\/){2,}\w+\/node_modules/);
    assert.ok(userInfo().username === "root" || !contents.includes(userInfo().username));
  });
});
