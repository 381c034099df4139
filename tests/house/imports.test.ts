// The house's imports run one way; this reads them and says who reached past their neighbours.

import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");

/** What each room may import beside itself. Packages and node's own modules are not rooms. */
const low = ["dispatch/contract", "dispatch/db", "dispatch/storage", "dispatch/policy", "dispatch/travel"] as const;
const desk = [...low, "dispatch/kernel", "dispatch/process/settings.ts", "dispatch/ticket"] as const;
const field = [...desk, "dispatch/workforce", "dispatch/planning"] as const;
const running = [
  ...field,
  "dispatch/field",
  "dispatch/process",
  "dispatch/webhooks",
  "dispatch/aggregates.ts",
  "dispatch/handlers.ts",
] as const;
const mayImport: Record<string, readonly string[]> = {
  "dispatch/contract": [],
  "dispatch/db": [],
  "dispatch/storage": [],
  "dispatch/travel": [],
  "dispatch/planner": [],
  "dispatch/policy": ["dispatch/contract"],
  "dispatch/kernel": [...low, "dispatch/process/settings.ts"],
  "dispatch/aggregates.ts": ["dispatch/kernel", "dispatch/ticket"],
  "dispatch/handlers.ts": [...field, "dispatch/field", "dispatch/aggregates.ts"],
  "dispatch/process": [...low, "dispatch/kernel"],
  "dispatch/ticket": [...low, "dispatch/kernel"],
  "dispatch/webhooks": ["dispatch/db", "dispatch/kernel"],
  "dispatch/workforce": desk,
  "dispatch/planning": [...desk, "dispatch/workforce", "dispatch/planner"],
  "dispatch/field": field,
  "dispatch/api": running,
  "dispatch/worker": running,
  "dispatch/ops": [...running, "dispatch/api", "dispatch/planner"],
  plugin: ["dispatch/contract"],
  ops: ["dispatch/api"],
  lab: ["dispatch", "plugin", "ops"],
  scripts: ["dispatch", "plugin", "ops", "lab"],
};

const imported = /(?:^|\n)\s*(?:import|export)[^"'`;]*?from\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;

const roomOf = (path: string): string =>
  path.startsWith("dispatch/") ? path.split("/").slice(0, 2).join("/") : (path.split("/")[0] ?? "");

async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(join(root, file), "utf8");
  return [...text.matchAll(imported)].map(([, from, dynamic]) => from ?? dynamic ?? "");
}

async function sources(): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob("{dispatch,plugin,ops,lab,scripts}/**/*.ts", {
    cwd: root,
    exclude: (name) => name === "node_modules" || name === "dist",
  }))
    files.push(file);
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
      const target = normalize(join(dirname(file), specifier));
      if (roomOf(target) !== room && !allowed.some((one) => target === one || target.startsWith(`${one}/`)))
        wrong.push(`${file} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 100, `only ${seen} imports were found; the reading is broken`);
});

test("the contract and the planner use no package but typebox, and of node only its hashes and the planner's thread", async () => {
  const threaded = ["dispatch/planner/run-planner.ts", "dispatch/scheduling/planner-thread.ts"];
  for (const file of await sources()) {
    if (!/^dispatch\/(contract|scheduling)\//.test(file)) continue;
    const packages = (await importsOf(file)).filter((specifier) => !specifier.startsWith("."));
    const allowed = ["typebox", "node:crypto", ...(threaded.includes(file) ? ["node:worker_threads"] : [])];
    assert.deepEqual(
      packages.filter((name) => !allowed.includes(name)),
      [],
      file,
    );
  }
});
