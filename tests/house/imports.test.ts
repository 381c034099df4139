// The house's imports run one way; this reads them and says who reached past their neighbours.

import assert from "node:assert/strict";
import { test } from "node:test";
import { importsOf, sourceFiles, targetOf, textOf } from "./sources.ts";

/** What each room may import beside itself. Packages and node's own modules are not rooms. */
const low = ["dispatch/contract", "dispatch/db", "dispatch/storage", "dispatch/policy", "dispatch/travel"] as const;
const desk = [...low, "dispatch/kernel", "dispatch/process/settings.ts", "dispatch/ticket"] as const;
const field = [...desk, "dispatch/workforce", "dispatch/planning", "dispatch/directory", "dispatch/money"] as const;
const running = [
  ...field,
  "dispatch/field",
  "dispatch/tasks",
  "dispatch/rooms",
  "dispatch/approval-requests",
  "dispatch/process",
  "dispatch/webhooks",
  "dispatch/nats",
  "dispatch/transparency",
  "dispatch/aggregates.ts",
  "dispatch/handlers.ts",
] as const;
const mayImport: Record<string, readonly string[]> = {
  "dispatch/schema": [],
  "dispatch/contract": ["dispatch/schema"],
  "dispatch/db": [],
  "dispatch/storage": [],
  "dispatch/travel": [],
  "dispatch/planner": ["dispatch/schema"],
  "dispatch/policy": ["dispatch/schema", "dispatch/contract"],
  "dispatch/kernel": [...low, "dispatch/process/settings.ts"],
  "dispatch/aggregates.ts": [
    "dispatch/kernel",
    "dispatch/ticket",
    "dispatch/workforce",
    "dispatch/directory",
    "dispatch/field",
    "dispatch/tasks",
    "dispatch/rooms",
    "dispatch/approval-requests",
  ],
  "dispatch/handlers.ts": [
    ...field,
    "dispatch/field",
    "dispatch/tasks",
    "dispatch/rooms",
    "dispatch/approval-requests",
    "dispatch/aggregates.ts",
  ],
  "dispatch/process": [...low, "dispatch/kernel"],
  "dispatch/ticket": [...low, "dispatch/kernel"],
  "dispatch/webhooks": ["dispatch/db", "dispatch/kernel"],
  "dispatch/nats": ["dispatch/db", "dispatch/kernel"],
  "dispatch/transparency": ["dispatch/db", "dispatch/storage", "dispatch/kernel", "dispatch/webhooks"],
  "dispatch/workforce": desk,
  "dispatch/money": ["dispatch/contract"],
  "dispatch/planning": [...desk, "dispatch/workforce", "dispatch/planner"],
  "dispatch/directory": [...desk, "dispatch/workforce"],
  "dispatch/field": field,
  // A program of its own that speaks to the desk as any agent would: over HTTP.
  "dispatch/agent": ["dispatch/contract", "dispatch/process"],
  "dispatch/tasks": [...desk, "dispatch/workforce"],
  "dispatch/rooms": [...desk, "dispatch/workforce", "dispatch/tasks", "dispatch/webhooks"],
  "dispatch/approval-requests": desk,
  "dispatch/api": running,
  "dispatch/worker": running,
  "dispatch/ops": [...running, "dispatch/api", "dispatch/planner", "dispatch/agent"],
  plugin: ["dispatch/schema", "dispatch/contract"],
  ops: ["dispatch/api"],
  lab: ["dispatch", "plugin", "ops"],
  scripts: ["dispatch", "plugin", "ops", "lab"],
  tests: ["dispatch", "plugin", "ops", "lab", "scripts"],
};

const roomOf = (path: string): string =>
  path.startsWith("dispatch/") ? path.split("/").slice(0, 2).join("/") : (path.split("/")[0] ?? "");

const files = await sourceFiles();

test("every file imports only from rooms its own room may use", async () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const file of files) {
    const room = roomOf(file);
    const allowed = mayImport[room];
    assert.ok(allowed, `${file} lies in a room this test does not know: ${room}`);
    for (const specifier of await importsOf(file)) {
      const target = targetOf(file, specifier);
      if (!target?.endsWith(".ts")) continue;
      seen++;
      if (roomOf(target) !== room && !allowed.some((one) => target === one || target.startsWith(`${one}/`)))
        wrong.push(`${file} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 100, `only ${seen} imports were found; the reading is broken`);
});

test("of the API only what speaks with agents knows their tasks", async () => {
  const knowing: string[] = [];
  for (const file of files.filter((one) => one.startsWith("dispatch/api/"))) {
    const targets = (await importsOf(file)).map((specifier) => targetOf(file, specifier));
    if (targets.some((target) => target?.startsWith("dispatch/tasks/"))) knowing.push(file);
  }
  assert.ok(knowing.length > 0);
  assert.deepEqual(
    knowing.filter((file) => !file.startsWith("dispatch/api/agent-")),
    [],
  );
});

test("the rooms of that list are the folders there are", () => {
  assert.deepEqual([...new Set(files.map(roomOf))].toSorted(), Object.keys(mayImport).toSorted());
  const arrows = Object.values(mayImport).flat();
  assert.deepEqual(
    arrows.filter((arrow) => !files.some((file) => file === arrow || file.startsWith(`${arrow}/`))),
    [],
  );
});

test("the contract and the planner use no package, their schemas one's types, of node its hashes and the planner's thread", async () => {
  const threaded = ["dispatch/planner/run-planner.ts", "dispatch/planner/planner-thread.ts"];
  const pure = files.filter((file) => /^dispatch\/(contract|planner|schema)\//.test(file));
  for (const room of ["contract", "planner", "schema"])
    assert.ok(
      pure.some((file) => file.startsWith(`dispatch/${room}/`)),
      room,
    );
  for (const file of pure) {
    const packages = (await importsOf(file)).filter((specifier) => !specifier.startsWith("."));
    const allowed = [
      "node:crypto",
      ...(file.startsWith("dispatch/schema/") ? ["typebox"] : []),
      ...(threaded.includes(file) ? ["node:worker_threads"] : []),
    ];
    assert.deepEqual(
      packages.filter((name) => !allowed.includes(name)),
      [],
      file,
    );
  }
});

test("scripts are entry points of a few lines", async () => {
  // The test runner and the bench of speed are programs of their own.
  const programs = ["scripts/test.ts", "scripts/bench.ts"];
  for (const file of files.filter((one) => one.startsWith("scripts/") && !programs.includes(one)))
    assert.ok((await textOf(file)).split("\n").length <= 12, `${file} is more than an entry point`);
});
