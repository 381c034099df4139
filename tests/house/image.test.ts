// The images hold what they run: all that can be reached by import from the programs that an image starts, or that an
// operator runs in one, lies in folders the image copies, and its packages are among those it installs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isObject } from "../../dispatch/kernel/json.ts";
import { readComposeFile, strings } from "../stack/compose-file.ts";
import { reachableFrom, textOf } from "./sources.ts";

const dockerfile = await textOf("Dockerfile");
const stages = new Map(dockerfile.split(/\n(?=FROM )/).map((text) => [/ AS (\S+)/.exec(text)?.[1] ?? "", text]));
const compose = await readComposeFile();
const manifest: { dependencies: Record<string, string> } = JSON.parse(await textOf("package.json"));

/** What an operator runs in a container or beside the services, and no file of ours names. */
const byHand = ["backup", "restore", "recover", "alerts", "webhooks", "audit-verify", "stack-up", "stack-down"]
  .concat(["stack-status", "stack-logs", "demo-stack", "plan"])
  .map((name) => `scripts/${name}.ts`);
/** Run in the container `prepare` by dispatch:demo:stack --compose. */
const prepared = ["scripts/bootstrap.ts"];

const stage = (name: string): string => stages.get(name) ?? assert.fail(`the Dockerfile has no stage ${name}`);

/** The folders of the repository that a stage copies, from where they are copied first. */
function copiedBy(name: string): string[] {
  return [...stage(name).matchAll(/^COPY (--from=(\S+) )?(\S+(?: \S+)*) \S+$/gm)].flatMap(
    ([, , from, sources = ""]) => {
      if (from === undefined) return sources.split(" ");
      return sources === "/app" ? copiedBy(from) : [];
    },
  );
}

/** The programs an image starts: in the compose file, in checks of health, in the Dockerfile itself. */
function startedIn(image: string): string[] {
  const lines = compose.services
    .filter((service) => service.image.startsWith(`${image}:`))
    .flatMap(({ command, all }) => [
      ...command,
      ...(isObject(all["healthcheck"]) ? strings(all["healthcheck"]["test"]) : []),
    ]);
  return [...new Set(lines.filter((word) => word.endsWith(".ts")))];
}

const programsOf = (text: string): string[] =>
  [...text.matchAll(/node"?,?(?: "?--\S+)* "?(\S+\.ts)/g)].map(([, file = ""]) => file);

const outside = (files: ReadonlySet<string>, folders: readonly string[]): string[] =>
  [...files].filter((file) => !folders.some((folder) => file === folder || file.startsWith(`${folder}/`)));

describe("the image dispatch", () => {
  const started = [...new Set([...startedIn("dispatch"), ...programsOf(stage("dispatch")), ...prepared])];
  const folders = copiedBy("dispatch");

  test("starts an API, a worker, its check, the migrations and the bootstrap", () => {
    assert.deepEqual(started.toSorted(), [
      "dispatch/api/main.ts",
      "dispatch/ops/stack/check-worker.ts",
      "dispatch/worker/main.ts",
      "scripts/bootstrap.ts",
      "scripts/migrate.ts",
    ]);
  });

  test("copies all they load, and installs every package", async () => {
    const { files, packages } = await reachableFrom(started);
    assert.ok(files.size > 100, `${files.size} files were found; the reading is broken`);
    assert.deepEqual(outside(files, folders), []);
    assert.deepEqual(
      [...packages].filter((name) => !Object.hasOwn(manifest.dependencies, name)),
      [],
    );
  });

  for (const program of byHand)
    test(`copies all that ${program} loads`, async () => {
      const { files } = await reachableFrom([program]);
      assert.ok(files.size > 10);
      assert.deepEqual(outside(files, folders), []);
    });

  test("holds no bench, no drill and no stand-in", async () => {
    assert.deepEqual(folders.toSorted(), ["dispatch", "package.json", "scripts"]);
    for (const bench of ["scripts/bench-slots.ts", "scripts/drill.ts"])
      assert.ok(outside((await reachableFrom([bench])).files, folders).length > 0, bench);
  });
});

describe("the image gateway", () => {
  test("copies all that is loaded where the plugin is built and the gateway is started", async () => {
    const folders = copiedBy("gateway");
    const started = [...startedIn("dispatch-gateway"), ...programsOf(stage("plugin")), ...programsOf(stage("gateway"))];
    assert.deepEqual([...new Set(started)].toSorted(), ["scripts/gateway.ts", "scripts/plugin-build.ts"]);
    const { files } = await reachableFrom(started);
    assert.deepEqual(outside(files, folders), []);
    assert.ok(folders.includes("plugin"));
  });
});
