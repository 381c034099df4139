// The house's imports run one way; this reads them and says who reached past their neighbours.

import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");

/** What each room may import beside itself. Packages and node's own modules are not rooms. */
const mayImport: Record<string, readonly string[]> = {
  "dispatch/contract": [],
  "dispatch/policy": ["dispatch/contract"],
  "dispatch/storage": [],
  "dispatch/travel": [],
  "dispatch/scheduling": [],
  "dispatch/db": [],
  "dispatch/kernel": ["dispatch/contract", "dispatch/db", "dispatch/policy", "dispatch/storage", "dispatch/travel"],
  "dispatch/workforce": ["dispatch/contract", "dispatch/db", "dispatch/kernel", "dispatch/policy", "dispatch/travel"],
  "dispatch/planning": ["dispatch/contract", "dispatch/db", "dispatch/kernel", "dispatch/policy", "dispatch/scheduling", "dispatch/workforce"],
  "dispatch/field": [
    "dispatch/contract", "dispatch/db", "dispatch/kernel", "dispatch/planning", "dispatch/policy", "dispatch/storage", "dispatch/workforce",
  ],
  "dispatch/webhooks": ["dispatch/db", "dispatch/kernel"],
  "dispatch/api": [
    "dispatch/contract", "dispatch/db", "dispatch/field", "dispatch/kernel", "dispatch/policy", "dispatch/storage", "dispatch/webhooks",
  ],
  "dispatch/worker": [
    "dispatch/contract", "dispatch/db", "dispatch/field", "dispatch/kernel", "dispatch/planning", "dispatch/policy", "dispatch/storage", "dispatch/webhooks",
  ],
  plugin: ["dispatch/contract"],
};

const imported = /(?:^|\n)\s*(?:import|export)[^"'`;]*?from\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;

const roomOf = (path: string): string => (path.startsWith("dispatch/") ? path.split("/").slice(0, 2).join("/") : (path.split("/")[0] ?? ""));

async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(join(root, file), "utf8");
  return [...text.matchAll(imported)].map(([, from, dynamic]) => from ?? dynamic ?? "");
}

async function sources(): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob("{dispatch,plugin}/**/*.ts", { cwd: root, exclude: (name) => name === "node_modules" || name === "dist" })) files.push(file);
  return files;
}

test("every file imports only from rooms its own room may use", async () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const file of await sources()) {
    const room = roomOf(file);
    const allowed = mayImport[room];
    assert.ok(allowed, `${file} lies in a room this test does not know: ${room}`);
    for (const specifier of await importsOf(file)) {
      if (!/^\..*\.ts$/.test(specifier)) continue;
      seen++;
      const target = roomOf(normalize(join(dirname(file), specifier)));
      if (target !== room && !allowed.includes(target)) wrong.push(`${file} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 100, `only ${seen} imports were found; the reading is broken`);
});

test("the contract and the planner use no package but typebox, and of node only its hashes and the planner's thread", async () => {
  const threaded = ["dispatch/scheduling/run-planner.ts", "dispatch/scheduling/planner-thread.ts"];
  for (const file of await sources()) {
    if (!/^dispatch\/(contract|scheduling)\//.test(file)) continue;
    const packages = (await importsOf(file)).filter((specifier) => !specifier.startsWith("."));
    const allowed = ["typebox", "node:crypto", ...(threaded.includes(file) ? ["node:worker_threads"] : [])];
    assert.deepEqual(packages.filter((name) => !allowed.includes(name)), [], file);
  }
});
