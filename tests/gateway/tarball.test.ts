// The plugin as users get it: packed by npm, installed by OpenClaw's own command line into an empty state folder, and
// inspected with its code loaded.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import { chatName, toolEntries } from "../../dispatch/contract/index.ts";
import { builtPlugin } from "../../dispatch/ops/gateway/built-plugin.ts";
import { openclawEnvironment, openclawProgram } from "../../dispatch/ops/gateway/openclaw-program.ts";
import { makeStateFolder, writeConfiguration } from "../../dispatch/ops/gateway/state-folder.ts";

const run = promisify(execFile);

const listed = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The object a program printed, whatever it said before. */
function objectIn(text: string): JsonObject {
  const value: unknown = JSON.parse(text.slice(text.indexOf("{")));
  assert.ok(isObject(value), text);
  return value;
}

test("the tarball installs offline into an empty state folder and shows every tool without a diagnostic", async (t) => {
  const root = await realpath(await mkdtemp(join(tmpdir(), "dispatch-tarball-")));
  t.after(() => rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const folder = await makeStateFolder(root);
  const plugin = await builtPlugin();
  const nothing = { PATH: process.env["PATH"] ?? "", HOME: folder.home };
  const { stdout: packed } = await run(
    "npm",
    ["pack", "--json", "--offline", "--ignore-scripts", "--pack-destination", root],
    { cwd: plugin, env: nothing },
  );
  const [made] = listed(JSON.parse(packed));
  assert.ok(isObject(made));
  const files = listed(made["files"]).map((file) => (isObject(file) ? String(file["path"]) : "?"));
  assert.deepEqual(files.filter((path) => !/^(dist|skills)\//.test(path)).sort(), [
    "README.md",
    "openclaw.plugin.json",
    "package.json",
  ]);
  assert.ok(files.includes("dist/index.js") && files.includes("dist/licences.txt"), files.join(" "));

  await writeConfiguration(folder, {
    gateway: { mode: "local" },
    telemetry: { enabled: false },
    update: { checkOnStart: false },
    logging: { file: folder.log },
  });
  // Otherwise npm asks the registry about the host, which is linked in the end: minutes without a network.
  const environment = { ...openclawEnvironment(folder, { PATH: process.env["PATH"] }), npm_config_offline: "true" };
  const openclaw = (...args: string[]) =>
    run(process.execPath, [openclawProgram(), ...args], {
      env: environment,
      cwd: folder.workspace,
      maxBuffer: 64 * 1024 * 1024,
    });
  // Forced: the command line asks a person whether they trust a file of their own, and there is none here to say so.
  await openclaw(
    "plugins",
    "install",
    `npm-pack:${join(root, String(made["filename"]))}`,
    "--force",
    "--accept-capabilities",
  );
  const { stdout } = await openclaw("plugins", "inspect", "dispatch", "--runtime", "--json");
  const inspected = objectIn(stdout);

  const found = inspected["plugin"];
  assert.ok(isObject(found), stdout.slice(0, 2_000));
  assert.equal(found["status"], "loaded", stdout.slice(0, 2_000));
  assert.deepEqual(inspected["diagnostics"], []);
  const names = listed(inspected["tools"])
    .flatMap((tool) => (isObject(tool) ? listed(tool["names"]) : []))
    .map(String)
    .sort();
  assert.deepEqual(names, [...toolEntries.map(([name]) => chatName(name)), "dispatch_contract_status"].sort());
});
